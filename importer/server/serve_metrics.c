#include "importer/server/serve_metrics.h"

#include "importer/server/metrics.h"
#include "importer/server/reply.h"
#include "importer/server/request.h"
#include "importer/server/service.h"
#include "importer/server/service_internal.h"
#include "importer/server/session.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/clients/computer.h"
#include "lib/store/query.h"

#include <inttypes.h>

enum { DAY = 86400, METRICS_MAX = 1 << 20 };

static int write_repository(const struct request *q, struct buf *out, struct error *err)
{
	struct session *s = request_session(q, err);
	struct query_counts n;

	if (!s || query_counts(s->query, &n, err) < 0)
		return -1;
	return buf_printf(out, err,
			  "# TYPE gapferry_server_updates gauge\n"
			  "# HELP gapferry_server_updates Updates of the repository.\n"
			  "gapferry_server_updates{verdict=\"ok\"} %" PRIu64 "\n"
			  "gapferry_server_updates{verdict=\"quarantined\"} %" PRIu64 "\n"
			  "# TYPE gapferry_server_objects gauge\n"
			  "gapferry_server_objects %" PRIu64 "\n"
			  "# TYPE gapferry_server_last_import_time_seconds gauge\n"
			  "# UNIT gapferry_server_last_import_time_seconds seconds\n"
			  "gapferry_server_last_import_time_seconds %" PRId64 "\n",
			  n.updates - n.quarantined, n.quarantined, n.objects.count, n.last_import);
}

static int write_services(const struct request *q, struct buf *out, struct error *err)
{
	int64_t now = clock_now();
	uint64_t known, lately;
	struct session *s = request_session(q, err);
	struct clients *clients = s ? session_clients(s, err) : NULL;

	if (!clients || computer_count(clients, 0, &known, err) < 0 ||
	    computer_count(clients, now - DAY, &lately, err) < 0)
		return -1;
	CLEANUP(view_put) const struct view *v = view_get(q->service->views);
	return buf_printf(out, err,
			  "# TYPE gapferry_server_computers gauge\n"
			  "# HELP gapferry_server_computers Computers that are known.\n"
			  "gapferry_server_computers %" PRIu64 "\n"
			  "# TYPE gapferry_server_computers_day gauge\n"
			  "# HELP gapferry_server_computers_day Of them, in contact within a day.\n"
			  "gapferry_server_computers_day %" PRIu64 "\n"
			  "# TYPE gapferry_server_view_age_seconds gauge\n"
			  "# UNIT gapferry_server_view_age_seconds seconds\n"
			  "# HELP gapferry_server_view_age_seconds Since the repository was read"
			  " for the update services.\n"
			  "gapferry_server_view_age_seconds %" PRId64 "\n"
			  "# TYPE gapferry_server_views counter\n"
			  "# HELP gapferry_server_views How often it was read.\n"
			  "gapferry_server_views_total %" PRIu64 "\n",
			  known, lately, now - view_made(v), view_generation(v));
}

static int write_problems(const struct request *q, struct buf *out, struct error *err)
{
	if (buf_printf(out, err,
		       "# TYPE gapferry_server_approval_problems gauge\n"
		       "# HELP gapferry_server_approval_problems Approvals that are not served as"
		       " they were made, see gapferry-server report problems.\n") < 0)
		return -1;
	for (size_t i = 0; i < WUSP_PROBLEMS_; i++)
		if (buf_printf(out, err,
			       "gapferry_server_approval_problems{problem=\"%s\"} %" PRIu64 "\n",
			       wusp_deploy_problem_name((enum wusp_problem_kind)i),
			       q->service->problems[i]) < 0)
			return -1;
	return 0;
}

int serve_metrics(const struct request *q, const char *rest, struct reply *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(METRICS_MAX);

	(void)rest;
	if (metrics_write(q->metrics, &b, err) < 0 || write_repository(q, &b, err) < 0 ||
	    (q->service && (write_services(q, &b, err) < 0 || write_problems(q, &b, err) < 0)) ||
	    buf_printf(&b, err, "# EOF\n") < 0)
		return -1;
	return reply_bytes(out, 200, &b,
			   "application/openmetrics-text; version=1.0.0; charset=utf-8", "no-store",
			   err);
}
