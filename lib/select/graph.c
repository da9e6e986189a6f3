#include "lib/select/graph.h"

#include "lib/base/buf.h"

#include <stdlib.h>
#include <string.h>

/* Number n of an array that grows by one. */
#define GROW(g, what)                                                                    \
	((g)->what##s = buf_grow((g)->what##s, &(g)->what##_capacity, (g)->what##_count, \
				 sizeof *(g)->what##s),                                  \
	 (g)->what##_count++)

struct graph *graph_new(void)
{
	return buf_calloc(1, sizeof(struct graph));
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	arena_clear(&g->texts);
	free(g->identities);
	free(g->sources);
	free(g->nodes);
	free(g->groups);
	free(g->links);
	free(g->categories);
	free(g->languages);
	free(g->identity_nodes);
	free(g->reverse_superseded);
	free(g->reverse_bundled);
	free(g);
}

/* ---- filling ---- */

void graph_add_identity(struct graph *g, int64_t id, const unsigned char guid[16])
{
	g->identities = buf_grow(g->identities, &g->identity_capacity, g->identity_count,
				 sizeof *g->identities);
	struct graph_identity *i = &g->identities[g->identity_count++];

	*i = (struct graph_identity){ .id = id };
	memcpy(i->guid, guid, sizeof i->guid);
}

void graph_add_source(struct graph *g, int64_t id, int64_t created)
{
	size_t at = GROW(g, source);

	g->sources[at] = (struct graph_source){ .id = id, .created = created };
}

static uint32_t find_identity(const struct graph *g, int64_t id)
{
	size_t low = 0, high = g->identity_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->identities[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < g->identity_count && g->identities[low].id == id ? (uint32_t)low : GRAPH_NONE;
}

static const char *keep(struct graph *g, const char *text)
{
	return text && *text ? arena_text(&g->texts, text, strlen(text)) : "";
}

void graph_add_node(struct graph *g, const struct graph_node *n)
{
	size_t at = GROW(g, node);
	struct graph_node *out = &g->nodes[at];

	*out = *n;
	out->type = keep(g, n->type);
	out->kb = keep(g, n->kb);
	out->severity = keep(g, n->severity);
	out->title = keep(g, n->title);
	out->identity = find_identity(g, n->identity_id);
	out->source = 0;
	for (size_t i = 0; i < g->source_count; i++)
		if (g->sources[i].id == n->source_id)
			out->source = (uint32_t)i;
	out->groups = (struct graph_span){ (uint32_t)g->group_count, 0 };
	out->superseded_by = out->bundled_by = (struct graph_span){ 0, 0 };
	out->categories = (struct graph_span){ (uint32_t)g->category_count, 0 };
	out->languages = (struct graph_span){ (uint32_t)g->language_count, 0 };
}

static struct graph_node *newest(struct graph *g)
{
	return &g->nodes[g->node_count - 1];
}

static void add_link(struct graph *g, struct graph_span *span, uint32_t value)
{
	size_t at = GROW(g, link);

	if (span->count++ == 0)
		span->first = (uint32_t)at;
	g->links[at] = value;
}

void graph_add_group(struct graph *g)
{
	size_t at = GROW(g, group);

	g->groups[at] = (struct graph_span){ 0, 0 };
	newest(g)->groups.count++;
}

void graph_add_alternative(struct graph *g, int64_t identity)
{
	uint32_t number = find_identity(g, identity);

	if (number != GRAPH_NONE)
		add_link(g, &g->groups[g->group_count - 1], number);
}

void graph_add_superseded_by(struct graph *g, uint32_t revision)
{
	add_link(g, &newest(g)->superseded_by, revision);
}

void graph_add_bundled_by(struct graph *g, uint32_t revision)
{
	add_link(g, &newest(g)->bundled_by, revision);
}

void graph_add_category(struct graph *g, unsigned type, int64_t identity)
{
	g->categories = buf_grow(g->categories, &g->category_capacity, g->category_count,
				 sizeof *g->categories);
	g->categories[g->category_count++] =
		(struct graph_category){ type, find_identity(g, identity) };
	newest(g)->categories.count++;
}

void graph_add_language(struct graph *g, const char *text, size_t len)
{
	size_t at = GROW(g, language);

	g->languages[at] = arena_text(&g->texts, text, len);
	newest(g)->languages.count++;
}

/* ---- finishing ---- */

/* Revisions of the source become nodes; those that are not here go. */
static void resolve(struct graph *g, const struct graph_node *n, struct graph_span *span)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < span->count; i++) {
		uint32_t to = graph_find(g, n->source_id, g->links[span->first + i]);

		if (to != GRAPH_NONE)
			g->links[span->first + kept++] = to;
	}
	span->count = kept;
}

/* For each node that links lead to: who they come from, in order. */
static uint32_t *reverse(struct graph *g, size_t from, size_t to)
{
	uint32_t total = 0;

#define SPAN(node, offset) ((struct graph_span *)(void *)((char *)(node) + (offset)))
	for (size_t i = 0; i < g->node_count; i++) {
		const struct graph_span *s = SPAN(&g->nodes[i], from);

		for (uint32_t k = 0; k < s->count; k++)
			SPAN(&g->nodes[g->links[s->first + k]], to)->count++;
		total += s->count;
	}
	uint32_t *out = buf_calloc(total, sizeof *out), at = 0;
	for (size_t i = 0; i < g->node_count; i++) {
		struct graph_span *s = SPAN(&g->nodes[i], to);

		s->first = at;
		at += s->count;
		s->count = 0;
	}
	for (size_t i = 0; i < g->node_count; i++) {
		const struct graph_span *s = SPAN(&g->nodes[i], from);

		for (uint32_t k = 0; k < s->count; k++) {
			struct graph_span *t = SPAN(&g->nodes[g->links[s->first + k]], to);

			out[t->first + t->count++] = (uint32_t)i;
		}
	}
#undef SPAN
	return out;
}

static void index_identities(struct graph *g)
{
	uint32_t at = 0;

	g->identity_nodes = buf_calloc(g->node_count, sizeof *g->identity_nodes);
	for (size_t i = 0; i < g->node_count; i++)
		if (g->nodes[i].identity != GRAPH_NONE)
			g->identities[g->nodes[i].identity].nodes.count++;
	for (size_t i = 0; i < g->identity_count; i++) {
		struct graph_span *s = &g->identities[i].nodes;

		s->first = at;
		at += s->count;
		s->count = 0;
	}
	for (size_t i = 0; i < g->node_count; i++) {
		if (g->nodes[i].identity == GRAPH_NONE)
			continue;
		struct graph_span *s = &g->identities[g->nodes[i].identity].nodes;

		g->identity_nodes[s->first + s->count++] = (uint32_t)i;
	}
}

static void date_sources(struct graph *g)
{
	for (size_t i = 0; i < g->source_count; i++) {
		struct graph_source *s = &g->sources[i];
		bool dated = s->created >= 0;

		for (size_t k = 0; k < g->node_count && !dated; k++)
			if (g->nodes[k].source == i && g->nodes[k].created > s->created)
				s->created = g->nodes[k].created;
	}
}

void graph_finish(struct graph *g)
{
	for (size_t i = 0; i < g->node_count; i++) {
		struct graph_node *n = &g->nodes[i];

		resolve(g, n, &n->superseded_by);
		resolve(g, n, &n->bundled_by);
		n->supersedes = n->bundles = (struct graph_span){ 0, 0 };
	}
	g->reverse_superseded = reverse(g, offsetof(struct graph_node, superseded_by),
					offsetof(struct graph_node, supersedes));
	g->reverse_bundled = reverse(g, offsetof(struct graph_node, bundled_by),
				     offsetof(struct graph_node, bundles));
	index_identities(g);
	date_sources(g);
}

/* ---- asking ---- */

uint32_t graph_find(const struct graph *g, int64_t source_id, uint32_t revision)
{
	size_t low = 0, high = g->node_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct graph_node *n = &g->nodes[mid];

		if (n->source_id < source_id ||
		    (n->source_id == source_id && n->revision < revision))
			low = mid + 1;
		else
			high = mid;
	}
	if (low < g->node_count && g->nodes[low].source_id == source_id &&
	    g->nodes[low].revision == revision)
		return (uint32_t)low;
	return GRAPH_NONE;
}

const unsigned char *graph_guid(const struct graph *g, uint32_t node)
{
	static const unsigned char none[16] = { 0 };
	uint32_t identity = g->nodes[node].identity;

	return identity == GRAPH_NONE ? none : g->identities[identity].guid;
}

const char *graph_title(const struct graph *g, uint32_t identity)
{
	const struct graph_span *s = &g->identities[identity].nodes;

	for (uint32_t i = 0; i < s->count; i++) {
		const char *title = g->nodes[g->identity_nodes[s->first + i]].title;

		if (*title)
			return title;
	}
	return "";
}
