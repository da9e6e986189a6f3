#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/select/rules.h"
#include "lib/select/select.h"
#include "lib/select/tree.h"
#include "lib/store/graph_rows.h"
#include "lib/store/store.h"
#include "verifier/inquiry/clean.h"
#include "verifier/inquiry/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_PART_MAX = 255 };

const struct cli_option query_options[] = {
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "the repository" },
	{ "kb", CLI_TEXT, "NUMBER", NULL, false, "updates of this KB article" },
	{ "id", CLI_TEXT, "UPDATEID", NULL, false, "all revisions of this update" },
	{ "product", CLI_TEXT, "NAME|ID", NULL, false, "updates of this product or family" },
	{ "title", CLI_TEXT, "TEXT", NULL, false, "titles that contain this text" },
	{ "tree", CLI_FLAG, NULL, NULL, false,
	  "what replaces each, what it replaces, what it needs" },
	CLI_OPTIONS_END,
};

struct asking {
	const struct graph *g;
	const char *title;
	unsigned char id[16];
	bool by_id;
	struct rules rules; /* of kb and product: what select.c knows how to match */
};

/* ---- which ones ---- */

/* In any case of ASCII letters. */
static bool contains(const char *text, const char *part)
{
	return strlen(part) <= TITLE_PART_MAX && strcasestr(text, part);
}

static int add_rule(struct asking *a, const char *key, const char *value, struct error *err)
{
	const struct conf_entry e = {
		.file = "command line", .section = "options", .key = key, .value = value
	};

	return value ? rules_add_entry(&a->rules, &e, err) : 0;
}

static int read_question(const struct cli_args *args, struct asking *a, struct error *err)
{
	const char *id = cli_text(args, "id");

	a->title = cli_text(args, "title");
	a->by_id = id != NULL;
	if (id && !str_to_guid(id, strlen(id), a->id))
		return error_set(err, ERROR_USAGE, "--id %s: not an UpdateID", id);
	return add_rule(a, "kb", cli_text(args, "kb"), err) < 0 ||
			       add_rule(a, "product", cli_text(args, "product"), err) < 0
		       ? -1
		       : 0;
}

static bool fits(const struct asking *a, uint32_t node)
{
	const struct graph_node *n = &a->g->nodes[node];

	if (a->by_id && memcmp(graph_guid(a->g, node), a->id, sizeof a->id) != 0)
		return false;
	if (a->title && !contains(n->title, a->title))
		return false;
	for (size_t i = 0; i < a->rules.count; i++)
		if (!select_fits(a->g, node, &a->rules.entries[i]))
			return false;
	return true;
}

/* ---- showing ---- */

static json_t *node_json(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->nodes[node];
	char guid[STR_GUID_SIZE], created[STR_TIME_SIZE] = "";

	if (n->created > 0)
		str_from_time(n->created, created);
	str_from_guid(graph_guid(g, node), guid);
	return json_pack("{s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "source_revision",
			 (json_int_t)n->revision, "update_id", guid, "revision_number",
			 (json_int_t)n->number, "type", n->type, "kb", n->kb, "severity",
			 n->severity, "title", n->title, "created", created, "is_bundle",
			 n->is_bundle, "quarantined", n->is_quarantined);
}

static void node_text(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->nodes[node];
	char guid[STR_GUID_SIZE];

	str_from_guid(graph_guid(g, node), guid);
	printf("%u %s.%u%s", n->revision, guid, n->number,
	       n->is_quarantined ? " [quarantined]" : "");
	clean_print_update(n->kb, *n->title ? n->title : n->type);
}

static const char *const marks[] = {
	[TREE_PLAIN] = "",      [TREE_ONE_OF] = "one of",          [TREE_AGAIN] = "shown above",
	[TREE_CYCLE] = "cycle", [TREE_DEEP] = "not shown further", [TREE_ABSENT] = "not here",
	[TREE_CUT] = "cut",
};

struct showing {
	const struct graph *g;
	json_t *out; /* NULL: text */
};

static void on_item(void *ctx, const struct tree_item *item)
{
	const struct showing *s = ctx;
	char guid[STR_GUID_SIZE] = "";

	if (item->mark == TREE_ABSENT)
		str_from_guid(s->g->identities[item->identity].guid, guid);
	if (s->out) {
		json_t *row =
			item->node != GRAPH_NONE ? node_json(s->g, item->node) : json_object();

		json_object_set_new(row, "depth", json_integer(item->depth));
		json_object_set_new(row, "mark", json_string(marks[item->mark]));
		if (*guid)
			json_object_set_new(row, "update_id", json_string(guid));
		json_array_append_new(s->out, row);
		return;
	}
	printf("    %*s", (int)(2 * item->depth), "");
	if (item->mark == TREE_ONE_OF)
		printf("one of %u:", item->count);
	else if (item->node != GRAPH_NONE)
		node_text(s->g, item->node);
	else
		fputs(guid, stdout);
	if (item->mark != TREE_PLAIN && item->mark != TREE_ONE_OF)
		printf(" (%s)", marks[item->mark]);
	putchar('\n');
}

static const struct {
	enum tree_kind kind;
	const char *key, *heading;
} trees[] = {
	{ TREE_SUPERSEDED_BY, "superseded_by", "superseded by" },
	{ TREE_SUPERSEDES, "supersedes", "supersedes" },
	{ TREE_PREREQUISITES, "prerequisites", "prerequisites" },
};

static void show_trees(const struct graph *g, uint32_t node, json_t *row)
{
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
		struct showing s = { g, row ? json_array() : NULL };

		if (!row)
			printf("  %s\n", trees[i].heading);
		tree_walk(g, node, trees[i].kind, on_item, &s);
		if (row)
			json_object_set_new(row, trees[i].key, s.out);
	}
}

int query_verb(const struct cli_args *args, struct error *err)
{
	struct asking a = { .by_id = false };
	bool tree = cli_flag(args, "tree");
	size_t found = 0;

	if (read_question(args, &a, err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	CLEANUP(graph_free) struct graph *g = s ? graph_rows_load(s, err) : NULL;
	if (!g)
		return -1;
	json_t *all = args->json ? json_array() : NULL;
	a.g = g;
	for (uint32_t i = 0; i < g->node_count; i++) {
		if (!fits(&a, i))
			continue;
		json_t *row = all ? node_json(g, i) : NULL;

		found++;
		if (!all) {
			node_text(g, i);
			putchar('\n');
		}
		if (tree)
			show_trees(g, i, row);
		if (all)
			json_array_append_new(all, row);
	}
	if (found == 0 && tree) {
		json_decref(all);
		return error_set(err, ERROR_QUERY_ABSENT, "no update that fits");
	}
	if (all)
		cli_print_json(json_pack("{s:o}", "updates", all));
	return 0;
}
