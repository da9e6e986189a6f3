#include "lib/clients/approval.h"

#include "lib/clients/approval_internal.h"
#include "tests/unit/lib/clients/clients_fixture.h"

#include <string.h>

/* ---- which approval holds: a table over a fixed tree ---- */

/*
 * 1 All Computers
 *   2 Unassigned
 *   3 Servers
 *     4 Web
 *   5 Lab
 */
static struct group tree_items[] = { { .id = 1, .name = "All Computers" },
				     { .id = 2, .name = "Unassigned Computers", .parent = 1 },
				     { .id = 3, .name = "Servers", .parent = 1 },
				     { .id = 4, .name = "Web", .parent = 3 },
				     { .id = 5, .name = "Lab", .parent = 1 } };

struct made {
	int64_t group;
	enum approval_action action;
	int64_t deadline, change;
	bool offered; /* not assigned */
};

static const struct resolve_row {
	const char *what;
	struct made made[4];
	struct group_set set;
	int64_t winner; /* its group; 0: nothing holds */
	enum approval_action action;
	int64_t deadline, change; /* of the result */
} resolve_rows[] = {
	{ "nothing", { { 0 } }, { 1, { 4 } }, 0, 0, 0, 0 },
	{ "own group",
	  { { 4, APPROVAL_INSTALL, 0, 7, false } },
	  { 1, { 4 } },
	  4,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "inherited from the parent",
	  { { 3, APPROVAL_INSTALL, 0, 7, false } },
	  { 1, { 4 } },
	  3,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "inherited from the root",
	  { { 1, APPROVAL_INSTALL, 0, 7, false } },
	  { 1, { 2 } },
	  1,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "not from a sibling",
	  { { 5, APPROVAL_INSTALL, 0, 7, false } },
	  { 1, { 4 } },
	  0,
	  0,
	  0,
	  0 },
	{ "not from a child", { { 4, APPROVAL_INSTALL, 0, 7, false } }, { 1, { 3 } }, 0, 0, 0, 0 },
	{ "the nearest wins, also a weaker one",
	  { { 1, APPROVAL_INSTALL, 0, 9, false }, { 4, APPROVAL_DETECT, 0, 7, false } },
	  { 1, { 4 } },
	  4,
	  APPROVAL_DETECT,
	  0,
	  7 },
	{ "a block below an approval",
	  { { 1, APPROVAL_INSTALL, 0, 9, false }, { 3, APPROVAL_BLOCK, 0, 7, false } },
	  { 1, { 4 } },
	  3,
	  APPROVAL_BLOCK,
	  0,
	  7 },
	{ "an approval below a block",
	  { { 1, APPROVAL_BLOCK, 0, 9, false }, { 4, APPROVAL_INSTALL, 0, 7, false } },
	  { 1, { 4 } },
	  4,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "two groups: block before install",
	  { { 3, APPROVAL_INSTALL, 0, 9, false }, { 5, APPROVAL_BLOCK, 0, 7, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_BLOCK,
	  0,
	  9 },
	{ "two groups: install before uninstall",
	  { { 3, APPROVAL_UNINSTALL, 0, 7, false }, { 5, APPROVAL_INSTALL, 0, 6, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "two groups: uninstall before optional",
	  { { 3, APPROVAL_OPTIONAL, 0, 7, false }, { 5, APPROVAL_UNINSTALL, 0, 6, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_UNINSTALL,
	  0,
	  7 },
	{ "two groups: optional before detect",
	  { { 3, APPROVAL_DETECT, 0, 7, false }, { 5, APPROVAL_OPTIONAL, 0, 6, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_OPTIONAL,
	  0,
	  7 },
	{ "two groups: the earlier deadline",
	  { { 3, APPROVAL_INSTALL, 500, 7, false }, { 5, APPROVAL_INSTALL, 400, 6, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_INSTALL,
	  400,
	  7 },
	{ "two groups: a deadline before none",
	  { { 3, APPROVAL_INSTALL, 0, 7, false }, { 5, APPROVAL_INSTALL, 400, 6, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_INSTALL,
	  400,
	  7 },
	{ "two groups: assigned before offered",
	  { { 3, APPROVAL_INSTALL, 0, 7, true }, { 5, APPROVAL_INSTALL, 0, 6, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "two groups: the older approval when all is equal",
	  { { 3, APPROVAL_INSTALL, 0, 7, false }, { 5, APPROVAL_INSTALL, 0, 6, false } },
	  { 2, { 4, 5 } },
	  3,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "one of two groups only inherits the other's parent",
	  { { 1, APPROVAL_DETECT, 0, 7, false }, { 5, APPROVAL_INSTALL, 0, 6, false } },
	  { 2, { 4, 5 } },
	  5,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "taken back: heard of",
	  { { 4, APPROVAL_NONE, 0, 7, false } },
	  { 1, { 4 } },
	  4,
	  APPROVAL_NONE,
	  0,
	  7 },
	{ "taken back here, approved above",
	  { { 1, APPROVAL_INSTALL, 0, 5, false }, { 4, APPROVAL_NONE, 0, 7, false } },
	  { 1, { 4 } },
	  1,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "approved here, taken back above",
	  { { 1, APPROVAL_NONE, 0, 9, false }, { 4, APPROVAL_INSTALL, 0, 7, false } },
	  { 1, { 4 } },
	  4,
	  APPROVAL_INSTALL,
	  0,
	  7 },
	{ "a group that no longer exists",
	  { { 1, APPROVAL_INSTALL, 0, 7, false } },
	  { 1, { 77 } },
	  0,
	  0,
	  0,
	  0 },
};

static void the_nearest_and_then_the_strongest_holds(void **state)
{
	const struct group_list tree = { tree_items, COUNT(tree_items) };
	const struct approval_declined none = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(resolve_rows); i++) {
		const struct resolve_row *r = &resolve_rows[i];
		struct approval items[4];
		struct approval_rows all = { items, 0 };

		for (size_t k = 0; k < 4 && r->made[k].group; k++)
			items[all.count++] =
				(struct approval){ .id = (int64_t)k + 1,
						   .group = r->made[k].group,
						   .action = r->made[k].action,
						   .deadline = r->made[k].deadline,
						   .last_change = r->made[k].change,
						   .is_assigned = !r->made[k].offered };
		CLEANUP(approval_rows_clear) struct approval_rows out = { 0 };
		approval_resolve(&all, &none, &tree, &r->set, &out);
		if (out.count != (r->winner != 0))
			fail_msg("%s: %zu rows", r->what, out.count);
		if (r->winner == 0)
			continue;
		if (out.items[0].group != r->winner || out.items[0].action != r->action ||
		    out.items[0].deadline != r->deadline || out.items[0].last_change != r->change)
			fail_msg("%s: group %lld, %s, deadline %lld, change %lld", r->what,
				 (long long)out.items[0].group,
				 out.items[0].action ? approval_action_text(out.items[0].action)
						     : "none",
				 (long long)out.items[0].deadline,
				 (long long)out.items[0].last_change);
	}
}

/* ---- may it be approved ---- */

static void roles_files_and_quarantine_are_judged(void **state)
{
	static const struct {
		struct approval_facts facts;
		enum approval_action action;
		enum error_id expected;
	} rows[] = {
		{ { .known = false }, APPROVAL_INSTALL, ERROR_APPROVAL_UNKNOWN },
		{ { .known = false }, APPROVAL_BLOCK, ERROR_APPROVAL_UNKNOWN },
		{ { .known = true }, APPROVAL_INSTALL, ERROR_NONE },
		{ { .known = true, .quarantined = true },
		  APPROVAL_INSTALL,
		  ERROR_APPROVAL_QUARANTINED },
		{ { .known = true, .quarantined = true },
		  APPROVAL_DETECT,
		  ERROR_APPROVAL_QUARANTINED },
		{ { .known = true, .quarantined = true }, APPROVAL_BLOCK, ERROR_NONE },
		{ { .known = true, .is_category = true }, APPROVAL_INSTALL, ERROR_APPROVAL_ROLE },
		{ { .known = true, .is_category = true }, APPROVAL_DETECT, ERROR_APPROVAL_ROLE },
		{ { .known = true, .only_bundle_part = true },
		  APPROVAL_INSTALL,
		  ERROR_APPROVAL_ROLE },
		{ { .known = true, .only_bundle_part = true },
		  APPROVAL_UNINSTALL,
		  ERROR_APPROVAL_ROLE },
		{ { .known = true, .only_bundle_part = true }, APPROVAL_BLOCK, ERROR_NONE },
		{ { .known = true, .files_missing = 2 }, APPROVAL_INSTALL, ERROR_APPROVAL_FILES },
		{ { .known = true, .files_missing = 2 }, APPROVAL_OPTIONAL, ERROR_APPROVAL_FILES },
		{ { .known = true, .files_missing = 2 }, APPROVAL_UNINSTALL, ERROR_NONE },
		{ { .known = true, .files_missing = 2 }, APPROVAL_DETECT, ERROR_NONE },
		{ { .known = true, .files_missing = 2 }, APPROVAL_BLOCK, ERROR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(approval_judge(&rows[i].facts, rows[i].action, "update x", &err),
				 rows[i].expected == ERROR_NONE ? 0 : -1);
		assert_int_equal(err.id, rows[i].expected);
		assert_true(err.id == ERROR_NONE || strstr(err.message, "update x"));
	}
}

/* ---- the database ---- */

static void a_changed_approval_keeps_its_id(void **state)
{
	struct fixture *f = *state;
	CLEANUP(approval_rows_clear) struct approval_rows rows = { 0 };
	struct error err = ERROR_INIT;
	int64_t first = approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW);

	assert_int_equal(approve(f->clients, 1, GROUP_ALL, APPROVAL_DETECT, NOW), first);
	assert_int_equal(approval_list_all(f->clients, &rows, &err), 0);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.items[0].action, APPROVAL_DETECT);
	assert_string_equal(rows.items[0].by, "test");
	/* The same second, and yet later. */
	assert_int_equal(rows.items[0].last_change, NOW + 1);
}

static void a_new_approval_has_the_id_of_the_old_one(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	unsigned char update[16];
	uint64_t removed;
	int64_t first = approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW);

	guid(update, 1);
	assert_int_equal(approval_unset(f->clients, update, 0, NOW, &removed, &err), 0);
	assert_int_equal(removed, 1);
	assert_int_equal(approval_unset(f->clients, update, 0, NOW, &removed, &err), 0);
	assert_int_equal(removed, 0);
	assert_int_equal(approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW), first);
}

static void clients_hear_of_what_is_taken_back(void **state)
{
	struct fixture *f = *state;
	const struct group_set set = { 1, { GROUP_UNASSIGNED } };
	CLEANUP(approval_rows_clear) struct approval_rows rows = { 0 }, made = { 0 };
	struct error err = ERROR_INIT;
	unsigned char update[16];
	uint64_t removed;

	guid(update, 1);
	approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW);
	assert_int_equal(approval_unset(f->clients, update, GROUP_UNASSIGNED, NOW, &removed, &err),
			 0);
	assert_int_equal(removed, 0);
	assert_int_equal(approval_unset(f->clients, update, GROUP_ALL, NOW, &removed, &err), 0);
	assert_int_equal(removed, 1);
	assert_int_equal(approval_list(f->clients, &set, &rows, &err), 0);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.items[0].action, APPROVAL_NONE);
	assert_true(rows.items[0].last_change > NOW);
	assert_int_equal(approval_list_all(f->clients, &made, &err), 0);
	assert_int_equal(made.count, 0);
}

static void clients_hear_of_a_moved_group(void **state)
{
	struct fixture *f = *state;
	CLEANUP(approval_rows_clear) struct approval_rows rows = { 0 };
	struct error err = ERROR_INIT;
	const int64_t child = add_group(f->clients, "child", NULL);

	add_group(f->clients, "parent", NULL);
	approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW);
	assert_int_equal(group_move(f->clients, "child", "parent", NOW + 100, &err), 0);
	assert_int_equal(
		approval_list(f->clients, &(struct group_set){ 1, { child } }, &rows, &err), 0);
	assert_int_equal(rows.items[0].last_change, NOW + 100);
	/* Changes of one second have an order, whatever they change. */
	approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW + 100);
	assert_int_equal(group_move(f->clients, "child", "All Computers", NOW + 100, &err), 0);
	approval_rows_clear(&rows);
	assert_int_equal(
		approval_list(f->clients, &(struct group_set){ 1, { child } }, &rows, &err), 0);
	assert_int_equal(rows.items[0].last_change, NOW + 102);
}

static void one_change_is_all_or_nothing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(approval_rows_clear) struct approval_rows rows = { 0 };
	struct error err = ERROR_INIT;
	struct approval two[2] = { { .group = GROUP_ALL, .action = APPROVAL_INSTALL },
				   { .group = 99, .action = APPROVAL_INSTALL } };

	guid(two[0].update_id, 1);
	guid(two[1].update_id, 2);
	assert_int_equal(approval_set(f->clients, two, 2, NOW, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_ABSENT);
	error_clear(&err);
	assert_int_equal(approval_list_all(f->clients, &rows, &err), 0);
	assert_int_equal(rows.count, 0);
}

static void a_declined_update_is_out(void **state)
{
	struct fixture *f = *state;
	const struct group_set set = { 1, { GROUP_UNASSIGNED } };
	CLEANUP(approval_rows_clear) struct approval_rows before = { 0 }, after = { 0 };
	CLEANUP(approval_declined_clear) struct approval_declined declined = { 0 };
	struct approval a = { .group = GROUP_ALL, .action = APPROVAL_INSTALL };
	struct error err = ERROR_INIT;

	approve(f->clients, 1, GROUP_ALL, APPROVAL_INSTALL, NOW);
	approve(f->clients, 2, GROUP_ALL, APPROVAL_INSTALL, NOW);
	assert_int_equal(approval_list(f->clients, &set, &before, &err), 0);
	assert_int_equal(before.count, 2);
	guid(a.update_id, 1);
	assert_int_equal(approval_decline(f->clients, a.update_id, true, "me", NOW, &err), 0);
	assert_int_equal(approval_list(f->clients, &set, &after, &err), 0);
	assert_int_equal(after.count, 1);
	assert_int_equal(after.items[0].update_id[0], 2);
	assert_int_equal(approval_declined_load(f->clients, &declined, &err), 0);
	assert_int_equal(declined.count, 1);
	assert_memory_equal(declined.ids[0], a.update_id, 16);
	assert_int_equal(approval_set(f->clients, &a, 1, NOW, &err), -1);
	assert_int_equal(err.id, ERROR_APPROVAL_DECLINED);
	error_clear(&err);
	assert_int_equal(approval_decline(f->clients, a.update_id, false, "me", NOW, &err), 0);
	assert_int_equal(approval_set(f->clients, &a, 1, NOW, &err), 0);
}

static void a_removed_group_takes_its_approvals(void **state)
{
	struct fixture *f = *state;
	CLEANUP(approval_rows_clear) struct approval_rows rows = { 0 };
	struct error err = ERROR_INIT;
	int64_t lab = add_group(f->clients, "Lab", NULL);

	approve(f->clients, 1, lab, APPROVAL_INSTALL, NOW);
	assert_int_equal(group_remove(f->clients, "lab", &err), 0);
	assert_int_equal(approval_list_all(f->clients, &rows, &err), 0);
	assert_int_equal(rows.count, 0);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, clients_setup, clients_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_and_then_the_strongest_holds),
		cmocka_unit_test(roles_files_and_quarantine_are_judged),
		ROW(a_changed_approval_keeps_its_id),
		ROW(a_new_approval_has_the_id_of_the_old_one),
		ROW(clients_hear_of_what_is_taken_back),
		ROW(clients_hear_of_a_moved_group),
		ROW(one_change_is_all_or_nothing),
		ROW(a_declined_update_is_out),
		ROW(a_removed_group_takes_its_approvals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
