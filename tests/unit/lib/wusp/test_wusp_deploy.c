#include "lib/wusp/deploy.h"

#include "tests/unit/lib/wusp/world.h"

/*
 * 1, 2 detectoids, 3 a category with a parent 4; 10 software with everything; 20 a bundle of 21
 * and 22; 30 needs the software 31, which has files; 40 a bundle that has files; 50 a bundle of a
 * bundle; 60 files not here; 61 a bundle of 60; 70 incomplete; 80 needs 81 or 82.
 */
static const struct world_update updates[] = {
	{ .id = 1, .type = WUSP_DETECTOID },
	{ .id = 2, .type = WUSP_DETECTOID, .needs = "1" },
	{ .id = 3, .type = WUSP_CATEGORY, .needs = "4" },
	{ .id = 4, .type = WUSP_CATEGORY },
	{ .id = 10, .needs = "2 3", .files = true },
	{ .id = 20, .needs = "3", .contains = "21 22" },
	{ .id = 21, .needs = "2", .files = true },
	{ .id = 22, .files = true, .part = true },
	{ .id = 30, .needs = "31" },
	{ .id = 31, .files = true },
	{ .id = 40, .contains = "21", .files = true },
	{ .id = 50, .contains = "20" },
	{ .id = 60, .files = true, .absent = true },
	{ .id = 61, .contains = "60" },
	{ .id = 70, .contains = "21 99" },
	{ .id = 80, .needs = "81|82" },
	{ .id = 81 },
	{ .id = 82, .needs = "1" },
	{ .id = 90, .needs = "99" },
};

static enum wusp_action action_of(const struct wusp_graph *g, const struct wusp_deployments *d,
				  int revision)
{
	return wusp_deploy_at(d, wusp_graph_by_revision(g, revision)).action;
}

/* "1=Evaluate 10=Install": everything deployed. */
static void deployed_text(const struct wusp_graph *g, const struct wusp_deployments *d, char *out,
			  size_t size)
{
	size_t at = 0;

	*out = '\0';
	for (uint32_t i = 0; i < wusp_graph_count(g); i++) {
		struct wusp_deployment x = wusp_deploy_at(d, i);

		if (x.action != WUSP_ACTION_NONE)
			at += (size_t)snprintf(out + at, size - at, at ? " %d=%s" : "%d=%s",
					       wusp_graph_node(g, i).revision_id,
					       wusp_deploy_action_text(x.action));
	}
}

static void closures(void **state)
{
	static const struct {
		int update;
		enum wusp_action action;
		const char *want;
	} table[] = {
		{ 10, WUSP_INSTALL, "1=Evaluate 2=Evaluate 3=Evaluate 4=Evaluate 10=Install" },
		{ 10, WUSP_UNINSTALL, "1=Evaluate 2=Evaluate 3=Evaluate 4=Evaluate 10=Uninstall" },
		{ 10, WUSP_BLOCK, "1=Evaluate 2=Evaluate 3=Evaluate 4=Evaluate 10=Block" },
		{ 10, WUSP_PRE_DEPLOYMENT_CHECK,
		  "1=Evaluate 2=Evaluate 3=Evaluate 4=Evaluate 10=PreDeploymentCheck" },
		{ 20, WUSP_OPTIONAL_INSTALL,
		  "1=Evaluate 2=Evaluate 3=Evaluate 4=Evaluate 20=OptionalInstall 21=Bundle "
		  "22=Bundle" },
		/* Evaluate never goes out with files. */
		{ 30, WUSP_INSTALL, "30=Install 31=PreDeploymentCheck" },
		/* All alternatives are there: the client says which it has. */
		{ 80, WUSP_INSTALL, "1=Evaluate 80=Install 81=Evaluate 82=Evaluate" },
		{ 90, WUSP_INSTALL, "90=Install" },
		{ 60, WUSP_PRE_DEPLOYMENT_CHECK, "60=PreDeploymentCheck" },
		{ 60, WUSP_BLOCK, "60=Block" },
		{ 10, WUSP_ACTION_NONE, "" },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct wusp_approval a = world_approve(table[i].update, table[i].action);
		CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, &a, 1, 7);

		deployed_text(g, d, text, sizeof text);
		assert_string_equal(text, table[i].want);
	}
}

static void refusals(void **state)
{
	static const struct {
		int update;
		enum wusp_action action;
		enum wusp_problem_kind want;
		int blamed; /* 0: none */
	} table[] = {
		{ 99, WUSP_INSTALL, WUSP_PROBLEM_UNKNOWN, 0 },
		{ 10, WUSP_EVALUATE, WUSP_PROBLEM_ACTION, 10 },
		{ 10, WUSP_BUNDLED, WUSP_PROBLEM_ACTION, 10 },
		{ 1, WUSP_INSTALL, WUSP_PROBLEM_ROLE, 1 },
		{ 3, WUSP_INSTALL, WUSP_PROBLEM_ROLE, 3 },
		{ 22, WUSP_INSTALL, WUSP_PROBLEM_ROLE, 22 },
		{ 60, WUSP_INSTALL, WUSP_PROBLEM_FILES, 60 },
		{ 61, WUSP_OPTIONAL_INSTALL, WUSP_PROBLEM_FILES, 60 },
		{ 70, WUSP_INSTALL, WUSP_PROBLEM_INCOMPLETE, 70 },
		{ 40, WUSP_INSTALL, WUSP_PROBLEM_MALFORMED, 40 },
		{ 50, WUSP_INSTALL, WUSP_PROBLEM_MALFORMED, 20 },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct wusp_approval a = world_approve(table[i].update, table[i].action);
		size_t count;

		CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, &a, 1, 7);
		const struct wusp_problem *p = wusp_deploy_problems(d, &count);
		assert_int_equal(count, 1);
		assert_int_equal(p->kind, table[i].want);
		assert_memory_equal(&p->update_id, &a.update_id, sizeof a.update_id);
		assert_int_equal(p->node, table[i].blamed
						  ? wusp_graph_by_revision(g, table[i].blamed)
						  : WUSP_NONE);
		assert_int_equal(wusp_deploy_count(d), 0);
	}
}

static void a_clause_that_names_nothing_is_noted(void **state)
{
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	struct wusp_approval a = world_approve(90, WUSP_INSTALL);
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, &a, 1, 7);
	size_t count;

	(void)state;
	assert_int_equal(wusp_deploy_problems(d, &count)->kind, WUSP_PROBLEM_CLAUSE);
	assert_int_equal(count, 1);
	assert_int_equal(action_of(g, d, 90), WUSP_INSTALL);
}

static void own_deployment_wins(void **state)
{
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	const struct wusp_approval a[] = { world_approve(30, WUSP_INSTALL),
					   world_approve(31, WUSP_INSTALL),
					   world_approve(20, WUSP_INSTALL),
					   world_approve(21, WUSP_BLOCK) };
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, a, COUNT(a), 7);

	(void)state;
	assert_int_equal(action_of(g, d, 31), WUSP_INSTALL);
	assert_int_equal(action_of(g, d, 21), WUSP_BLOCK);
	assert_int_equal(action_of(g, d, 22), WUSP_BUNDLED);
}

/* What a bundle contains and something else needs is part of the bundle. */
static void bundle_before_evaluate(void **state)
{
	static const struct world_update few[] = { { .id = 1 },
						   { .id = 2, .needs = "1" },
						   { .id = 3, .contains = "1" } };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(few, COUNT(few));
	struct wusp_approval a[] = { world_approve(2, WUSP_INSTALL),
				     world_approve(3, WUSP_INSTALL) };
	uint32_t one = wusp_graph_by_revision(g, 1);

	(void)state;
	a[1].last_change = 2000;
	CLEANUP(wusp_deploy_free) struct wusp_deployments *both = wusp_deploy(g, a, 2, 7);
	assert_int_equal(wusp_deploy_at(both, one).action, WUSP_BUNDLED);
	assert_int_equal(wusp_deploy_at(both, one).last_change, 2000);
	assert_int_equal(wusp_deploy_at(both, one).id, WUSP_DERIVED_ID + 1);
	assert_true(wusp_deploy_at(both, one).is_assigned);

	/* No longer in a bundle: clients must hear of it. */
	a[1].action = WUSP_ACTION_NONE;
	a[1].last_change = 3000;
	CLEANUP(wusp_deploy_free) struct wusp_deployments *later = wusp_deploy(g, a, 2, 7);
	assert_int_equal(wusp_deploy_at(later, one).action, WUSP_EVALUATE);
	assert_int_equal(wusp_deploy_at(later, one).last_change, 3000);
	assert_int_equal(action_of(g, later, 3), WUSP_ACTION_NONE);
}

static void withdrawn_approvals_leave_a_trace_on_dependencies(void **state)
{
	static const struct world_update few[] = { { .id = 1 }, { .id = 2, .needs = "1" } };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(few, COUNT(few));
	struct wusp_approval a[] = { world_approve(1, WUSP_ACTION_NONE),
				     world_approve(2, WUSP_INSTALL) };

	(void)state;
	a[0].last_change = 5000;
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, a, 2, 7);
	assert_int_equal(action_of(g, d, 1), WUSP_EVALUATE);
	assert_int_equal(wusp_deploy_at(d, wusp_graph_by_revision(g, 1)).last_change, 5000);
}

static void the_strongest_group_wins(void **state)
{
	static const struct {
		struct wusp_approval a, b;
		enum wusp_action want;
		int want_id;
	} table[] = {
		{ { .action = WUSP_INSTALL }, { .action = WUSP_BLOCK }, WUSP_BLOCK, 2 },
		{ { .action = WUSP_UNINSTALL }, { .action = WUSP_INSTALL }, WUSP_INSTALL, 2 },
		{ { .action = WUSP_OPTIONAL_INSTALL },
		  { .action = WUSP_UNINSTALL },
		  WUSP_UNINSTALL,
		  2 },
		{ { .action = WUSP_PRE_DEPLOYMENT_CHECK },
		  { .action = WUSP_OPTIONAL_INSTALL },
		  WUSP_OPTIONAL_INSTALL,
		  2 },
		{ { .action = WUSP_ACTION_NONE },
		  { .action = WUSP_PRE_DEPLOYMENT_CHECK },
		  WUSP_PRE_DEPLOYMENT_CHECK,
		  2 },
		{ { .action = WUSP_INSTALL }, { .action = WUSP_INSTALL }, WUSP_INSTALL, 1 },
		{ { .action = WUSP_INSTALL },
		  { .action = WUSP_INSTALL, .is_assigned = true },
		  WUSP_INSTALL,
		  2 },
		{ { .action = WUSP_INSTALL },
		  { .action = WUSP_INSTALL, .deadline = 9 },
		  WUSP_INSTALL,
		  2 },
		{ { .action = WUSP_INSTALL, .deadline = 9 },
		  { .action = WUSP_INSTALL, .is_assigned = true },
		  WUSP_INSTALL,
		  1 },
		{ { .action = WUSP_INSTALL, .deadline = 8 },
		  { .action = WUSP_INSTALL, .deadline = 9 },
		  WUSP_INSTALL,
		  1 },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		for (int turned = 0; turned < 2; turned++) {
			struct wusp_approval rows[2] = { table[i].a, table[i].b };

			rows[0].update_id = rows[1].update_id = world_guid(10);
			rows[0].id = 1;
			rows[1].id = 2;
			rows[0].last_change = 70;
			rows[1].last_change = 60;
			if (turned) {
				struct wusp_approval first = rows[0];

				rows[0] = rows[1];
				rows[1] = first;
			}
			CLEANUP(wusp_deploy_free)
			struct wusp_deployments *d = wusp_deploy(g, rows, 2, 7);
			struct wusp_deployment x = wusp_deploy_at(d, wusp_graph_by_revision(g, 10));
			assert_int_equal(x.action, table[i].want);
			assert_int_equal(x.id, table[i].want_id);
			assert_int_equal(x.last_change, 70);
		}
}

static void declined_updates_are_not_even_dependencies(void **state)
{
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	struct wusp_approval a[] = {
		world_approve(80, WUSP_INSTALL), world_approve(81, WUSP_ACTION_NONE),
		world_approve(30, WUSP_INSTALL), world_approve(31, WUSP_ACTION_NONE),
		world_approve(20, WUSP_INSTALL), world_approve(21, WUSP_ACTION_NONE),
		world_approve(10, WUSP_INSTALL)
	};
	char text[512];
	size_t count;

	(void)state;
	a[1].declined = a[3].declined = a[5].declined = a[6].declined = true;
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, a, COUNT(a), 7);
	deployed_text(g, d, text, sizeof text);
	assert_string_equal(text, "1=Evaluate 30=Install 80=Install 82=Evaluate");
	const struct wusp_problem *p = wusp_deploy_problems(d, &count);
	assert_int_equal(count, 2);
	assert_int_equal(p[0].kind, WUSP_PROBLEM_INCOMPLETE);
	assert_int_equal(p[0].node, wusp_graph_by_revision(g, 21));
	assert_int_equal(p[1].kind, WUSP_PROBLEM_DEPENDENCY);
	assert_int_equal(p[1].node, wusp_graph_by_revision(g, 30));
}

static void nothing_approved_nothing_deployed(void **state)
{
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, NULL, 0, 7);

	(void)state;
	assert_int_equal(wusp_deploy_count(d), 0);
}

static void every_action_and_problem_has_its_text(void **state)
{
	static const char *const actions[] = {
		"",      "Install",  "OptionalInstall", "Uninstall", "PreDeploymentCheck",
		"Block", "Evaluate", "Bundle"
	};

	(void)state;
	for (int i = 0; i < WUSP_ACTIONS_; i++)
		assert_string_equal(wusp_deploy_action_text((enum wusp_action)i), actions[i]);
	for (int i = 0; i < WUSP_PROBLEMS_; i++) {
		assert_true(strlen(wusp_deploy_problem_text((enum wusp_problem_kind)i)) > 10);
		assert_true(strlen(wusp_deploy_problem_name((enum wusp_problem_kind)i)) > 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closures),
		cmocka_unit_test(refusals),
		cmocka_unit_test(a_clause_that_names_nothing_is_noted),
		cmocka_unit_test(own_deployment_wins),
		cmocka_unit_test(bundle_before_evaluate),
		cmocka_unit_test(withdrawn_approvals_leave_a_trace_on_dependencies),
		cmocka_unit_test(the_strongest_group_wins),
		cmocka_unit_test(declined_updates_are_not_even_dependencies),
		cmocka_unit_test(nothing_approved_nothing_deployed),
		cmocka_unit_test(every_action_and_problem_has_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
