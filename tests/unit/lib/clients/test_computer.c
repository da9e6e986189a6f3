#include "lib/clients/computer.h"

#include "tests/unit/lib/clients/clients_fixture.h"

#include <string.h>

static void client_ids(void **state)
{
	char longest[LIMIT_CLIENT_ID + 2];

	(void)state;
	memset(longest, 'a', sizeof longest);
	assert_true(computer_id_valid(longest, LIMIT_CLIENT_ID));
	assert_false(computer_id_valid(longest, LIMIT_CLIENT_ID + 1));
	assert_false(computer_id_valid("", 0));
	assert_false(computer_id_valid("a b", 3));
	assert_false(computer_id_valid("a_b", 3));
	assert_false(computer_id_valid("a\0b", 3));
	assert_true(computer_id_valid("6B29fc40-ca47-1067-b31d-00dd010662da", 36));
}

static void a_contact_makes_a_computer_and_keeps_what_is_not_said(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct computer_contact contact = { .client_id = "PC-1",
					    .dns_name = "pc1.example",
					    .claimed = "Lab",
					    .address = "10.0.0.1",
					    .now = NOW };

	assert_int_equal(computer_registered(f->clients, "pc-1", &err), 0);
	assert_int_equal(computer_contact(f->clients, &contact, &err), 0);
	struct computer m = find_computer(f->clients, "pc-1");
	assert_string_equal(m.client_id, "pc-1");
	assert_string_equal(m.dns_name, "pc1.example");
	assert_int_equal(m.first_contact, NOW);
	assert_int_equal(m.registered, 0);
	contact = (struct computer_contact){ .client_id = "pc-1", .now = NOW + 100 };
	assert_int_equal(computer_contact(f->clients, &contact, &err), 0);
	m = find_computer(f->clients, "PC1.EXAMPLE");
	assert_string_equal(m.claimed, "Lab");
	assert_string_equal(m.address, "10.0.0.1");
	assert_int_equal(m.last_contact, NOW + 100);
	contact.claimed = "";
	assert_int_equal(computer_contact(f->clients, &contact, &err), 0);
	assert_string_equal(find_computer(f->clients, "pc-1").claimed, "");
}

static void contacts_of_one_minute_are_written_once(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct computer_contact contact = { .client_id = "pc", .now = NOW };
	static const struct {
		int64_t now, noted;
	} rows[] = { { NOW, NOW },
		     { NOW + 59, NOW },
		     { NOW + 60, NOW + 60 },
		     { NOW + 61, NOW + 60 },
		     { NOW - 5, NOW - 5 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		contact.now = rows[i].now;
		assert_int_equal(computer_contact(f->clients, &contact, &err), 0);
		assert_int_equal(find_computer(f->clients, "pc").last_contact, rows[i].noted);
	}
}

static void registration_keeps_what_was_said(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	const struct computer_info info = { .dns_name = "pc.example",
					    .os_major = 10,
					    .os_build = 26200,
					    .model = "M\n1",
					    .architecture = "AMD64",
					    .client_major = 10,
					    .client_qfe = -1 };

	assert_int_equal(computer_register(f->clients, "PC", &info, NOW, &err), 0);
	assert_int_equal(computer_registered(f->clients, "pc", &err), 1);
	struct computer m = find_computer(f->clients, "pc.example");
	assert_string_equal(m.os_version, "10.0.26200");
	assert_string_equal(m.model, "M?1");
	assert_string_equal(m.architecture, "AMD64");
	assert_string_equal(m.client_version, "10.0.0.-1");
	assert_int_equal(m.registered, NOW);
}

static void names_can_be_ambiguous(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct computer m;

	add_computer(f->clients, "a", NOW);
	const struct computer_info info = { .dns_name = "a" };
	assert_int_equal(computer_register(f->clients, "b", &info, NOW, &err), 0);
	assert_int_equal(computer_find(f->clients, "a", &m, &err), -1);
	assert_int_equal(err.id, ERROR_COMPUTER_AMBIGUOUS);
	error_clear(&err);
	assert_int_equal(computer_find(f->clients, "b", &m, &err), 1);
	assert_int_equal(computer_find(f->clients, "c", &m, &err), 0);
}

static void groups_are_those_of_now(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct group_set set;
	int64_t lab = add_group(f->clients, "Lab", NULL);
	int64_t servers = add_group(f->clients, "Servers", NULL);
	struct computer m = add_computer(f->clients, "pc", NOW);
	const int64_t both[] = { servers, lab };

	assert_int_equal(computer_groups(f->clients, "unknown", NULL, &set, &err), 0);
	assert_true(group_set_equal(&set, &(struct group_set){ 1, { GROUP_UNASSIGNED } }));
	assert_int_equal(computer_move(f->clients, m.id, both, 2, &err), 0);
	assert_int_equal(computer_groups(f->clients, "PC", "Lab", &set, &err), 0);
	assert_true(group_set_equal(&set, &(struct group_set){ 2, { lab, servers } }));
	assert_int_equal(clients_set_targeting(f->clients, CLIENTS_TARGETING_CLIENT, NOW, &err), 0);
	assert_int_equal(computer_groups(f->clients, "pc", "Lab", &set, &err), 0);
	assert_true(group_set_equal(&set, &(struct group_set){ 1, { lab } }));
	assert_int_equal(group_remove(f->clients, "Lab", &err), 0);
	assert_int_equal(computer_groups(f->clients, "pc", "Lab", &set, &err), 0);
	assert_true(group_set_equal(&set, &(struct group_set){ 1, { servers } }));
	assert_int_equal(computer_move(f->clients, m.id, NULL, 0, &err), 0);
	assert_int_equal(computer_groups(f->clients, "pc", NULL, &set, &err), 0);
	assert_int_equal(set.ids[0], GROUP_UNASSIGNED);
}

static void moves_name_what_is_wrong(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct computer m = add_computer(f->clients, "pc", NOW);
	const int64_t none = 99, root = GROUP_ALL;

	assert_int_equal(computer_move(f->clients, m.id, &none, 1, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_ABSENT);
	error_clear(&err);
	assert_int_equal(computer_move(f->clients, m.id, &root, 1, &err), -1);
	assert_int_equal(err.id, ERROR_GROUP_BUILT_IN);
}

static void a_removed_computer_is_gone(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct computer m = add_computer(f->clients, "pc", NOW), next;

	add_computer(f->clients, "other", NOW);
	assert_int_equal(computer_remove(f->clients, m.id, &err), 0);
	assert_int_equal(computer_registered(f->clients, "pc", &err), 0);
	assert_int_equal(computer_next(f->clients, 0, &next, &err), 1);
	assert_string_equal(next.client_id, "other");
	assert_int_equal(computer_next(f->clients, next.id, &next, &err), 0);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, clients_setup, clients_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_ids),
		ROW(a_contact_makes_a_computer_and_keeps_what_is_not_said),
		ROW(contacts_of_one_minute_are_written_once),
		ROW(registration_keeps_what_was_said),
		ROW(names_can_be_ambiguous),
		ROW(groups_are_those_of_now),
		ROW(moves_name_what_is_wrong),
		ROW(a_removed_computer_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
