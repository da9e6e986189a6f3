/*
 * What a scan costs: a synthetic catalog of the size of Microsoft's, approvals, and machines that
 * play the loop of the protocol against wusp_sync(): no HTTP, no SOAP, no fragments.
 *
 *	scan [UPDATES [APPROVED [MACHINES]]]
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/wusp/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
	CATEGORIES = 600,  /* 500 products in 100 families */
	DETECTOIDS = 2400, /* chains of 8 */
	CHAIN = 8,
	CORE_BYTES = 3000,
};

static uint64_t seed = 1;

static uint32_t pick(uint32_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % below;
}

static double processor_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct catalog_guid guid_of(uint32_t update)
{
	struct catalog_guid g = { { 0 } };

	/* Spread like random ones. */
	for (size_t i = 0; i < 4; i++) {
		uint32_t part = (update + (uint32_t)i) * 2654435761u;

		memcpy(g.bytes + 4 * i, i == 3 ? &update : &part, 4);
	}
	return g;
}

static void die(const struct error *err)
{
	fprintf(stderr, "scan: %s\n", err->message);
	exit(1);
}

/* ---- catalog ---- */

static void add(struct wusp_graph_builder *b, uint32_t id, enum wusp_type type,
		const uint32_t *needs, size_t needs_count, uint32_t child, size_t children)
{
	struct catalog_guid names[8];
	struct catalog_group groups[8];
	struct wusp_child parts[4];
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < needs_count; i++) {
		names[i] = guid_of(needs[i]);
		groups[i] = (struct catalog_group){ &names[i], 1 };
	}
	for (size_t i = 0; i < children; i++)
		parts[i] = (struct wusp_child){ guid_of(child + (uint32_t)i), 1 };
	struct wusp_revision r = {
		.revision_id = (int32_t)id,
		.update_id = guid_of(id),
		.revision_number = 1,
		.type = type,
		.has_files = type == WUSP_SOFTWARE && children == 0,
		.files_here = true,
		.core_bytes = CORE_BYTES,
		.prerequisites = groups,
		.prerequisites_count = needs_count,
		.children = parts,
		.children_count = children,
	};
	if (wusp_graph_add(b, &r, &err) < 0)
		die(&err);
}

/* Families, products, chains of detectoids, then bundles of two. */
static struct wusp_graph *catalog(uint32_t updates)
{
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	struct error err = ERROR_INIT;
	uint32_t id = 1;

	for (; id <= CATEGORIES; id++) {
		uint32_t family = 1 + id % 100;

		add(b, id, WUSP_CATEGORY, &family, id > 100, 0, 0);
	}
	for (; id <= CATEGORIES + DETECTOIDS; id++) {
		uint32_t below = id - 1;

		add(b, id, WUSP_DETECTOID, &below, id % CHAIN != 0, 0, 0);
	}
	while (id + 2 <= updates) {
		uint32_t needs[4] = { 101 + pick(CATEGORIES - 100), 1 + pick(100),
				      CATEGORIES + 1 + pick(DETECTOIDS),
				      CATEGORIES + 1 + pick(DETECTOIDS) };

		add(b, id, WUSP_SOFTWARE, needs, 4, id + 1, 2);
		add(b, id + 1, WUSP_SOFTWARE, needs + 2, 1, 0, 0);
		add(b, id + 2, WUSP_SOFTWARE, needs + 3, 1, 0, 0);
		id += 3;
	}
	struct wusp_graph *g = wusp_graph_finish(b, &err);
	if (!g)
		die(&err);
	return g;
}

static struct wusp_deployments *approve(const struct wusp_graph *g, size_t count)
{
	struct wusp_approval *a = buf_calloc(count + 1, sizeof *a);
	uint32_t first = CATEGORIES + DETECTOIDS + 1, bundles = (wusp_graph_count(g) - first) / 3;

	for (size_t i = 0; i < count; i++)
		a[i] = (struct wusp_approval){
			.update_id = guid_of(first + (uint32_t)(i * bundles / count) * 3),
			.action = WUSP_INSTALL,
			.is_assigned = true,
			.id = (int32_t)i + 1,
			.last_change = 1700000000,
		};
	struct wusp_deployments *d = wusp_deploy(g, a, count, 1);
	free(a);
	return d;
}

/* ---- machines ---- */

struct machine {
	unsigned char *knows; /* per revision id: 1 leaf, 2 not */
	uint32_t share;       /* of 100: what it has of the non-leaves */
	int32_t *installed, *cached;
	size_t rounds, updates;
	struct wusp_stamp stamp;
};

static bool holds(const struct machine *m, uint32_t id)
{
	return id * 2654435761u % 100 < m->share;
}

/* One round: processor time of the server's part in ms; *more when another has to follow. */
static double play(const struct wusp_graph *g, const struct wusp_deployments *d, struct machine *m,
		   struct wusp_sync_reply *reply, bool *more)
{
	struct wusp_sync_request q = { .installed = m->installed,
				       .cached = m->cached,
				       .client_version = WUSP_VERSION(2, 90),
				       .stamp = m->stamp };
	struct error err = ERROR_INIT;

	for (uint32_t i = 1; i <= wusp_graph_count(g); i++) {
		if (m->knows[i] == 2 && holds(m, i))
			m->installed[q.installed_count++] = (int32_t)i;
		else if (m->knows[i])
			m->cached[q.cached_count++] = (int32_t)i;
	}
	double before = processor_ms();
	if (wusp_sync(g, d, &q, reply, &err) < 0)
		die(&err);
	double spent = processor_ms() - before;
	*more = reply->truncated;
	for (size_t i = 0; i < reply->out_of_scope_count; i++)
		m->knows[reply->out_of_scope[i]] = 0;
	for (size_t i = 0; i < reply->new_count; i++) {
		const struct wusp_sync_item *item = &reply->new_updates[i];

		m->knows[wusp_graph_node(g, item->node).revision_id] = item->is_leaf ? 1 : 2;
		*more |= !item->is_leaf;
		m->updates++;
	}
	m->stamp = reply->stamp;
	m->rounds++;
	return spent;
}

static double scan(const struct wusp_graph *g, const struct wusp_deployments *d, struct machine *m,
		   struct wusp_sync_reply *reply)
{
	double spent = 0;
	bool more = true;

	m->rounds = m->updates = 0;
	while (more)
		spent += play(g, d, m, reply, &more);
	return spent;
}

static void report(const char *what, const double *ms, size_t count, const struct machine *m)
{
	double sum = 0, most = 0;

	for (size_t i = 0; i < count; i++) {
		sum += ms[i];
		most = ms[i] > most ? ms[i] : most;
	}
	printf("%-28s %8.3f ms mean %8.3f ms most  (last: %zu rounds, %zu updates)\n", what,
	       sum / (double)count, most, m->rounds, m->updates);
}

static void run(const struct wusp_graph *g, const struct wusp_deployments *d, uint32_t share,
		size_t machines)
{
	size_t n = (size_t)wusp_graph_count(g) + 1;
	struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	double *first = buf_calloc(machines + 1, sizeof *first);
	double *second = buf_calloc(machines + 1, sizeof *second);
	struct machine m = { .knows = buf_calloc(n, 1),
			     .installed = buf_calloc(n, sizeof(int32_t)),
			     .cached = buf_calloc(n, sizeof(int32_t)) },
		       last = m;
	char what[64];

	for (size_t i = 0; i < machines; i++) {
		memset(m.knows, 0, n);
		m.share = share;
		m.stamp = (struct wusp_stamp){ 0, 0, 0 };
		first[i] = scan(g, d, &m, &reply);
		last = m;
		second[i] = scan(g, d, &m, &reply);
	}
	snprintf(what, sizeof what, "first scan, %u %% met", share);
	report(what, first, machines, &last);
	snprintf(what, sizeof what, "scan again, %u %% met", share);
	report(what, second, machines, &m);
	wusp_sync_clear(&reply);
	free(first);
	free(second);
	free(m.knows);
	free(m.installed);
	free(m.cached);
}

static size_t argument(int argc, char **argv, int i, size_t otherwise)
{
	return argc > i ? (size_t)strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	uint32_t updates = (uint32_t)argument(argc, argv, 1, 137000);
	size_t approved = argument(argc, argv, 2, 20000), machines = argument(argc, argv, 3, 20);
	static const uint32_t shares[] = { 4, 8, 12 };
	struct rusage use;

	double start = processor_ms();
	CLEANUP(wusp_graph_free) struct wusp_graph *g = catalog(updates);
	double built = processor_ms();
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = approve(g, approved);
	double deployed = processor_ms();
	getrusage(RUSAGE_SELF, &use);
	printf("graph of %u updates          %8.1f ms\n", wusp_graph_count(g), built - start);
	printf("%zu approved, %zu deployed  %8.1f ms\n", approved, wusp_deploy_count(d),
	       deployed - built);
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		run(g, d, shares[i], machines);
	printf("memory %ld KiB at most while building\n", use.ru_maxrss);
	return 0;
}
