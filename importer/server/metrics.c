#include "importer/server/metrics.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The statuses that are answered; what is none of them counts as the last, "other". */
static const unsigned statuses[] = { 200, 206, 302, 304, 400, 403, 404,
				     405, 412, 413, 416, 500, 503, 0 };
enum { STATUSES = sizeof statuses / sizeof *statuses };

/* Upper bounds of the histogram, in microseconds. */
static const uint64_t bounds[] = { 1000, 5000, 10000, 50000, 100000, 500000, 1000000, 5000000 };
enum { BOUNDS = sizeof bounds / sizeof *bounds };

struct service_counts {
	_Atomic uint64_t requests[STATUSES];
	_Atomic uint64_t bytes, aborted;
	_Atomic uint64_t times[BOUNDS + 1], nanoseconds;
};

struct metrics {
	struct service_counts services[METRICS_SERVICES_];
	_Atomic int64_t connections;
	_Atomic uint64_t accepted, expired;
	int64_t started;
};

static const char *const names[METRICS_SERVICES_] = {
	[METRICS_OTHER] = "other", [METRICS_CONTENT] = "content", [METRICS_CLIENT] = "client",
	[METRICS_AUTH] = "auth",   [METRICS_REPORT] = "report",   [METRICS_API] = "api",
};

struct metrics *metrics_new(void)
{
	struct metrics *m = buf_calloc(1, sizeof *m);

	m->started = clock_now();
	return m;
}

void metrics_free(struct metrics *m)
{
	free(m);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void metrics_count(struct metrics *m, const struct metrics_request *r)
{
	struct service_counts *s = &m->services[r->service];
	size_t i = 0;

	while (i < STATUSES - 1 && statuses[i] != r->status)
		i++;
	add(&s->requests[i], 1);
	if (r->whole)
		add(&s->bytes, r->bytes);
	else
		add(&s->aborted, 1);
}

void metrics_time(struct metrics *m, enum metrics_service service, uint64_t nanoseconds)
{
	struct service_counts *s = &m->services[service];
	size_t i = 0;

	while (i < BOUNDS && nanoseconds > bounds[i] * 1000)
		i++;
	add(&s->times[i], 1);
	add(&s->nanoseconds, nanoseconds);
}

void metrics_connected(struct metrics *m, int change)
{
	atomic_fetch_add_explicit(&m->connections, change, memory_order_relaxed);
	if (change > 0)
		add(&m->accepted, (uint64_t)change);
}

void metrics_expired(struct metrics *m)
{
	add(&m->expired, 1);
}

static int write_requests(const struct metrics *m, struct buf *out, struct error *err)
{
	char status[16];

	if (buf_printf(out, err,
		       "# TYPE gapferry_server_requests counter\n"
		       "# HELP gapferry_server_requests Requests that are over.\n") < 0)
		return -1;
	for (size_t s = 0; s < METRICS_SERVICES_; s++)
		for (size_t i = 0; i < STATUSES; i++) {
			uint64_t n = m->services[s].requests[i];

			snprintf(status, sizeof status, "%u", statuses[i]);
			if (n > 0 && buf_printf(out, err,
						"gapferry_server_requests_total{service=\"%s\","
						"status=\"%s\"} %" PRIu64 "\n",
						names[s], statuses[i] ? status : "other", n) < 0)
				return -1;
		}
	return 0;
}

static int write_times(const struct metrics *m, struct buf *out, struct error *err)
{
	if (buf_printf(
		    out, err,
		    "# TYPE gapferry_server_answer_seconds histogram\n"
		    "# UNIT gapferry_server_answer_seconds seconds\n"
		    "# HELP gapferry_server_answer_seconds Time to make an answer; of the service"
		    " client: of a round of a scan.\n") < 0)
		return -1;
	for (size_t s = 0; s < METRICS_SERVICES_; s++) {
		const struct service_counts *c = &m->services[s];
		uint64_t sum = 0, nanoseconds = c->nanoseconds;

		for (size_t i = 0; i <= BOUNDS; i++) {
			char le[32] = "+Inf";

			sum += c->times[i];
			if (i < BOUNDS)
				snprintf(le, sizeof le, "%g", (double)bounds[i] / 1e6);
			if (buf_printf(out, err,
				       "gapferry_server_answer_seconds_bucket{service=\"%s\","
				       "le=\"%s\"} %" PRIu64 "\n",
				       names[s], le, sum) < 0)
				return -1;
		}
		if (buf_printf(out, err,
			       "gapferry_server_answer_seconds_count{service=\"%s\"} %" PRIu64 "\n"
			       "gapferry_server_answer_seconds_sum{service=\"%s\"} %.6f\n",
			       names[s], sum, names[s], (double)nanoseconds / 1e9) < 0)
			return -1;
	}
	return 0;
}

/* One counter for each service. */
static int write_each(const struct metrics *m, const char *name, const char *help, bool bytes,
		      struct buf *out, struct error *err)
{
	if (buf_printf(out, err, "# TYPE %s counter\n# HELP %s %s\n", name, name, help) < 0)
		return -1;
	for (size_t s = 0; s < METRICS_SERVICES_; s++) {
		const struct service_counts *c = &m->services[s];
		uint64_t n = bytes ? c->bytes : c->aborted;

		if (buf_printf(out, err, "%s_total{service=\"%s\"} %" PRIu64 "\n", name, names[s],
			       n) < 0)
			return -1;
	}
	return 0;
}

int metrics_write(const struct metrics *m, struct buf *out, struct error *err)
{
	int64_t connections = m->connections;
	uint64_t accepted = m->accepted, expired = m->expired;

	if (write_requests(m, out, err) < 0 ||
	    write_each(m, "gapferry_server_sent_bytes", "Bytes of bodies that clients took.", true,
		       out, err) < 0 ||
	    write_each(m, "gapferry_server_aborted", "Requests whose client left early.", false,
		       out, err) < 0 ||
	    write_times(m, out, err) < 0)
		return -1;
	return buf_printf(
		out, err,
		"# TYPE gapferry_server_connections gauge\n"
		"# HELP gapferry_server_connections Connections that are open.\n"
		"gapferry_server_connections %" PRId64 "\n"
		"# TYPE gapferry_server_accepted counter\n"
		"# HELP gapferry_server_accepted Connections that were accepted.\n"
		"gapferry_server_accepted_total %" PRIu64 "\n"
		"# TYPE gapferry_server_expired counter\n"
		"# HELP gapferry_server_expired Connections ended because a request took too long "
		"to arrive.\n"
		"gapferry_server_expired_total %" PRIu64 "\n"
		"# TYPE gapferry_server_start_time_seconds gauge\n"
		"# UNIT gapferry_server_start_time_seconds seconds\n"
		"gapferry_server_start_time_seconds %" PRId64 "\n",
		connections, accepted, expired, m->started);
}
