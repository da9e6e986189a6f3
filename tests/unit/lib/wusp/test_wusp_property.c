/*
 * Random catalogs, approvals and machines: whatever pages and rounds there are, a client that
 * follows the protocol ends with exactly those updates whose prerequisites its machine satisfies.
 * What that is is worked out here once more, naively, from the tables the catalog was made of.
 */
#include "lib/wusp/sync.h"

#include "lib/base/limits.h"
#include "tests/unit/lib/wusp/world.h"

enum { UPDATES = 48, CLAUSES = 4, ALTERNATIVES = 3, PARTS = 4, CASES = 3000, UNKNOWN = 999 };

struct model {
	int clauses[UPDATES + 1][CLAUSES][ALTERNATIVES]; /* 0 ends; UNKNOWN: not in the catalog */
	int parts[UPDATES + 1][PARTS];
	enum wusp_type type[UPDATES + 1];
	bool approved[UPDATES + 1];
	int64_t changed[UPDATES + 1]; /* its approval; 0: never approved */
	bool holds[UPDATES + 1];      /* the machine has it installed */
	bool scope[UPDATES + 1], named[UPDATES + 1], want[UPDATES + 1];
};

static uint64_t seed;

static unsigned pick(unsigned below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % below;
}

static void make_model(struct model *m)
{
	memset(m, 0, sizeof *m);
	for (int u = 1; u <= UPDATES; u++) {
		m->type[u] = u < UPDATES / 3 ? (pick(2) ? WUSP_DETECTOID : WUSP_CATEGORY)
					     : WUSP_SOFTWARE;
		m->holds[u] = pick(3) != 0;
		for (unsigned c = 0, n = u > 1 ? pick(CLAUSES) : 0; c < n; c++)
			for (unsigned a = 0, k = 1 + pick(ALTERNATIVES); a < k; a++)
				m->clauses[u][c][a] =
					pick(20) == 0 ? UNKNOWN : 1 + (int)pick((unsigned)u - 1);
		/* Bundles are the last ones, of software that is no bundle. */
		for (unsigned p = 0; u > UPDATES - 8 && p < 1 + pick(PARTS); p++)
			m->parts[u][p] = UPDATES / 3 + (int)pick(UPDATES - 9 - UPDATES / 3);
		m->approved[u] = m->type[u] == WUSP_SOFTWARE && pick(4) == 0;
		m->changed[u] = m->approved[u] ? 1000 : 0;
	}
}

static struct wusp_graph *make_graph(const struct model *m)
{
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	struct error err = ERROR_INIT;

	for (int u = 1; u <= UPDATES; u++) {
		char needs[128] = "", contains[64] = "";
		size_t at = 0;

		for (int c = 0; c < CLAUSES && m->clauses[u][c][0]; c++)
			for (int a = 0; a < ALTERNATIVES && m->clauses[u][c][a]; a++)
				at += (size_t)snprintf(needs + at, sizeof needs - at, "%s%d",
						       a    ? "|"
						       : at ? " "
							    : "",
						       m->clauses[u][c][a]);
		at = 0;
		for (int p = 0; p < PARTS && m->parts[u][p]; p++)
			at += (size_t)snprintf(contains + at, sizeof contains - at, "%s%d",
					       at ? " " : "", m->parts[u][p]);
		struct world_update w = { .id = u,
					  .type = m->type[u],
					  .needs = needs,
					  .contains = contains,
					  .bytes = LIMIT_WUSP_PAGE_BYTES / 3 };
		world_add(b, &w);
	}
	struct wusp_graph *g = wusp_graph_finish(b, &err);
	assert_non_null(g);
	return g;
}

static struct wusp_deployments *make_deployments(const struct model *m, const struct wusp_graph *g)
{
	struct wusp_approval a[UPDATES];
	size_t n = 0;

	for (int u = 1; u <= UPDATES; u++) {
		if (m->changed[u] == 0)
			continue;
		a[n] = world_approve(u, m->approved[u] ? WUSP_INSTALL : WUSP_ACTION_NONE);
		a[n++].last_change = m->changed[u];
	}
	return wusp_deploy(g, a, n, 7);
}

/* ---- what must come out ---- */

static void put_in_scope(struct model *m, int u)
{
	if (u == UNKNOWN || m->scope[u])
		return;
	m->scope[u] = true;
	for (int c = 0; c < CLAUSES; c++)
		for (int a = 0; a < ALTERNATIVES && m->clauses[u][c][a]; a++)
			put_in_scope(m, m->clauses[u][c][a]);
	for (int p = 0; p < PARTS && m->parts[u][p]; p++)
		put_in_scope(m, m->parts[u][p]);
}

static bool clause_met(const struct model *m, const int *clause)
{
	bool known = false;

	for (int a = 0; a < ALTERNATIVES && clause[a]; a++) {
		if (clause[a] == UNKNOWN)
			continue;
		known = true;
		if (m->want[clause[a]] && m->holds[clause[a]])
			return true;
	}
	return !known;
}

static void work_out(struct model *m)
{
	bool more = true;

	memset(m->scope, 0, sizeof m->scope);
	memset(m->want, 0, sizeof m->want);
	for (int u = 1; u <= UPDATES; u++) {
		if (m->approved[u])
			put_in_scope(m, u);
		for (int c = 0; c < CLAUSES; c++)
			for (int a = 0; a < ALTERNATIVES && m->clauses[u][c][a]; a++)
				if (m->clauses[u][c][a] != UNKNOWN)
					m->named[m->clauses[u][c][a]] = true;
	}
	while (more) {
		more = false;
		for (int u = 1; u <= UPDATES; u++) {
			bool met = m->scope[u] && !m->want[u];

			for (int c = 0; met && c < CLAUSES && m->clauses[u][c][0]; c++)
				met = clause_met(m, m->clauses[u][c]);
			m->want[u] |= met;
			more |= met;
		}
	}
}

/* ---- the client ---- */

struct client {
	bool knows[UPDATES + 1], leaf[UPDATES + 1];
	int32_t stale[3]; /* ids of another server */
	size_t stale_count;
	struct wusp_stamp stamp;
	enum wusp_action action[UPDATES + 1];
	size_t rounds;
};

static void take(const struct wusp_graph *g, struct client *c, const struct wusp_sync_item *i,
		 bool is_new)
{
	int id = wusp_graph_node(g, i->node).revision_id;

	assert_int_equal(c->knows[id], !is_new); /* never twice: 0x80240013 */
	assert_true(i->deployment.action != WUSP_ACTION_NONE);
	c->knows[id] = true;
	c->leaf[id] = i->is_leaf;
	c->action[id] = i->deployment.action;
}

static void drop(struct client *c, int32_t id)
{
	if (id > 0 && id <= UPDATES) {
		assert_true(c->knows[id]);
		c->knows[id] = false;
		return;
	}
	for (size_t i = 0; i < c->stale_count; i++)
		if (c->stale[i] == id)
			c->stale[i] = c->stale[--c->stale_count];
}

/* One round; true when there has to be another one. */
static bool play(const struct model *m, const struct wusp_graph *g,
		 const struct wusp_deployments *d, struct client *c, struct wusp_sync_reply *reply)
{
	int32_t installed[UPDATES], cached[UPDATES + 3];
	struct wusp_sync_request q = { .installed = installed,
				       .cached = cached,
				       .client_version = WUSP_VERSION(2, 90),
				       .stamp = c->stamp };
	struct error err = ERROR_INIT;

	for (int u = 1; u <= UPDATES; u++) {
		if (!c->knows[u])
			continue;
		if (!c->leaf[u] && m->holds[u])
			installed[q.installed_count++] = u;
		else
			cached[q.cached_count++] = u;
	}
	for (size_t i = 0; i < c->stale_count; i++)
		cached[q.cached_count++] = c->stale[i];
	assert_int_equal(wusp_sync(g, d, &q, reply, &err), 0);
	bool more = reply->truncated;
	for (size_t i = 0; i < reply->out_of_scope_count; i++)
		drop(c, reply->out_of_scope[i]);
	for (size_t i = 0; i < reply->new_count; i++) {
		take(g, c, &reply->new_updates[i], true);
		more |= !reply->new_updates[i].is_leaf;
	}
	for (size_t i = 0; i < reply->changed_count; i++)
		take(g, c, &reply->changed[i], false);
	assert_true(!reply->truncated || reply->new_count > 0);
	c->stamp = reply->stamp;
	c->rounds++;
	assert_true(c->rounds < 4 * UPDATES);
	return more;
}

static void scan_and_compare(struct model *m, const struct wusp_graph *g,
			     const struct wusp_deployments *d, struct client *c, bool settle)
{
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;

	work_out(m);
	c->rounds = 0;
	while (play(m, g, d, c, &reply))
		;
	/* What went away takes what depends on it only in the next scan. */
	for (int i = 0; settle && i < UPDATES; i++)
		play(m, g, d, c, &reply);
	for (int u = 1; u <= UPDATES; u++) {
		assert_int_equal(c->knows[u], m->want[u]);
		if (!m->want[u])
			continue;
		assert_int_equal(c->leaf[u], !m->named[u]);
		assert_int_equal(c->action[u],
				 wusp_deploy_at(d, wusp_graph_by_revision(g, u)).action);
		assert_int_equal(c->action[u] == WUSP_INSTALL, m->approved[u]);
	}
	assert_int_equal(c->stale_count, 0);
	/* Nothing new, nothing changed, nothing out of scope from then on. */
	play(m, g, d, c, &reply);
	assert_int_equal(reply.new_count + reply.changed_count + reply.out_of_scope_count, 0);
}

static void change_machine(struct model *m)
{
	for (int u = 1; u <= UPDATES; u++)
		if (pick(5) == 0)
			m->holds[u] = !m->holds[u];
}

static void change_approvals(struct model *m, int64_t now)
{
	for (int u = 1; u <= UPDATES; u++) {
		if (m->type[u] != WUSP_SOFTWARE || pick(6) != 0)
			continue;
		m->approved[u] = !m->approved[u];
		m->changed[u] = now;
	}
}

static void clients_end_with_what_fits_them(void **state)
{
	struct model *m = malloc(sizeof *m);

	(void)state;
	for (unsigned i = 0; i < CASES; i++) {
		seed = i;
		make_model(m);
		CLEANUP(wusp_graph_free) struct wusp_graph *g = make_graph(m);
		CLEANUP(wusp_deploy_free) struct wusp_deployments *d = make_deployments(m, g);
		struct client c = { .stale = { 5000, -4, 0 }, .stale_count = pick(4) };

		scan_and_compare(m, g, d, &c, false);
		change_machine(m);
		scan_and_compare(m, g, d, &c, true);
		for (int64_t now = 2000; now < 2003; now++) {
			change_approvals(m, now);
			CLEANUP(wusp_deploy_free)
			struct wusp_deployments *later = make_deployments(m, g);
			scan_and_compare(m, g, later, &c, true);
		}
	}
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(clients_end_with_what_fits_them) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
