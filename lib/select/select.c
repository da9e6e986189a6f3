#include "lib/select/select.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* enum catalog_category_type; this component does not know catalogs. */
enum { TYPE_CLASSIFICATION = 1, TYPE_FAMILY = 3, TYPE_PRODUCT = 4 };
enum { DAY = 86400, CHAIN_MAX = 16 };

struct deciding {
	const struct graph *g;
	const struct rules *rules;
	struct select_result *out;
	uint32_t present; /* keys that some rule has */
	uint32_t *queue;  /* nodes that are in; what they need is still to come */
	size_t head, tail;
	bool *needed; /* by itself, so that a bundle of it has to be in */
	uint32_t *needed_queue;
	size_t needed_head, needed_tail;
};

static bool has(const struct deciding *d, enum rules_key key)
{
	return (d->present & 1u << key) != 0;
}

/* ---- values of rules ---- */

/* A category by id or by its title. */
static bool is_category(const struct graph *g, uint32_t identity, const char *value)
{
	char guid[STR_GUID_SIZE];

	if (identity == GRAPH_NONE)
		return false;
	str_from_guid(g->identities[identity].guid, guid);
	return strcmp(guid, value) == 0 || strcasecmp(graph_title(g, identity), value) == 0;
}

static bool in_category(const struct graph *g, const struct graph_node *n, bool product,
			const char *value)
{
	for (uint32_t i = 0; i < n->categories.count; i++) {
		const struct graph_category *c = &g->categories[n->categories.first + i];
		bool type = product ? c->type == TYPE_PRODUCT || c->type == TYPE_FAMILY
				    : c->type == TYPE_CLASSIFICATION;

		if (type && is_category(g, c->identity, value))
			return true;
	}
	return false;
}

static bool has_kb(const struct graph_node *n, const char *value)
{
	return strcmp(n->kb + (strncasecmp(n->kb, "KB", 2) == 0 ? 2 : 0), value) == 0;
}

/* A number or severity may stand at the parts alone. */
static bool kb_here(const struct graph *g, const struct graph_node *n, const char *value)
{
	if (has_kb(n, value))
		return true;
	for (uint32_t i = 0; i < n->bundles.count; i++)
		if (has_kb(&g->nodes[g->reverse_bundled[n->bundles.first + i]], value))
			return true;
	return false;
}

static const char *severity_of(const struct graph *g, const struct graph_node *n)
{
	if (*n->severity)
		return n->severity;
	for (uint32_t i = 0; i < n->bundles.count; i++) {
		const char *s = g->nodes[g->reverse_bundled[n->bundles.first + i]].severity;

		if (*s)
			return s;
	}
	return "unspecified";
}

static bool id_here(const struct graph *g, uint32_t node, const char *value)
{
	char guid[STR_GUID_SIZE];

	str_from_guid(graph_guid(g, node), guid);
	return strcmp(guid, value) == 0;
}

bool select_fits(const struct graph *g, uint32_t node, const struct rules_entry *e)
{
	const struct graph_node *n = &g->nodes[node];

	switch (e->key) {
	case RULES_PRODUCT:
	case RULES_EXCLUDE_PRODUCT:
		return in_category(g, n, true, e->value);
	case RULES_CLASSIFICATION:
	case RULES_EXCLUDE_CLASSIFICATION:
		return in_category(g, n, false, e->value);
	case RULES_SEVERITY:
		return strcasecmp(severity_of(g, n), e->value) == 0;
	case RULES_KB:
	case RULES_EXCLUDE_KB:
		return kb_here(g, n, e->value);
	case RULES_UPDATE_ID:
	case RULES_EXCLUDE_UPDATE_ID:
		return id_here(g, node, e->value);
	case RULES_LANGUAGE:
	case RULES_MAX_AGE_DAYS:
	case RULES_SUPERSEDED:
	case RULES_EXPRESS:
	case RULES_DRIVER:
	case RULES_KEYS:
		break;
	}
	return false;
}

/* The first rule of this key that fits, or -1.  All are tried, to see which ones fit nothing. */
static int find_rule(struct deciding *d, uint32_t node, enum rules_key key)
{
	int found = -1;

	for (size_t i = 0; has(d, key) && i < d->rules->count; i++) {
		if (d->rules->entries[i].key != key ||
		    !select_fits(d->g, node, &d->rules->entries[i]))
			continue;
		d->out->matched[i] = true;
		if (found < 0)
			found = (int)i;
	}
	return found;
}

/* ---- one update by itself ---- */

static bool is_driver(const struct graph *g, const struct graph_node *n)
{
	/* The classification Drivers, for catalogs whose updates do not state their type. */
	return strcasecmp(n->type, "Driver") == 0 ||
	       in_category(g, n, false, "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0");
}

static bool is_old(const struct deciding *d, const struct graph_node *n)
{
	int64_t date = d->g->sources ? d->g->sources[n->source].created : -1;

	for (size_t i = 0; i < d->rules->count; i++) {
		const struct rules_entry *e = &d->rules->entries[i];
		uint64_t days = 0;

		if (e->key != RULES_MAX_AGE_DAYS)
			continue;
		if (str_to_u64(e->value, strlen(e->value), INT32_MAX, &days) && n->created > 0 &&
		    date >= 0)
			return date - n->created > (int64_t)days * DAY;
	}
	return false;
}

/* A usable update that replaces it, or GRAPH_NONE. */
static uint32_t superseder(const struct graph *g, const struct graph_node *n)
{
	for (uint32_t i = 0; i < n->superseded_by.count; i++) {
		uint32_t to = g->links[n->superseded_by.first + i];

		if (!g->nodes[to].is_quarantined)
			return to;
	}
	return GRAPH_NONE;
}

static struct select_decision because(enum select_reason reason, int rule, uint32_t by)
{
	return (struct select_decision){ .reason = (uint8_t)reason,
					 .rule = rule < 0 ? SELECT_NO_RULE : (uint16_t)rule,
					 .by = by };
}

static int find_named(struct deciding *d, uint32_t node)
{
	int kb = find_rule(d, node, RULES_KB), id = find_rule(d, node, RULES_UPDATE_ID);

	return kb >= 0 ? kb : id;
}

static int find_excluded(struct deciding *d, uint32_t node)
{
	static const enum rules_key excluding[] = { RULES_EXCLUDE_PRODUCT,
						    RULES_EXCLUDE_CLASSIFICATION, RULES_EXCLUDE_KB,
						    RULES_EXCLUDE_UPDATE_ID };
	int found = -1;

	for (size_t i = 0; i < sizeof excluding / sizeof *excluding; i++) {
		int rule = find_rule(d, node, excluding[i]);

		if (found < 0)
			found = rule;
	}
	return found;
}

static bool only_names(const struct deciding *d)
{
	return (has(d, RULES_KB) || has(d, RULES_UPDATE_ID)) && !has(d, RULES_PRODUCT) &&
	       !has(d, RULES_CLASSIFICATION) && !has(d, RULES_SEVERITY) &&
	       !has(d, RULES_MAX_AGE_DAYS);
}

static struct select_decision judge(struct deciding *d, uint32_t node)
{
	const struct graph_node *n = &d->g->nodes[node];
	int excluded = find_excluded(d, node), named = find_named(d, node);
	int product = find_rule(d, node, RULES_PRODUCT);
	int classification = find_rule(d, node, RULES_CLASSIFICATION);
	int severity = find_rule(d, node, RULES_SEVERITY);

	if (n->is_quarantined)
		return because(SELECT_QUARANTINED, -1, GRAPH_NONE);
	if (excluded >= 0)
		return because(SELECT_EXCLUDED, excluded, GRAPH_NONE);
	if (named >= 0)
		return because(SELECT_NAMED, named, GRAPH_NONE);
	if (n->bundled_by.count > 0)
		return because(SELECT_NO_BUNDLE, -1, d->g->links[n->bundled_by.first]); /* so far */
	if (only_names(d))
		return because(SELECT_UNNAMED, -1, GRAPH_NONE);
	if (has(d, RULES_PRODUCT) && product < 0)
		return because(SELECT_OTHER_PRODUCT, -1, GRAPH_NONE);
	if (has(d, RULES_CLASSIFICATION) && classification < 0)
		return because(SELECT_OTHER_CLASSIFICATION, -1, GRAPH_NONE);
	if (has(d, RULES_SEVERITY) && severity < 0)
		return because(SELECT_OTHER_SEVERITY, -1, GRAPH_NONE);
	if (is_old(d, n))
		return because(SELECT_OLD, -1, GRAPH_NONE);
	uint32_t newer = superseder(d->g, n);
	if (!rules_yes(d->rules, RULES_SUPERSEDED) && newer != GRAPH_NONE)
		return because(SELECT_SUPERSEDED, -1, newer);
	if (!rules_yes(d->rules, RULES_DRIVER) && is_driver(d->g, n))
		return because(SELECT_DRIVER, -1, GRAPH_NONE);
	return because(SELECT_RULES,
		       product >= 0          ? product
		       : classification >= 0 ? classification
					     : severity,
		       GRAPH_NONE);
}

/* ---- what they need ---- */

/* Take a node in, once.  What cannot be used stays out whoever needs it. */
static void take(struct deciding *d, uint32_t node, struct select_decision why)
{
	struct select_decision *now = &d->out->decisions[node];

	if (now->reason == SELECT_METADATA || now->reason == SELECT_QUARANTINED ||
	    select_is_in((enum select_reason)now->reason))
		return;
	*now = why;
	d->queue[d->tail++] = node;
}

/* It has to be installable by itself: a part is only with its bundle. */
static void need(struct deciding *d, uint32_t node)
{
	if (d->needed[node] || !select_takes(d->out, node))
		return;
	d->needed[node] = true;
	d->needed_queue[d->needed_tail++] = node;
}

static void take_bundles(struct deciding *d, uint32_t node)
{
	const struct graph_node *n = &d->g->nodes[node];

	for (uint32_t i = 0; i < n->bundled_by.count; i++) {
		uint32_t to = d->g->links[n->bundled_by.first + i];

		take(d, to, because(SELECT_WHOLE, -1, node));
		need(d, to);
	}
}

/*
 * All of them, also when a detectoid can fulfil the group: where it does not hold, only one of the
 * others helps.
 */
static void take_group(struct deciding *d, uint32_t node, const struct graph_span *group)
{
	const struct graph *g = d->g;

	for (uint32_t i = 0; i < group->count; i++) {
		const struct graph_span *s = &g->identities[g->links[group->first + i]].nodes;

		for (uint32_t k = 0; k < s->count; k++) {
			uint32_t to = g->identity_nodes[s->first + k];

			take(d, to, because(SELECT_PREREQUISITE, -1, node));
			need(d, to);
		}
	}
}

/* The least set that has everything: in whatever order, the same one. */
static void close_over(struct deciding *d)
{
	const struct graph *g = d->g;

	while (d->head < d->tail || d->needed_head < d->needed_tail) {
		if (d->needed_head < d->needed_tail) {
			take_bundles(d, d->needed_queue[d->needed_head++]);
			continue;
		}
		uint32_t node = d->queue[d->head++];
		const struct graph_node *n = &g->nodes[node];

		for (uint32_t i = 0; i < n->bundles.count; i++)
			take(d, g->reverse_bundled[n->bundles.first + i],
			     because(SELECT_PART, -1, node));
		for (uint32_t i = 0; i < n->groups.count; i++)
			take_group(d, node, &g->groups[n->groups.first + i]);
	}
}

void select_decide(const struct graph *g, const struct rules *rules, struct select_result *out)
{
	struct deciding d = { .g = g, .rules = rules, .out = out };

	*out = (struct select_result){ .count = g->node_count, .graph = g, .rules = rules };
	out->decisions = buf_calloc(g->node_count, sizeof *out->decisions);
	d.queue = buf_calloc(g->node_count, sizeof *d.queue);
	d.needed_queue = buf_calloc(g->node_count, sizeof *d.needed_queue);
	d.needed = buf_calloc(g->node_count, sizeof *d.needed);
	for (size_t i = 0; i < rules->count; i++)
		d.present |= 1u << rules->entries[i].key;
	for (uint32_t i = 0; i < g->node_count; i++) {
		struct select_decision *now = &out->decisions[i];

		*now = g->nodes[i].is_evaluate ? because(SELECT_METADATA, -1, GRAPH_NONE)
					       : judge(&d, i);
		if (!select_is_in((enum select_reason)now->reason))
			continue;
		d.queue[d.tail++] = i;
		need(&d, i);
	}
	close_over(&d);
	for (size_t i = 0; i < out->count; i++)
		out->reasons[out->decisions[i].reason]++;
	free(d.queue);
	free(d.needed_queue);
	free(d.needed);
}

void select_clear(struct select_result *r)
{
	free(r->decisions);
	*r = (struct select_result){ 0 };
}

bool select_is_in(enum select_reason reason)
{
	return reason >= SELECT_RULES && reason <= SELECT_PREREQUISITE;
}

bool select_takes(const struct select_result *r, uint32_t node)
{
	return select_is_in((enum select_reason)r->decisions[node].reason);
}

/* ---- files ---- */

static bool language_wanted(const struct select_result *r, const struct graph_node *n)
{
	bool asked = false;

	for (size_t i = 0; i < r->rules->count; i++) {
		const struct rules_entry *e = &r->rules->entries[i];

		if (e->key != RULES_LANGUAGE)
			continue;
		asked = true;
		for (uint32_t k = 0; k < n->languages.count; k++)
			if (strcasecmp(r->graph->languages[n->languages.first + k], e->value) == 0)
				return true;
	}
	return !asked || n->languages.count == 0;
}

bool select_takes_file(const struct select_result *r, const struct select_file *f)
{
	if (f->node == GRAPH_NONE || !select_takes(r, f->node))
		return false;
	if (f->is_licence)
		return true;
	if (f->is_express && !rules_yes(r->rules, RULES_EXPRESS))
		return false;
	return language_wanted(r, &r->graph->nodes[f->node]);
}

bool select_is_express(const char *patching_type, const char *name)
{
	size_t len = strlen(name);

	if (*patching_type)
		return strcasecmp(patching_type, "Express") == 0;
	return (len > 4 && strcasecmp(name + len - 4, ".psf") == 0) ||
	       (len > 12 && strcasecmp(name + len - 12, "-express.cab") == 0);
}

/* ---- words ---- */

static const struct {
	const char *name, *words;
} reasons[SELECT_REASONS] = {
	[SELECT_UNDECIDED] = { "undecided", "undecided" },
	[SELECT_METADATA] = { "metadata", "carries nothing but metadata" },
	[SELECT_RULES] = { "rules", "in: fits the rules" },
	[SELECT_NAMED] = { "named", "in: named by" },
	[SELECT_PART] = { "part", "in: part of" },
	[SELECT_WHOLE] = { "whole", "in: the bundle of" },
	[SELECT_PREREQUISITE] = { "prerequisite", "in: prerequisite of" },
	[SELECT_QUARANTINED] = { "quarantined", "out: quarantined" },
	[SELECT_EXCLUDED] = { "excluded", "out: rule" },
	[SELECT_OTHER_PRODUCT] = { "other-product", "out: of no product that is wanted" },
	[SELECT_OTHER_CLASSIFICATION] = { "other-classification",
					  "out: of no classification that is wanted" },
	[SELECT_OTHER_SEVERITY] = { "other-severity", "out: of no severity that is wanted" },
	[SELECT_OLD] = { "old", "out: older than max-age-days" },
	[SELECT_SUPERSEDED] = { "superseded", "out: superseded by" },
	[SELECT_DRIVER] = { "driver", "out: a driver" },
	[SELECT_UNNAMED] = { "unnamed", "out: not named" },
	[SELECT_NO_BUNDLE] = { "no-bundle", "out: part of" },
};

const char *select_reason_name(enum select_reason reason)
{
	return reasons[reason].name;
}

static int say_update(const struct select_result *r, uint32_t node, struct buf *out,
		      struct error *err)
{
	const struct graph_node *n = &r->graph->nodes[node];
	char guid[STR_GUID_SIZE];

	str_from_guid(graph_guid(r->graph, node), guid);
	return buf_printf(out, err, " %s.%u%s%s", guid, n->number, *n->kb ? " KB" : "", n->kb);
}

int select_explain(const struct select_result *r, uint32_t node, struct buf *out, struct error *err)
{
	for (int steps = 0; node != GRAPH_NONE && steps < CHAIN_MAX; steps++) {
		const struct select_decision *d = &r->decisions[node];
		bool ruled = d->rule != SELECT_NO_RULE;
		const struct rules_entry *e = &r->rules->entries[ruled ? d->rule : 0];

		if (buf_printf(out, err, "%s%s", steps ? "; " : "", reasons[d->reason].words) < 0 ||
		    (ruled &&
		     buf_printf(out, err, " %s %s", rules_key_name(e->key), e->value) < 0) ||
		    (d->by != GRAPH_NONE && say_update(r, d->by, out, err) < 0))
			return -1;
		/* Why the newer one is in or out is another question. */
		node = d->reason == SELECT_SUPERSEDED ? GRAPH_NONE : d->by;
	}
	return 0;
}
