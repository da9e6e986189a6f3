/*
 * wuclient: plays computers of Windows against an update server and tells what happened.
 *
 *	wuclient --url http://127.0.0.1:8530 [--machines N] [--at-once N] [--share PERCENT]
 *		[--profiles N] [--group NAME] [--download BYTES] [--soap12] [--scan-only]
 *		[--think MS] [--first NUMBER] [--device HARDWARE-ID] [--computer GUID]
 *
 * A machine thinks for 0 to twice MS before each request, as one does that evaluates what it got.
 * Prints one line of "name value" pairs; exit status 1 when any machine met something wrong.
 */
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "tests/clients/machine.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256, PATIENCE = 60000 };

struct totals {
	unsigned done, failed;
	uint64_t rounds, updates, offered, ranges, bytes;
	uint64_t *times;
	size_t time_count, time_capacity;
};

struct play {
	struct run run;
	struct sockaddr_in to;
	unsigned machines, at_once;
	unsigned started, first;
	uint64_t think; /* nanoseconds */
	struct machine **sleeping;
	size_t sleeping_count, sleeping_capacity;
	uint64_t dice;
	int epoll;
	struct totals totals;
};

static uint64_t number(const char *text, const char *what)
{
	uint64_t value;

	if (str_to_u64(text, strlen(text), 1ull << 40, &value))
		return value;
	fprintf(stderr, "wuclient: %s: not a number\n", what);
	exit(2);
}

static void parse_url(struct play *p, const char *url)
{
	const char *host = strncmp(url, "http://", 7) == 0 ? url + 7 : url;
	const char *colon = strchr(host, ':');
	char address[32] = "";
	uint64_t port = 0;

	if (colon && (size_t)(colon - host) < sizeof address)
		memcpy(address, host, (size_t)(colon - host));
	if (!colon || inet_pton(AF_INET, address, &p->to.sin_addr) != 1 ||
	    !str_to_u64(colon + 1, strlen(colon + 1), 65535, &port)) {
		fprintf(stderr, "wuclient: --url: http://ADDRESS:PORT\n");
		exit(2);
	}
	p->to.sin_family = AF_INET;
	p->to.sin_port = htons((uint16_t)port);
	p->run.host = host;
}

static void parse(struct play *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "url", 1, NULL, 'u' },       { "machines", 1, NULL, 'm' },
		{ "at-once", 1, NULL, 'a' },   { "share", 1, NULL, 's' },
		{ "profiles", 1, NULL, 'p' },  { "group", 1, NULL, 'g' },
		{ "download", 1, NULL, 'd' },  { "soap12", 0, NULL, '2' },
		{ "scan-only", 0, NULL, 'o' }, { "think", 1, NULL, 't' },
		{ "first", 1, NULL, 'f' },     { "device", 1, NULL, 'v' },
		{ "computer", 1, NULL, 'c' },  { NULL, 0, NULL, 0 },
	};
	const char *url = NULL;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (c) {
		case 'u':
			url = optarg;
			break;
		case 'm':
			p->machines = (unsigned)number(optarg, "--machines");
			break;
		case 'a':
			p->at_once = (unsigned)number(optarg, "--at-once");
			break;
		case 's':
			p->run.share = (unsigned)number(optarg, "--share");
			break;
		case 'p':
			p->run.profiles = (unsigned)number(optarg, "--profiles");
			break;
		case 'g':
			p->run.group = optarg;
			break;
		case 'd':
			p->run.download = number(optarg, "--download");
			break;
		case '2':
			p->run.twelve = true;
			break;
		case 'f':
			p->first = (unsigned)number(optarg, "--first");
			break;
		case 't':
			p->think = number(optarg, "--think") * 1000000;
			break;
		case 'o':
			p->run.scan_only = true;
			break;
		case 'v':
			p->run.device = optarg;
			break;
		case 'c':
			p->run.computer = optarg;
			break;
		default:
			exit(2);
		}
	if (!url || optind != argc || p->run.profiles == 0) {
		fprintf(stderr, "wuclient: give --url\n");
		exit(2);
	}
	parse_url(p, url);
}

/* ---- machines come and go ---- */

static void forget(struct play *p, const struct machine *m)
{
	for (size_t i = 0; i < p->sleeping_count; i++)
		if (p->sleeping[i] == m)
			p->sleeping[i--] = p->sleeping[--p->sleeping_count];
}

static void end(struct play *p, struct machine *m, const char *why)
{
	struct totals *t = &p->totals;

	forget(p, m);
	if (why) {
		t->failed++;
		if (t->failed <= 10)
			fprintf(stderr, "wuclient: machine %u, step %u: %s\n", m->number, m->step,
				why);
	}
	t->done++;
	t->rounds += m->rounds;
	t->updates += m->updates;
	t->offered += m->offered.count;
	t->ranges += m->ranges;
	t->bytes += m->downloaded;
	for (size_t i = 0; i < m->time_count; i++) {
		t->times = buf_grow(t->times, &t->time_capacity, t->time_count, sizeof *t->times);
		t->times[t->time_count++] = m->times[i];
	}
	machine_clear(m);
	free(m);
}

static void go_on(struct play *p, struct machine *m)
{
	if (!machine_ask(m) || !wire_start(&m->wire, p->epoll))
		end(p, m, "cannot ask");
}

/* Now, or after thinking. */
static void next(struct play *p, struct machine *m)
{
	if (p->think == 0) {
		go_on(p, m);
		return;
	}
	p->dice = p->dice * 6364136223846793005u + 1442695040888963407u;
	m->wake = wire_clock() + (p->dice >> 20) % (2 * p->think + 1);
	p->sleeping = buf_grow(p->sleeping, &p->sleeping_capacity, p->sleeping_count,
			       sizeof *p->sleeping);
	p->sleeping[p->sleeping_count++] = m;
}

static void wake(struct play *p)
{
	uint64_t now = wire_clock();

	for (size_t i = p->sleeping_count; i-- > 0;)
		if (p->sleeping[i]->wake <= now) {
			struct machine *m = p->sleeping[i];

			forget(p, m);
			go_on(p, m);
		}
}

static void begin(struct play *p)
{
	struct machine *m = buf_malloc(sizeof *m);

	machine_init(m, &p->run, p->first + p->started++);
	if (wire_connect(&m->wire, p->epoll, &p->to))
		next(p, m);
	else
		end(p, m, "cannot connect");
}

static void serve(struct play *p, struct machine *m, unsigned events)
{
	struct wire_answer a;
	int result = wire_ready(&m->wire, p->epoll, events, &a);

	if (result < 0)
		end(p, m, "the connection broke");
	else if (result > 0 && !machine_hear(m, &a))
		end(p, m, m->why);
	else if (result > 0 && m->step == STEP_DONE)
		end(p, m, NULL);
	else if (result > 0)
		next(p, m);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double quantile(const struct totals *t, size_t percent)
{
	if (t->time_count == 0)
		return 0;
	return (double)t->times[(t->time_count - 1) * percent / 100] / 1e6;
}

int main(int argc, char **argv)
{
	struct play p = { .machines = 1,
			  .at_once = 64,
			  .run = {
				  .group = "", .share = 60, .profiles = 16, .download = 4 << 20 } };
	struct epoll_event events[EVENTS];

	parse(&p, argc, argv);
	p.epoll = epoll_create1(EPOLL_CLOEXEC);
	uint64_t start = wire_clock();
	while (p.totals.done < p.machines) {
		while (p.started < p.machines && p.started - p.totals.done < p.at_once)
			begin(&p);
		wake(&p);
		int n = epoll_wait(p.epoll, events, EVENTS, p.sleeping_count ? 2 : PATIENCE);
		if (n == 0 && p.sleeping_count == 0 && p.totals.done < p.machines) {
			fprintf(stderr, "wuclient: nothing happens any more\n");
			return 1;
		}
		for (int i = 0; i < n; i++)
			serve(&p, events[i].data.ptr, events[i].events);
	}
	struct totals *t = &p.totals;
	if (t->time_count > 0)
		qsort(t->times, t->time_count, sizeof *t->times, compare);
	printf("machines %u errors %u rounds %llu updates %llu offered %llu ranges %llu bytes %llu "
	       "seconds %.3f median_ms %.2f p99_ms %.2f max_ms %.2f\n",
	       t->done, t->failed, (unsigned long long)t->rounds, (unsigned long long)t->updates,
	       (unsigned long long)t->offered, (unsigned long long)t->ranges,
	       (unsigned long long)t->bytes, (double)(wire_clock() - start) / 1e9, quantile(t, 50),
	       quantile(t, 99), quantile(t, 100));
	free(t->times);
	free(p.sleeping);
	close(p.epoll);
	return t->failed > 0;
}
