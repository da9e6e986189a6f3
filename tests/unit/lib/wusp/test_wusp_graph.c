#include "lib/wusp/graph.h"

#include "lib/base/limits.h"
#include "lib/wusp/wusp_build.h"
#include "tests/unit/lib/wusp/world.h"

static uint32_t node(const struct wusp_graph *g, int revision)
{
	return wusp_graph_by_revision(g, revision);
}

static bool is_leaf(const struct wusp_graph *g, int revision)
{
	return (wusp_graph_node(g, node(g, revision)).flags & WUSP_LEAF) != 0;
}

static void nodes_are_the_newest_revisions(void **state)
{
	static const struct world_update updates[] = {
		{ .id = 7, .update = 1, .number = 101 },
		{ .id = 3, .update = 1, .number = 100 },
		{ .id = 5, .update = 2, .number = 200 },
		{ .id = 9, .update = 2, .number = 100 },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	struct catalog_guid one = world_guid(1), two = world_guid(2), three = world_guid(3);

	(void)state;
	assert_int_equal(wusp_graph_count(g), 2);
	assert_int_equal(wusp_graph_node(g, 0).revision_id, 5);
	assert_int_equal(wusp_graph_node(g, 1).revision_id, 7);
	assert_int_equal(wusp_graph_by_guid(g, &one), 1);
	assert_int_equal(wusp_graph_by_guid(g, &two), 0);
	assert_int_equal(wusp_graph_by_guid(g, &three), WUSP_NONE);
	assert_int_equal(node(g, 3), WUSP_NONE);
	assert_int_equal(node(g, 9), WUSP_NONE);
	assert_int_equal(node(g, 0), WUSP_NONE);
	assert_int_equal(node(g, -7), WUSP_NONE);
	assert_int_equal(wusp_graph_by_identity(g, &one, 101), 1);
	assert_int_equal(wusp_graph_by_identity(g, &one, 100), WUSP_NONE);
}

static void older_revisions_stay_when_a_bundle_names_them(void **state)
{
	/* 100 * 100000 + update: exactly revision 100 of the update */
	static const struct world_update updates[] = {
		{ .id = 1, .update = 1, .number = 100 },
		{ .id = 2, .update = 1, .number = 101 },
		{ .id = 3, .update = 3, .contains = "10000001" },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	struct catalog_guid one = world_guid(1);

	(void)state;
	assert_int_equal(wusp_graph_count(g), 3);
	assert_int_equal(wusp_graph_by_guid(g, &one), node(g, 2));
	assert_int_equal(wusp_graph_children(g, node(g, 3)).count, 1);
	assert_int_equal(wusp_graph_children(g, node(g, 3)).items[0], node(g, 1));
	assert_int_equal(wusp_graph_parents(g, node(g, 1)).items[0], node(g, 3));
	assert_int_equal(wusp_graph_parents(g, node(g, 2)).count, 0);
	assert_int_equal(wusp_graph_node(g, node(g, 1)).flags & WUSP_NEWEST, 0);
}

static void leaves_are_what_no_clause_names(void **state)
{
	static const struct world_update updates[] = {
		{ .id = 1, .type = WUSP_DETECTOID },             /* named */
		{ .id = 2, .type = WUSP_CATEGORY },              /* named beside another one */
		{ .id = 3, .type = WUSP_DETECTOID },             /* a detectoid can be a leaf */
		{ .id = 4, .needs = "1 2|99", .contains = "5" }, /* bundles are leaves */
		{ .id = 5, .needs = "1" },                       /* and so are their children */
		{ .id = 6, .needs = "7" },
		{ .id = 7, .needs = "1" }, /* software can be a non-leaf */
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	static const bool want[] = { false, false, true, true, true, true, false };

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(is_leaf(g, i + 1), want[i]);
}

static void clauses_that_name_nothing_are_counted(void **state)
{
	static const struct world_update updates[] = {
		{ .id = 1 },
		{ .id = 2, .needs = "1 88 77|66" },
		{ .id = 3, .needs = "1|88" },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));

	(void)state;
	assert_int_equal(wusp_graph_unknown_clauses(g, node(g, 1)), 0);
	assert_int_equal(wusp_graph_unknown_clauses(g, node(g, 2)), 2);
	assert_int_equal(wusp_graph_unknown_clauses(g, node(g, 3)), 0);
}

static void incomplete_bundles_are_marked_upwards(void **state)
{
	static const struct world_update
		updates[] = {
			{ .id = 1, .contains = "2" },
			{ .id = 2, .contains = "3 88" },
			{ .id = 3 },
			{ .id = 4, .contains = "3" },
			{ .id = 5, .contains = "9900003" }, /* another revision than the one here */
		};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	static const bool want[] = { true, true, false, false, true };

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal((wusp_graph_node(g, node(g, i + 1)).flags & WUSP_INCOMPLETE) != 0,
				 want[i]);
	assert_true(wusp_graph_node(g, node(g, 1)).flags & WUSP_BUNDLE);
	assert_false(wusp_graph_node(g, node(g, 3)).flags & WUSP_BUNDLE);
}

static void contradictions_are_refused(void **state)
{
	static const struct {
		struct world_update a, b;
		const char *want;
	} table[] = {
		{ { .id = 1 }, { .id = 1, .update = 2 }, "revision 1: there twice" },
		{ { .id = 1, .update = 9 },
		  { .id = 2, .update = 9 },
		  "revisions 1 and 2: the same" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
		struct error err = ERROR_INIT;

		world_add(b, &table[i].a);
		world_add(b, &table[i].b);
		assert_null(wusp_graph_finish(b, &err));
		assert_error(err, ERROR_WUSP_GRAPH, table[i].want);
	}
	for (int id = -1; id <= 0; id++) {
		CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
		struct wusp_revision r = { .revision_id = id };
		struct error err = ERROR_INIT;

		assert_int_equal(wusp_graph_add(b, &r, &err), -1);
		assert_error(err, ERROR_WUSP_GRAPH, "not a positive number");
	}
}

static void relations_have_a_limit(void **state)
{
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	struct catalog_guid *ids = calloc(65536, sizeof *ids);
	struct catalog_group group = { ids, 65535 };
	struct wusp_revision r = { .revision_id = 1,
				   .prerequisites = &group,
				   .prerequisites_count = 1 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(wusp_graph_add(b, &r, &err), 0);
	group.count++;
	r.revision_id = 2;
	assert_int_equal(wusp_graph_add(b, &r, &err), -1);
	assert_error(err, ERROR_WUSP_GRAPH, "revision 2: too many relations");
	free(ids);
}

static void relations_of_all_have_a_limit(void **state)
{
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	const struct catalog_guid ids[] = { { { 1 } }, { { 2 } } };
	const struct catalog_group group = { ids, COUNT(ids) };
	struct wusp_revision r = { .revision_id = 1,
				   .prerequisites = &group,
				   .prerequisites_count = 1 };
	struct error err = ERROR_INIT;

	(void)state;
	/* As after a hundred million that were added: a clause and its two updates are three. */
	b->references = LIMIT_WUSP_RELATIONS - 3;
	assert_int_equal(wusp_graph_add(b, &r, &err), 0);
	assert_int_equal(b->references, LIMIT_WUSP_RELATIONS);
	b->references = LIMIT_WUSP_RELATIONS - 2;
	r.revision_id = 2;
	assert_int_equal(wusp_graph_add(b, &r, &err), -1);
	assert_error(err, ERROR_WUSP_GRAPH, "revision 2: too many relations");
}

static void an_empty_graph_has_nothing(void **state)
{
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(NULL, 0);
	struct catalog_guid one = world_guid(1);

	(void)state;
	assert_int_equal(wusp_graph_count(g), 0);
	assert_int_equal(wusp_graph_by_guid(g, &one), WUSP_NONE);
	assert_int_equal(wusp_graph_by_revision(g, 1), WUSP_NONE);
}

static void ids_far_apart_are_found(void **state)
{
	static const struct world_update updates[] = {
		{ .id = 7 }, { .id = 1039 }, { .id = 1040 }, { .id = 2000000000 }
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));

	(void)state;
	for (uint32_t i = 0; i < COUNT(updates); i++) {
		assert_int_equal(wusp_graph_by_revision(g, updates[i].id), i);
		if (i != 1)
			assert_int_equal(wusp_graph_by_revision(g, updates[i].id + 1), WUSP_NONE);
	}
	assert_int_equal(wusp_graph_by_revision(g, 0), WUSP_NONE);
	assert_int_equal(wusp_graph_by_revision(g, -7), WUSP_NONE);
	assert_int_equal(wusp_graph_by_revision(g, INT32_MAX), WUSP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_the_newest_revisions),
		cmocka_unit_test(older_revisions_stay_when_a_bundle_names_them),
		cmocka_unit_test(leaves_are_what_no_clause_names),
		cmocka_unit_test(clauses_that_name_nothing_are_counted),
		cmocka_unit_test(incomplete_bundles_are_marked_upwards),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(relations_have_a_limit),
		cmocka_unit_test(relations_of_all_have_a_limit),
		cmocka_unit_test(an_empty_graph_has_nothing),
		cmocka_unit_test(ids_far_apart_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
