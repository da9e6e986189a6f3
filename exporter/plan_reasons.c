#include "exporter/plan_reasons.h"

#include "exporter/increment.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/graph_rows.h"
#include "lib/store/rows.h"
#include "lib/store/selection.h"
#include "verifier/inquiry/clean.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 1 << 16 };

/* Files that a site without anything lacks after the bundle, of one update or of all. */
struct lack {
	uint64_t missing, assumed, unselected, bytes;
};

struct counting {
	const struct plan_reasons *reasons;
	const struct graph *graph; /* also when there is no selection */
	json_t *updates;           /* NULL: text */
	uint32_t node;             /* whose files are being counted */
	struct lack one, all;
	uint64_t incomplete;
};

static json_t *lack_json(const struct lack *l)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "files_missing", (json_int_t)l->missing,
			 "files_assumed", (json_int_t)l->assumed, "files_not_selected",
			 (json_int_t)l->unselected, "bytes", (json_int_t)l->bytes);
}

static json_t *update_json(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->nodes[node];
	char guid[STR_GUID_SIZE];

	str_from_guid(graph_guid(g, node), guid);
	return json_pack("{s:s, s:I, s:I, s:s, s:s}", "update_id", guid, "revision_number",
			 (json_int_t)n->number, "source_revision", (json_int_t)n->revision, "kb",
			 n->kb, "title", n->title);
}

static void update_text(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->nodes[node];
	char guid[STR_GUID_SIZE];

	str_from_guid(graph_guid(g, node), guid);
	printf("%s.%u", guid, n->number);
	clean_print_update(n->kb, n->title);
}

/* ---- what a site would miss ---- */

static void end_update(struct counting *c)
{
	const struct lack *l = &c->one;

	if (c->node == GRAPH_NONE || l->missing + l->assumed + l->unselected == 0)
		return;
	c->incomplete++;
	c->all.missing += l->missing;
	c->all.assumed += l->assumed;
	c->all.unselected += l->unselected;
	c->all.bytes += l->bytes;
	if (c->updates) {
		json_t *row = update_json(c->graph, c->node), *lack = lack_json(l);

		json_object_update(row, lack);
		json_decref(lack);
		json_array_append_new(c->updates, row);
	} else if (c->reasons->missing) {
		printf("  lacks %llu missing, %llu assumed, %llu not selected: ",
		       (unsigned long long)l->missing, (unsigned long long)l->assumed,
		       (unsigned long long)l->unselected);
		update_text(c->graph, c->node);
		putchar('\n');
	}
}

static int on_named(void *ctx, const struct rows_named_file *f, struct error *err)
{
	struct counting *c = ctx;
	uint32_t node = graph_find(c->graph, f->mention.source_id, f->mention.source_revision);

	(void)err;
	if (node == GRAPH_NONE || c->graph->nodes[node].is_quarantined)
		return 0;
	if (node != c->node) {
		end_update(c);
		c->node = node;
		c->one = (struct lack){ 0 };
	}
	bool chosen = selection_wants(c->reasons->chosen, &f->mention);
	bool assumed = f->object && increment_assumes(c->reasons->increment, f->object);
	c->one.missing += chosen && !f->object;
	c->one.assumed += chosen && assumed;
	c->one.unselected += !chosen;
	if (!chosen || !f->object || assumed)
		c->one.bytes += f->size;
	return 0;
}

static int count(struct counting *c, struct error *err)
{
	c->node = GRAPH_NONE;
	if (rows_each_named(c->reasons->store, on_named, c, err) < 0)
		return -1;
	end_update(c);
	return 0;
}

/* ---- why ---- */

static json_t *selection_json(const struct selection *s)
{
	json_t *reasons = json_object(), *unmatched = json_array();
	char hex[DIGEST_HEX];

	for (int i = 1; i < SELECT_REASONS; i++)
		json_object_set_new(reasons, select_reason_name((enum select_reason)i),
				    json_integer((json_int_t)s->result.reasons[i]));
	for (size_t i = 0; i < s->rules.count; i++) {
		const struct rules_entry *e = &s->rules.entries[i];

		if (rules_names_something(e->key) && !s->result.matched[i])
			json_array_append_new(unmatched,
					      json_pack("{s:s, s:s}", "key", rules_key_name(e->key),
							"value", e->value));
	}
	str_to_hex(s->digest, sizeof s->digest, hex);
	return json_pack("{s:s, s:I, s:o, s:o}", "sha256", hex, "rules", (json_int_t)s->rules.count,
			 "updates", reasons, "unmatched", unmatched);
}

static void selection_text(const struct selection *s)
{
	char hex[DIGEST_HEX];

	str_to_hex(s->digest, sizeof s->digest, hex);
	printf("selection of %zu rules, SHA-256 %s\n", s->rules.count, hex);
	for (size_t i = 0; i < s->rules.count; i++) {
		const struct rules_entry *e = &s->rules.entries[i];
		bool nothing = rules_names_something(e->key) && !s->result.matched[i];

		printf("  %s = %s%s\n", rules_key_name(e->key), e->value,
		       nothing ? " (no update of this repository)" : "");
	}
	for (int i = 1; i < SELECT_REASONS; i++)
		if (s->result.reasons[i])
			printf("  %8zu updates: %s\n", s->result.reasons[i],
			       select_reason_name((enum select_reason)i));
}

/* Each update, with the words of select_explain(); out NULL: printed. */
static int explain(const struct selection *s, json_t *out, struct error *err)
{
	for (uint32_t i = 0; i < s->graph->node_count; i++) {
		CLEANUP(buf_clear) struct buf why = BUF_INIT(TEXT_BYTES);
		enum select_reason reason = (enum select_reason)s->result.decisions[i].reason;

		if (select_explain(&s->result, i, &why, err) < 0)
			return -1;
		if (!out) {
			printf("  ");
			update_text(s->graph, i);
			printf("\n      %.*s\n", (int)why.len, (const char *)why.bytes);
			continue;
		}
		json_t *row = update_json(s->graph, i);
		json_object_set_new(row, "reason", json_string(select_reason_name(reason)));
		json_object_set_new(row, "in", json_boolean(select_is_in(reason)));
		json_object_set_new(row, "why", json_stringn((const char *)why.bytes, why.len));
		json_array_append_new(out, row);
	}
	return 0;
}

static int run(const struct plan_reasons *r, json_t *out, struct error *err)
{
	CLEANUP(graph_free)
	struct graph *own = r->chosen->has ? NULL : graph_rows_load(r->store, err);
	struct counting c = { .reasons = r, .graph = r->chosen->has ? r->chosen->graph : own };
	json_t *updates = out && r->explain ? json_array() : NULL;
	int failed = 0;

	if (!c.graph)
		return -1;
	if (out && r->chosen->has)
		json_object_set_new(out, "selection", selection_json(r->chosen));
	else if (r->chosen->has)
		selection_text(r->chosen);
	if (r->explain && r->chosen->has) {
		failed = explain(r->chosen, updates, err);
	} else if (r->explain) {
		struct selection all = { .graph = own };

		select_decide(own, &all.rules, &all.result);
		failed = explain(&all, updates, err);
		select_clear(&all.result);
	}
	if (updates)
		json_object_set_new(out, "updates", updates);
	if (out && r->missing) {
		c.updates = json_array();
		json_object_set_new(out, "missing_updates", c.updates);
	}
	if (failed || count(&c, err) < 0)
		return -1;
	if (out) {
		json_t *alone = lack_json(&c.all);

		json_object_set_new(alone, "updates", json_integer((json_int_t)c.incomplete));
		json_object_set_new(out, "alone", alone);
		return 0;
	}
	printf("a site that has only this bundle lacks files of %llu updates: %llu missing here, "
	       "%llu assumed there, %llu not selected; %llu bytes\n",
	       (unsigned long long)c.incomplete, (unsigned long long)c.all.missing,
	       (unsigned long long)c.all.assumed, (unsigned long long)c.all.unselected,
	       (unsigned long long)c.all.bytes);
	return 0;
}

int plan_reasons_json(const struct plan_reasons *r, json_t *out, struct error *err)
{
	return run(r, out, err);
}

int plan_reasons_text(const struct plan_reasons *r, struct error *err)
{
	return run(r, NULL, err);
}
