#include "lib/wusp/sync.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/wusp/wusp_internal.h"
#include "lib/wusp/wusp_scratch.h"

#include <stdlib.h>
#include <string.h>

/* One request being answered. */
struct round {
	const struct wusp_graph *g;
	const struct wusp_deployments *d;
	const struct wusp_sync_request *q;
	struct wusp_sync_reply *reply;
	struct wusp_sync_scratch *s;
};

/* ---- memory that is used again ---- */

static void *at_least(void *items, size_t *capacity, size_t wanted, size_t size)
{
	if (wanted <= *capacity)
		return items;
	*capacity = wanted;
	return buf_realloc(items, wanted, size);
}

static void clear_bits(struct wusp_bits *b, size_t count)
{
	b->words = at_least(b->words, &b->capacity, wusp_words(count), sizeof *b->words);
	memset(b->words, 0, wusp_words(count) * sizeof *b->words);
}

static void begin(struct wusp_sync_reply *r, const struct wusp_graph *g)
{
	if (!r->scratch)
		r->scratch = buf_calloc(1, sizeof *r->scratch);
	clear_bits(&r->scratch->satisfied, g->clause_count);
	clear_bits(&r->scratch->cached, g->count);
	clear_bits(&r->scratch->needed, g->count);
	r->scratch->hardware_count = 0;
	r->new_count = r->changed_count = 0;
	r->out_of_scope_count = r->deployed_out_of_scope_count = 0;
	r->truncated = false;
}

void wusp_sync_clear(struct wusp_sync_reply *r)
{
	if (r->scratch) {
		free(r->scratch->satisfied.words);
		free(r->scratch->cached.words);
		free(r->scratch->needed.words);
		free(r->scratch->wanted.words);
		free(r->scratch->unknown);
		free(r->scratch->stack);
		free(r->scratch->hardware);
		free(r->scratch->picks);
	}
	free(r->scratch);
	free(r->new_updates);
	free(r->changed);
	free(r->out_of_scope);
	free(r->deployed_out_of_scope);
	*r = (struct wusp_sync_reply)WUSP_SYNC_REPLY_INIT;
}

static void add_item(struct wusp_sync_item **items, size_t *capacity, size_t *count,
		     const struct wusp_sync_item *item)
{
	*items = buf_grow(*items, capacity, *count, sizeof **items);
	(*items)[(*count)++] = *item;
}

static void add_id(int32_t **ids, size_t *capacity, size_t *count, int32_t id)
{
	*ids = buf_grow(*ids, capacity, *count, sizeof **ids);
	(*ids)[(*count)++] = id;
}

/* ---- what a client is told about one node ---- */

/* Only clients from 1903 on know OptionalInstall; to none does it come with a deadline. */
static struct wusp_deployment as_sent(struct wusp_deployment x, uint32_t client_version)
{
	if (x.action == WUSP_BLOCK)
		x.action = WUSP_PRE_DEPLOYMENT_CHECK;
	if (x.action != WUSP_INSTALL && x.action != WUSP_UNINSTALL)
		x.deadline = 0;
	if (x.action == WUSP_OPTIONAL_INSTALL) {
		x.is_assigned = false;
		if (client_version < WUSP_VERSION(2, 0))
			x.action = WUSP_INSTALL;
	}
	return x;
}

bool wusp_sync_item(const struct wusp_graph *g, const struct wusp_deployments *d, uint32_t node,
		    uint32_t client_version, struct wusp_sync_item *out)
{
	const struct wusp_entry *e = wusp_entry_of(d, node);

	if (!e)
		return false;
	*out = (struct wusp_sync_item){
		.node = node,
		.is_leaf = (g->flags[node] & WUSP_LEAF) != 0,
		.deployment = as_sent(e->deployment, client_version),
	};
	return true;
}

static bool has_changed(const struct round *r, uint32_t node)
{
	const struct wusp_entry *e = wusp_entry_of(r->d, node);
	const struct wusp_stamp *stamp = &r->q->stamp;

	return stamp->scope != r->d->scope || stamp->revision == 0 ||
	       e->deployment.last_change > stamp->change || e->since > stamp->revision;
}

/* ---- which are needed ---- */

/* Clauses that the installed updates satisfy. */
static void satisfy(struct round *r)
{
	const struct wusp_graph *g = r->g;

	for (size_t i = 0; i < r->q->installed_count; i++) {
		uint32_t node = wusp_graph_known(g, r->q->installed[i]);

		if (node == WUSP_NONE)
			continue;
		for (uint32_t k = g->users.first[node]; k < g->users.first[node + 1]; k++)
			wusp_bit_on(r->s->satisfied.words, g->users.items[k]);
	}
}

static bool is_satisfied(const struct round *r, uint32_t node)
{
	const struct wusp_graph *g = r->g;

	for (uint32_t k = g->clauses.first[node]; k < g->clauses.first[node + 1]; k++)
		if (!wusp_bit(r->s->satisfied.words, g->clauses.items[k]))
			return false;
	return true;
}

/*
 * Clients give up after 200 rounds: who has much gets large pages, who begins gets small ones that
 * keep nobody waiting.
 */
static void mark_cached(struct round *r, const int32_t *ids, size_t count)
{
	const size_t most = LIMIT_SOAP_REPLY / 4; /* escaped it is longer */
	size_t cached = 0, bytes = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t node = wusp_graph_by_revision(r->g, ids[i]);

		if (node == WUSP_NONE || wusp_bit(r->s->cached.words, node))
			continue;
		wusp_bit_on(r->s->cached.words, node);
		cached++;
		bytes += r->g->core_bytes[node];
	}
	if (cached / LIMIT_WUSP_GROWTH > r->s->page)
		r->s->page = cached / LIMIT_WUSP_GROWTH;
	if (bytes / LIMIT_WUSP_GROWTH > r->s->page_bytes)
		r->s->page_bytes = bytes / LIMIT_WUSP_GROWTH;
	if (r->s->page_bytes > most)
		r->s->page_bytes = most;
}

/* ---- category filter ---- */

static void want(struct round *r, uint32_t node)
{
	if (!wusp_entry_of(r->d, node) || wusp_bit(r->s->wanted.words, node))
		return;
	wusp_bit_on(r->s->wanted.words, node);
	r->s->stack[r->s->stack_count++] = node;
}

static bool names_one(const struct wusp_lists *lists, uint32_t node, const uint64_t *set)
{
	for (uint32_t k = lists->first[node]; k < lists->first[node + 1]; k++)
		if (wusp_bit(set, lists->items[k]))
			return true;
	return false;
}

/* Dependencies and parts of what is wanted are wanted. */
static void close_wanted(struct round *r)
{
	const struct wusp_graph *g = r->g;

	while (r->s->stack_count > 0) {
		uint32_t node = r->s->stack[--r->s->stack_count];
		struct wusp_nodes children = wusp_graph_children(g, node);

		for (uint32_t c = g->clauses.first[node]; c < g->clauses.first[node + 1]; c++) {
			uint32_t clause = g->clauses.items[c];

			for (uint32_t k = g->alternatives.first[clause];
			     k < g->alternatives.first[clause + 1]; k++)
				want(r, g->alternatives.items[k]);
		}
		for (size_t k = 0; k < children.count; k++)
			want(r, children.items[k]);
	}
}

/* Fills s->wanted when there is a filter: what names one of the categories, closed. */
static void filter(struct round *r)
{
	const struct wusp_graph *g = r->g;
	CLEANUP(wusp_bits_free)
	uint64_t *categories = buf_calloc(wusp_words(g->count), sizeof *categories);
	CLEANUP(wusp_bits_free)
	uint64_t *clauses = buf_calloc(wusp_words(g->clause_count), sizeof *clauses);

	clear_bits(&r->s->wanted, g->count);
	r->s->stack = at_least(r->s->stack, &r->s->stack_capacity, (size_t)g->count + 1,
			       sizeof *r->s->stack);
	r->s->stack_count = 0;
	for (size_t i = 0; i < r->q->filter_count; i++) {
		uint32_t node = wusp_graph_by_guid(g, &r->q->filter[i]);

		if (node == WUSP_NONE || wusp_bit(categories, node))
			continue;
		wusp_bit_on(categories, node);
		want(r, node);
		for (uint32_t k = g->users.first[node]; k < g->users.first[node + 1]; k++)
			wusp_bit_on(clauses, g->users.items[k]);
	}
	for (size_t i = 0; i < r->d->order_count; i++)
		if (names_one(&g->clauses, r->d->order[i], clauses) ||
		    names_one(&g->categories, r->d->order[i], categories))
			want(r, r->d->order[i]);
	close_wanted(r);
}

/* ---- the answer ---- */

bool wusp_page_is_full(const struct wusp_graph *g, const struct wusp_sync_reply *reply,
		       uint32_t node, size_t *bytes)
{
	const struct wusp_sync_scratch *s = reply->scratch;
	size_t size = g->core_bytes[node];

	if (reply->new_count > 0 && (reply->new_count >= s->page || *bytes + size > s->page_bytes))
		return true;
	*bytes += size;
	return false;
}

static void add_new(struct round *r, uint32_t node, size_t *bytes)
{
	struct wusp_sync_item item;
	struct wusp_sync_reply *reply = r->reply;

	if (wusp_page_is_full(r->g, reply, node, bytes)) {
		reply->truncated = true;
		return;
	}
	if (wusp_sync_item(r->g, r->d, node, r->q->client_version, &item))
		add_item(&reply->new_updates, &r->s->new_capacity, &reply->new_count, &item);
}

static void find_new(struct round *r)
{
	bool filtered = r->q->filter_count > 0;
	size_t bytes = 0;

	for (size_t i = 0; i < r->d->order_count; i++) {
		uint32_t node = r->d->order[i];

		if ((filtered && !wusp_bit(r->s->wanted.words, node)) || !is_satisfied(r, node))
			continue;
		wusp_bit_on(r->s->needed.words, node);
		if (!r->reply->truncated && !wusp_bit(r->s->cached.words, node))
			add_new(r, node, &bytes);
	}
}

static void add_out(struct round *r, int32_t id, uint32_t node)
{
	bool still = r->q->two_group && r->q->filter_count > 0 && node != WUSP_NONE &&
		     wusp_entry_of(r->d, node);

	if (still)
		add_id(&r->reply->deployed_out_of_scope, &r->s->deployed_capacity,
		       &r->reply->deployed_out_of_scope_count, id);
	else
		add_id(&r->reply->out_of_scope, &r->s->out_capacity, &r->reply->out_of_scope_count,
		       id);
}

/* Each cached node once: its bit goes when it has been judged. */
static void judge_cached(struct round *r, const int32_t *ids, size_t count)
{
	struct wusp_sync_reply *reply = r->reply;

	for (size_t i = 0; i < count; i++) {
		uint32_t node = wusp_graph_by_revision(r->g, ids[i]);
		struct wusp_sync_item item;

		if (node == WUSP_NONE) {
			add_id(&r->s->unknown, &r->s->unknown_capacity, &r->s->unknown_count,
			       ids[i]);
			continue;
		}
		if (!wusp_bit(r->s->cached.words, node))
			continue;
		wusp_bit_off(r->s->cached.words, node);
		if (!wusp_bit(r->s->needed.words, node))
			add_out(r, ids[i], node);
		else if (!reply->truncated && has_changed(r, node) &&
			 wusp_sync_item(r->g, r->d, node, r->q->client_version, &item))
			add_item(&reply->changed, &r->s->changed_capacity, &reply->changed_count,
				 &item);
	}
}

static int by_id(const void *left, const void *right)
{
	int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

	return a < b ? -1 : a > b;
}

/* Ids that this server never had, or has no more: each once. */
static void judge_unknown(struct round *r)
{
	struct wusp_sync_scratch *s = r->s;

	if (s->unknown_count > 1)
		qsort(s->unknown, s->unknown_count, sizeof *s->unknown, by_id);
	for (size_t i = 0; i < s->unknown_count; i++)
		if (i == 0 || s->unknown[i] != s->unknown[i - 1])
			add_out(r, s->unknown[i], WUSP_NONE);
}

/*
 * How far the client has been told; as far as before while more is to come, or when it keeps what
 * the filter kept us from looking at.
 */
static void put_stamp(struct round *r)
{
	struct wusp_stamp stamp = { .change = r->d->newest, .scope = r->d->scope };

	if (r->g->count > 0)
		stamp.revision = r->g->revision_id[r->g->count - 1];
	r->reply->stamp = r->reply->truncated || r->reply->deployed_out_of_scope_count > 0
				  ? r->q->stamp
				  : stamp;
}

int wusp_sync(const struct wusp_graph *g, const struct wusp_deployments *d,
	      const struct wusp_sync_request *q, struct wusp_sync_reply *reply, struct error *err)
{
	struct round r = { .g = g, .d = d, .q = q, .reply = reply };

	if (q->installed_count > LIMIT_WUSP_INSTALLED)
		return error_set(err, ERROR_WUSP_PARAMETERS,
				 "parameters.InstalledNonLeafUpdateIDs");
	begin(reply, g);
	r.s = reply->scratch;
	r.s->unknown_count = 0;
	r.s->page = LIMIT_WUSP_PAGE;
	r.s->page_bytes = LIMIT_WUSP_PAGE_BYTES;
	reply->driver_sync_not_needed = d->drivers_count == 0;
	satisfy(&r);
	if (q->driver_pass) {
		mark_cached(&r, q->cached_drivers, q->cached_drivers_count);
		wusp_drivers_find(g, d, q, reply);
		judge_cached(&r, q->cached_drivers, q->cached_drivers_count);
	} else {
		mark_cached(&r, q->installed, q->installed_count);
		mark_cached(&r, q->cached, q->cached_count);
		if (q->filter_count > 0)
			filter(&r);
		find_new(&r);
		judge_cached(&r, q->installed, q->installed_count);
		judge_cached(&r, q->cached, q->cached_count);
	}
	judge_unknown(&r);
	put_stamp(&r);
	return 0;
}
