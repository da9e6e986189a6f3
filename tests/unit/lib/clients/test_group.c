#include "lib/clients/group.h"

#include "lib/clients/group_internal.h"
#include "tests/unit/lib/clients/clients_fixture.h"

#include <string.h>

static void the_built_in_groups_are_there_and_stay(void **state)
{
	struct fixture *f = *state;
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	struct error err = ERROR_INIT;

	assert_int_equal(group_list_load(f->clients, &l, &err), 0);
	assert_int_equal(l.count, 2);
	assert_string_equal(group_by_id(&l, GROUP_ALL)->name, "All Computers");
	assert_int_equal(group_by_name(&l, "unassigned COMPUTERS")->id, GROUP_UNASSIGNED);
	assert_int_equal(group_remove(f->clients, "All Computers", &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_BUILT_IN);
	error_clear(&err);
	assert_int_equal(group_move(f->clients, "Unassigned Computers", "All Computers", NOW, &err),
			 -1);
	assert_int_equal(err.id, ERROR_GROUP_BUILT_IN);
}

static void names_are_checked(void **state)
{
	struct fixture *f = *state;
	char longest[GROUP_NAME_SIZE + 1];
	const char *const bad[] = {
		"", "a;b", " a", "a ", "a\tb", "\xc3", "All Computers", "all computers", longest
	};
	int64_t id;

	memset(longest, 'x', sizeof longest);
	longest[GROUP_NAME_SIZE] = '\0';
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(group_add(f->clients, bad[i], NULL, &id, &err), -1);
		assert_int_equal(err.id, ERROR_GROUP_NAME);
	}
	longest[LIMIT_GROUP_NAME] = '\0';
	add_group(f->clients, longest, NULL);
}

/* What is kept of a group that is gone must not be taken for that of a new one. */
static void a_number_is_never_given_again(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	int64_t before, after;

	assert_int_equal(group_add(f->clients, "before", NULL, &before, &err), 0);
	assert_int_equal(group_remove(f->clients, "before", &err), 0);
	assert_int_equal(group_add(f->clients, "after", NULL, &after, &err), 0);
	assert_no_error(err);
	assert_int_not_equal(before, after);
}

static void a_tree_has_no_cycles_and_limited_depth(void **state)
{
	struct fixture *f = *state;
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	struct error err = ERROR_INIT;
	char name[16] = "All Computers", next[16];
	int64_t id;

	for (unsigned i = 1; i < LIMIT_GROUP_DEPTH; i++) {
		snprintf(next, sizeof next, "g%u", i);
		add_group(f->clients, next, name);
		memcpy(name, next, sizeof name);
	}
	assert_int_equal(group_add(f->clients, "deeper", name, &id, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_LIMIT);
	error_clear(&err);
	assert_int_equal(group_move(f->clients, "g2", "g5", NOW, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_CYCLE);
	error_clear(&err);
	assert_int_equal(group_move(f->clients, "g2", "g2", NOW, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_CYCLE);
	error_clear(&err);
	assert_int_equal(group_remove(f->clients, "g3", &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_NOT_EMPTY);
	error_clear(&err);
	/* Moving a high tree below another level would make it too deep. */
	add_group(f->clients, "other", NULL);
	assert_int_equal(group_move(f->clients, "g1", "other", NOW, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_LIMIT);
	error_clear(&err);
	assert_int_equal(group_move(f->clients, "g2", "All Computers", NOW, &err), 0);
	assert_int_equal(group_move(f->clients, "g1", "other", NOW, &err), 0);
	assert_int_equal(group_list_load(f->clients, &l, &err), 0);
	int64_t g15 = group_by_name(&l, "g15")->id, g2 = group_by_name(&l, "g2")->id;
	assert_true(group_within(&l, g15, g2));
	assert_true(group_within(&l, g15, GROUP_ALL));
	assert_false(group_within(&l, g2, g15));
	assert_false(group_within(&l, g15, group_by_name(&l, "g1")->id));
}

static void absent_groups_are_named(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	int64_t id;

	assert_int_equal(group_add(f->clients, "a", "nowhere", &id, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_ABSENT);
	assert_non_null(strstr(err.message, "nowhere"));
	error_clear(&err);
	assert_int_equal(group_remove(f->clients, "nowhere", &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_ABSENT);
	error_clear(&err);
	assert_int_equal(group_add(f->clients, "a", "Unassigned Computers", &id, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_BUILT_IN);
}

static void where_a_computer_belongs(void **state)
{
	struct group items[] = { { .id = 1, .name = "All Computers" },
				 { .id = 2, .name = "Unassigned Computers", .parent = 1 },
				 { .id = 3, .name = "Servers", .parent = 1 },
				 { .id = 4, .name = "Lab", .parent = 1 } };
	const struct group_list l = { items, 4 };
	static const struct {
		enum clients_targeting mode;
		struct group_set members;
		const char *claimed;
		struct group_set expected;
	} rows[] = {
		{ CLIENTS_TARGETING_SERVER, { 0 }, "Servers", { 1, { 2 } } },
		{ CLIENTS_TARGETING_SERVER, { 1, { 4 } }, "Servers", { 1, { 4 } } },
		{ CLIENTS_TARGETING_SERVER, { 2, { 3, 4 } }, "", { 2, { 3, 4 } } },
		{ CLIENTS_TARGETING_CLIENT, { 1, { 4 } }, "Servers", { 1, { 3 } } },
		{ CLIENTS_TARGETING_CLIENT, { 1, { 4 } }, "Nowhere", { 1, { 4 } } },
		{ CLIENTS_TARGETING_CLIENT, { 0 }, "Nowhere", { 1, { 2 } } },
		{ CLIENTS_TARGETING_CLIENT, { 0 }, "lab; SERVERS ;lab", { 2, { 3, 4 } } },
		{ CLIENTS_TARGETING_CLIENT, { 0 }, ";;", { 1, { 2 } } },
		/* Everybody is in the root: claiming it does not leave the unassigned. */
		{ CLIENTS_TARGETING_CLIENT, { 0 }, "All Computers", { 1, { 2 } } },
		/* A prefix is not the name. */
		{ CLIENTS_TARGETING_CLIENT, { 0 }, "Serv", { 1, { 2 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct group_set got;

		group_resolve(&l, rows[i].mode, &rows[i].members, rows[i].claimed, &got);
		assert_true(group_set_equal(&got, &rows[i].expected));
	}
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, clients_setup, clients_teardown)
	const struct CMUnitTest tests[] = {
		ROW(the_built_in_groups_are_there_and_stay), ROW(names_are_checked),
		ROW(the_built_in_groups_are_there_and_stay), ROW(a_number_is_never_given_again),
		ROW(a_tree_has_no_cycles_and_limited_depth), ROW(absent_groups_are_named),
		cmocka_unit_test(where_a_computer_belongs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
