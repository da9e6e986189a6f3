#include "lib/clients/clients.h"

#include "lib/clients/clients_internal.h"
#include "lib/store/db.h"
#include "tests/unit/lib/clients/clients_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void identity_and_key_outlive_the_handle(void **state)
{
	struct fixture *f = *state;
	CLEANUP(clients_close) struct clients *again = clients_of(&f->folder);
	static const unsigned char none[CLIENTS_KEY];

	assert_memory_equal(clients_server_id(f->clients), clients_server_id(again), CLIENTS_GUID);
	assert_memory_equal(clients_cookie_key(f->clients), clients_cookie_key(again), CLIENTS_KEY);
	assert_memory_not_equal(clients_cookie_key(again), none, CLIENTS_KEY);
	assert_int_equal(clients_server_id(again)[6] >> 4, 4);
}

static void two_files_have_two_keys(void **state)
{
	struct fixture *f = *state;
	void *other = NULL;

	clients_setup(&other);
	struct fixture *g = other;
	assert_memory_not_equal(clients_cookie_key(f->clients), clients_cookie_key(g->clients),
				CLIENTS_KEY);
	clients_teardown(&other);
}

static void nobody_else_can_read_the_key(void **state)
{
	struct fixture *f = *state;
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%s/clients.db", f->folder.path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void no_directory_no_file(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_null(clients_open("/nonexistent", CLIENTS_VERB, &err));
	assert_int_equal(err.id, ERROR_FILE_OPEN);
}

static void a_newer_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;

	assert_int_equal(db_run(f->clients->db, "PRAGMA user_version=2", &err), 0);
	assert_null(clients_open(f->folder.path, CLIENTS_VERB, &err));
	assert_int_equal(err.id, ERROR_CLIENTS_SCHEMA);
}

static void configuration_changes_never_share_a_second(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	int64_t first, second, third;

	assert_int_equal(clients_config_touch(f->clients, INT64_C(4000000000), &err), 0);
	assert_int_equal(clients_config_change(f->clients, &first, &err), 0);
	assert_int_equal(first, INT64_C(4000000000));
	/* The clock was set back. */
	assert_int_equal(clients_config_touch(f->clients, 5, &err), 0);
	assert_int_equal(clients_config_change(f->clients, &second, &err), 0);
	assert_int_equal(second, first + 1);
	assert_int_equal(
		clients_set_targeting(f->clients, CLIENTS_TARGETING_CLIENT, first + 9, &err), 0);
	assert_int_equal(clients_config_change(f->clients, &third, &err), 0);
	assert_int_equal(third, first + 9);
	/* The same mode again is no change. */
	assert_int_equal(
		clients_set_targeting(f->clients, CLIENTS_TARGETING_CLIENT, first + 20, &err), 0);
	assert_int_equal(clients_config_change(f->clients, &third, &err), 0);
	assert_int_equal(third, first + 9);
}

static void another_handle_sees_changes(void **state)
{
	struct fixture *f = *state;
	CLEANUP(clients_close) struct clients *other = clients_of(&f->folder);
	struct error err = ERROR_INIT;
	enum clients_targeting mode;
	int64_t before, after;

	assert_int_equal(clients_version(f->clients, &before, &err), 0);
	assert_int_equal(clients_set_targeting(other, CLIENTS_TARGETING_CLIENT, NOW, &err), 0);
	assert_int_equal(clients_version(f->clients, &after, &err), 0);
	assert_true(after > before);
	assert_int_equal(clients_targeting(f->clients, &mode, &err), 0);
	assert_int_equal(mode, CLIENTS_TARGETING_CLIENT);
	add_group(other, "Lab", NULL);
	assert_int_equal(clients_version(f->clients, &before, &err), 0);
	assert_true(before > after);
	approve(other, 1, GROUP_ALL, APPROVAL_INSTALL, NOW);
	assert_int_equal(clients_version(f->clients, &after, &err), 0);
	assert_true(after > before);
}

static void texts_are_cleaned(void **state)
{
	static const struct {
		const char *in;
		size_t size;
		const char *out;
	} rows[] = {
		{ "plain", 20, "plain" },
		{ NULL, 20, "" },
		{ "a\tb\nc\x7f", 20, "a?b?c?" },
		{ "gr\xc3\xbc\xc3\x9f", 20, "gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac\xf0\x9f\x98\x80", 20, "\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xc0\xaf", 20, "??" },           /* overlong */
		{ "\xed\xa0\x80", 20, "???" },      /* surrogate */
		{ "\xf4\x90\x80\x80", 20, "????" }, /* above the last character */
		{ "\xc2\x85", 20, "??" },           /* C1 control */
		{ "\xc3", 20, "?" },                /* cut */
		{ "abcdef", 4, "abc" },
		{ "ab\xc3\xbc", 4, "ab" }, /* never half a character */
		{ "ab\xc3\xbc", 5, "ab\xc3\xbc" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char out[20];

		clients_text(rows[i].in, out, rows[i].size);
		assert_string_equal(out, rows[i].out);
	}
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, clients_setup, clients_teardown)
	const struct CMUnitTest tests[] = {
		ROW(identity_and_key_outlive_the_handle),
		ROW(two_files_have_two_keys),
		ROW(nobody_else_can_read_the_key),
		ROW(a_newer_file_is_refused),
		ROW(configuration_changes_never_share_a_second),
		ROW(another_handle_sees_changes),
		cmocka_unit_test(no_directory_no_file),
		cmocka_unit_test(texts_are_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
