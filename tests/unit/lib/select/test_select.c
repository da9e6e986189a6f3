#include "lib/select/select.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/select/tree.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/*
 * A catalog in a table.  Identity n has the GUID of 16 bytes n; revisions are those of source 1.
 * 1 product A, 2 product B, 3 classification, 4 detectoid; bundle 10 (product A) has leaves 11 and
 * 12, 12 is in bundle 20 too; bundle 20 (product B) supersedes 10 and needs leaf 31, of bundle 30
 * (product B, quarantined part 32); 40 is alone, a driver, and needs one of 4 and 20; 50 and 60
 * need each other.
 */
struct row {
	uint32_t revision;
	const char *type, *kb, *severity;
	bool evaluate, bundle, quarantined;
	int64_t created;
	uint32_t product, superseded_by, bundled_by[2], needs[2]; /* needs: alternatives */
	const char *language;
};

enum { DAY = 86400, NOW = 1000 * DAY };

static const struct row rows[] = {
	{ 1, "Category", "", "", .evaluate = true },
	{ 2, "Category", "", "", .evaluate = true },
	{ 3, "Category", "", "", .evaluate = true },
	{ 4, "Detectoid", "", "", .evaluate = true },
	{ 10, "Software", "100", "Low", .bundle = true, .created = NOW - 90 * DAY, .product = 1,
	  .superseded_by = 20, .needs = { 4 } },
	{ 11, "Software", "", "", .bundled_by = { 10 }, .language = "de" },
	{ 12, "Software", "", "", .bundled_by = { 10, 20 }, .language = "en" },
	{ 20, "Software", "200", "", .bundle = true, .created = NOW - 10 * DAY, .product = 2,
	  .needs = { 31 } },
	{ 30, "Software", "300", "", .bundle = true, .created = NOW, .product = 2 },
	{ 31, "Software", "", "Critical", .bundled_by = { 30 } },
	{ 32, "Software", "", "", .bundled_by = { 30 }, .quarantined = true },
	{ 33, "Software", "", "", .bundled_by = { 30 } },
	{ 40, "Driver", "400", "", .created = NOW, .product = 1, .needs = { 4, 20 } },
	{ 50, "Software", "500", "", .created = NOW, .product = 9, .needs = { 60 } },
	{ 60, "Software", "600", "", .created = NOW, .product = 9, .needs = { 50 } },
};

static struct graph *make(void)
{
	struct graph *g = graph_new();

	for (int i = 1; i < 100; i++) {
		unsigned char guid[16];

		memset(guid, i, sizeof guid);
		graph_add_identity(g, i, guid);
	}
	graph_add_source(g, 1, NOW);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		const struct graph_node n = { .source_id = 1,
					      .identity_id = r->revision,
					      .revision = r->revision,
					      .number = 100,
					      .created = r->created,
					      .type = r->type,
					      .kb = r->kb,
					      .severity = r->severity,
					      .title = r->revision == 1   ? "Product A"
						       : r->revision == 2 ? "Product B"
									  : "",
					      .is_bundle = r->bundle,
					      .is_evaluate = r->evaluate,
					      .is_quarantined = r->quarantined };

		graph_add_node(g, &n);
		if (r->needs[0]) {
			graph_add_group(g);
			graph_add_alternative(g, r->needs[0]);
		}
		if (r->needs[1])
			graph_add_alternative(g, r->needs[1]);
		if (r->superseded_by)
			graph_add_superseded_by(g, r->superseded_by);
		for (int k = 0; k < 2; k++)
			if (r->bundled_by[k])
				graph_add_bundled_by(g, r->bundled_by[k]);
		if (r->product)
			graph_add_category(g, 4, r->product);
		if (r->language)
			graph_add_language(g, r->language, strlen(r->language));
	}
	graph_finish(g);
	return g;
}

static const struct {
	const char *rules, *in; /* the revisions that are in */
} table[] = {
	{ "", "10 11 12 20 30 31 33 40 50 60" },
	{ "product = Product A", "10 11 12 20 30 31 33 40" },
	{ "product = product b", "12 20 30 31 33" },
	{ "product = 01010101-0101-0101-0101-010101010101", "10 11 12 20 30 31 33 40" },
	{ "product = Product C", "" },
	{ "kb = 100", "10 11 12" },
	{ "kb = 200", "12 20 30 31 33" }, /* its prerequisite with its whole bundle */
	{ "kb = 300", "30 31 33" },       /* without what is quarantined */
	{ "update-id = 0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b", "10 11 12" },
	{ "update-id = 0c0c0c0c-0c0c-0c0c-0c0c-0c0c0c0c0c0c", "10 11 12 20 30 31 33" },
	{ "update-id = 20202020-2020-2020-2020-202020202020", "" }, /* quarantined */
	{ "kb = 400", "12 20 30 31 33 40" },                        /* the detectoid may not hold */
	{ "kb = 500", "50 60" },                                    /* a cycle ends */
	{ "product = Product A\nkb = 600", "10 11 12 20 30 31 33 40 50 60" },
	{ "product = Product A\nsuperseded = no", "12 20 30 31 33 40" },
	{ "product = Product A\ndriver = no", "10 11 12" },
	{ "kb = 100\nsuperseded = no", "10 11 12" }, /* named all the same */
	{ "severity = critical", "30 31 33" },       /* that of a part */
	{ "severity = low", "10 11 12" },
	{ "severity = unspecified\nproduct = Product B", "12 20 30 31 33" },
	{ "max-age-days = 10\nproduct = Product B", "12 20 30 31 33" },
	{ "max-age-days = 9\nproduct = Product B", "30 31 33" },
	{ "exclude-product = Product B", "10 11 12 20 30 31 33 40 50 60" },
	{ "exclude-kb = 300\nproduct = Product B", "12 20 30 31 33" }, /* needed all the same */
	{ "exclude-kb = 100\nkb = 100", "" },
	{ "exclude-update-id = 32323232-3232-3232-3232-323232323232\nkb = 600", "50 60" },
};

static void read_rules(const char *text, struct rules *r)
{
	struct error err = ERROR_INIT;
	char conf[400];

	*r = (struct rules){ .count = 0 };
	snprintf(conf, sizeof conf, "[selection]\n%s\n", text);
	assert_int_equal(rules_read_conf(r, "x", (unsigned char *)conf, strlen(conf), &err), 0);
	assert_no_error(err);
}

static void rules_take(void **state)
{
	CLEANUP(graph_free) struct graph *g = make();
	static struct rules r;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(select_clear) struct select_result result = { 0 };
		char got[128] = "";
		size_t len = 0, all = 0;

		read_rules(table[i].rules, &r);
		select_decide(g, &r, &result);
		for (uint32_t n = 0; n < g->node_count; n++)
			if (select_takes(&result, n))
				len += (size_t)snprintf(got + len, sizeof got - len, "%s%u",
							len ? " " : "", g->nodes[n].revision);
		if (strcmp(got, table[i].in) != 0)
			fail_msg("%s: \"%s\", want \"%s\"", table[i].rules, got, table[i].in);
		for (int k = 0; k < SELECT_REASONS; k++)
			all += result.reasons[k];
		assert_int_equal(all, g->node_count);
		assert_int_equal(result.reasons[SELECT_UNDECIDED], 0);
		assert_int_equal(result.reasons[SELECT_METADATA], 4);
	}
}

static void explains(const char *text, uint32_t revision, const char *want)
{
	CLEANUP(graph_free) struct graph *g = make();
	CLEANUP(select_clear) struct select_result result = { 0 };
	CLEANUP(buf_clear) struct buf why = BUF_INIT(4096);
	struct error err = ERROR_INIT;
	static struct rules r;

	read_rules(text, &r);
	select_decide(g, &r, &result);
	assert_int_equal(select_explain(&result, graph_find(g, 1, revision), &why, &err), 0);
	assert_int_equal(buf_append(&why, "", 1, &err), 0);
	assert_string_equal((char *)why.bytes, want);
}

#define GUID(xx) xx xx xx xx "-" xx xx "-" xx xx "-" xx xx "-" xx xx xx xx xx xx ".100"

static void reasons_are_told(void **state)
{
	(void)state;
	explains("", 10, "in: fits the rules");
	explains("product = Product A", 10, "in: fits the rules product Product A");
	explains("kb = 200", 4, "carries nothing but metadata");
	explains("kb = 200", 33,
		 "in: part of " GUID("1e") " KB300; in: the bundle of " GUID(
			 "1f") "; in: prerequisite of " GUID("14") " KB200; in: named by kb 200");
	explains("product = Product A\nsuperseded = no", 11,
		 "out: part of " GUID("0a") " KB100; out: superseded by " GUID("14") " KB200");
	explains("exclude-kb = 100", 10, "out: rule exclude-kb 100");
	explains("kb = 100", 32, "out: quarantined");
	explains("kb = 500", 60, "in: prerequisite of " GUID("32") " KB500; in: named by kb 500");
}

static void rules_that_fit_nothing_are_known(void **state)
{
	CLEANUP(graph_free) struct graph *g = make();
	CLEANUP(select_clear) struct select_result result = { 0 };
	static struct rules r;

	(void)state;
	read_rules("product = Product A\nproduct = Product X\nkb = 32\nexclude-kb = 100", &r);
	select_decide(g, &r, &result);
	for (size_t i = 0; i < r.count; i++)
		assert_int_equal(result.matched[i], strstr(r.entries[i].value, "X") == NULL &&
							    strcmp(r.entries[i].value, "32") != 0);
}

static void files_are_taken(void **state)
{
	static const struct {
		const char *rules;
		uint32_t revision;
		bool licence, express, want;
	} files[] = {
		{ "", 11, false, false, true },
		{ "", 11, false, true, true },
		{ "express = no", 11, false, true, false },
		{ "express = no", 11, false, false, true },
		{ "language = en", 11, false, false, false },
		{ "language = en", 12, false, false, true },
		{ "language = en\nlanguage = de", 11, false, false, true },
		{ "language = en", 31, false, false, true }, /* of no language in particular */
		{ "language = en\nexpress = no", 11, true, false, true },
		{ "kb = 400", 11, true, false, false },
		{ "kb = 400", 99, false, false, false },
	};
	CLEANUP(graph_free) struct graph *g = make();
	static struct rules r;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP(select_clear) struct select_result result = { 0 };
		const struct select_file f = { graph_find(g, 1, files[i].revision),
					       files[i].licence, files[i].express };

		read_rules(files[i].rules, &r);
		select_decide(g, &r, &result);
		if (select_takes_file(&result, &f) != files[i].want)
			fail_msg("file %zu: %s", i, files[i].rules);
	}
	assert_true(select_is_express("express", "a.cab"));
	assert_false(select_is_express("SelfContained", "a.psf"));
	assert_true(select_is_express("", "windows10.0-kb1-x64.PSF"));
	assert_true(select_is_express("", "windows6.1-kb1-x64-express.cab"));
	assert_false(select_is_express("", "expresso.cab"));
}

/* ---- trees ---- */

struct text {
	const struct graph *g;
	char got[4096];
	size_t len, items;
};

static void on_item(void *ctx, const struct tree_item *item)
{
	struct text *t = ctx;
	static const char marks[] = " |=@>?#";

	t->items++;
	if (t->len < sizeof t->got - 32)
		t->len += (size_t)snprintf(
			t->got + t->len, sizeof t->got - t->len, "%s%u:%u%c", t->len ? " " : "",
			item->depth,
			item->node == GRAPH_NONE ? 0 : t->g->nodes[item->node].revision,
			marks[item->mark]);
}

static void tree_is(uint32_t revision, enum tree_kind kind, const char *want)
{
	CLEANUP(graph_free) struct graph *g = make();
	struct text t = { .g = g };

	tree_walk(g, graph_find(g, 1, revision), kind, on_item, &t);
	assert_string_equal(t.got, want);
}

static void trees_are_walked(void **state)
{
	(void)state;
	tree_is(10, TREE_SUPERSEDED_BY, "0:10  1:20 ");
	tree_is(20, TREE_SUPERSEDES, "0:20  1:10 ");
	tree_is(20, TREE_PREREQUISITES, "0:20  1:31 ");
	tree_is(40, TREE_PREREQUISITES, "0:40  1:0| 2:4  2:20  3:31 ");
	tree_is(50, TREE_PREREQUISITES, "0:50  1:60  2:50@");
}

/* A chain of n updates, each superseded by the next and by the last. */
static struct graph *chain(uint32_t n)
{
	struct graph *g = graph_new();

	for (uint32_t i = 1; i <= n; i++) {
		unsigned char guid[16] = { (unsigned char)(i >> 8), (unsigned char)i };

		graph_add_identity(g, i, guid);
	}
	for (uint32_t i = 1; i <= n; i++) {
		graph_add_node(
			g, &(struct graph_node){ .source_id = 1, .identity_id = i, .revision = i });
		if (i < n)
			graph_add_superseded_by(g, i + 1);
		graph_add_superseded_by(g, n);
	}
	graph_finish(g);
	return g;
}

static void trees_have_limits(void **state)
{
	CLEANUP(graph_free) struct graph *deep = chain(1000), *wide = graph_new();
	struct text t = { .g = deep };

	(void)state;
	tree_walk(deep, 0, TREE_SUPERSEDED_BY, on_item, &t);
	char last[32];
	snprintf(last, sizeof last, "%u:%u>", LIMIT_TREE_DEPTH, LIMIT_TREE_DEPTH + 1);
	assert_non_null(strstr(t.got, last));
	for (uint32_t i = 1; i <= LIMIT_TREE_ITEMS + 5; i++) {
		graph_add_node(wide, &(struct graph_node){ .source_id = 1, .revision = i });
		if (i > 1)
			graph_add_superseded_by(wide, 1);
	}
	graph_finish(wide);
	t = (struct text){ .g = wide };
	tree_walk(wide, 0, TREE_SUPERSEDES, on_item, &t);
	assert_int_equal(t.items, LIMIT_TREE_ITEMS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_take),
		cmocka_unit_test(reasons_are_told),
		cmocka_unit_test(rules_that_fit_nothing_are_known),
		cmocka_unit_test(files_are_taken),
		cmocka_unit_test(trees_are_walked),
		cmocka_unit_test(trees_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
