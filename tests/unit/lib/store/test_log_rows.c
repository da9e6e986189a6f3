#include "lib/store/log_rows.h"

#include "lib/base/buf.h"
#include "lib/store/db.h"
#include "tests/unit/repository.h"

static int setup(void **state)
{
	struct repository *r = buf_calloc(1, sizeof *r);

	repository_create(r);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	repository_remove(*state);
	free(*state);
	return 0;
}

static void add(struct store *s, const char *text, int64_t channel, const char *bundle)
{
	const struct log_rows_bundle b = { channel, bundle };
	struct error err = ERROR_INIT;

	assert_int_equal(log_rows_append(s, text, strlen(text), bundle ? &b : NULL, &err), 0);
}

static void leaves_get_a_beginning(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(log_rows_clear) struct log_rows rows = { .count = 0 };
	unsigned char want[TREE_HASH];
	struct error err = ERROR_INIT;
	uint64_t marks[2], number;

	assert_int_equal(log_rows_load(s, &rows, &err), 0);
	assert_int_equal(rows.count, 0);
	assert_string_equal(rows.origin, "");
	add(s, "one\n", 0, NULL);
	add(s, "two\n", 7, "main-1-1");
	add(s, "three\n", 8, "other-1-1");
	add(s, "four\n", 7, "main-1-2");
	add(s, "five\n", 7, "main-1-3");
	assert_int_equal(log_rows_load(s, &rows, &err), 0);
	assert_int_equal(rows.count, 6);
	assert_memory_equal(rows.origin, "gapferry.log/", 13);
	assert_int_equal(strlen(rows.origin), 13 + 16);
	tree_leaf("one\n", 4, want);
	assert_memory_equal(rows.hashes[1], want, sizeof want);
	assert_int_equal(log_rows_find(s, "main-1-2", &number, &err), 1);
	assert_int_equal(number, 4);
	assert_int_equal(log_rows_find(s, "main-1-9", &number, &err), 0);
	/* The newest two of the channel, the older one first; after the leaf. */
	assert_int_equal(log_rows_marks(s, 7, marks, 2, &err), 2);
	assert_int_equal(marks[0], 5);
	assert_int_equal(marks[1], 6);
	assert_int_equal(log_rows_marks(s, 9, marks, 2, &err), 0);
}

static void a_missing_leaf_is_noticed(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(log_rows_clear) struct log_rows rows = { .count = 0 };
	struct error err = ERROR_INIT;

	add(s, "one\n", 0, NULL);
	add(s, "two\n", 0, NULL);
	repository_sql(s, "DELETE FROM log_leaf WHERE number=1");
	assert_int_equal(log_rows_load(s, &rows, &err), -1);
	assert_error(err, ERROR_DB_CORRUPT, "leaf 1 is missing");
}

static void checkpoints_are_found_by_size(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(buf_clear) struct buf note = BUF_INIT(100), back = BUF_INIT(100);
	struct error err = ERROR_INIT;

	assert_int_equal(log_rows_newest_note(s, &back, &err), 0);
	assert_int_equal(buf_printf(&note, &err, "five"), 0);
	assert_int_equal(log_rows_save_note(s, 5, &note, &err), 0);
	note.len = 0;
	assert_int_equal(buf_printf(&note, &err, "nine"), 0);
	assert_int_equal(log_rows_save_note(s, 9, &note, &err), 0);
	assert_int_equal(log_rows_load_note(s, 5, &back, &err), 1);
	assert_memory_equal(back.bytes, "five", 4);
	back.len = 0;
	assert_int_equal(log_rows_newest_note(s, &back, &err), 1);
	assert_memory_equal(back.bytes, "nine", 4);
	assert_int_equal(log_rows_load_note(s, 6, &back, &err), 0);
}

static void what_was_seen_is_remembered(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct log_rows_seen seen = { .origin = "gapferry.log/00",
				      .head = { .size = 12, .root = { 1, 2, 3 } } },
			     back;
	struct error err = ERROR_INIT;

	assert_int_equal(log_rows_seen(s, 3, &back, &err), 0);
	assert_int_equal(log_rows_see(s, 3, &seen, &err), 0);
	seen.head.size = 13;
	assert_int_equal(log_rows_see(s, 3, &seen, &err), 0);
	assert_int_equal(log_rows_seen(s, 3, &back, &err), 1);
	assert_string_equal(back.origin, seen.origin);
	assert_int_equal(back.head.size, 13);
	assert_memory_equal(back.head.root, seen.head.root, TREE_HASH);
	assert_int_equal(log_rows_seen(s, 4, &back, &err), 0);
	assert_int_equal(log_rows_see(s, 3, NULL, &err), 0);
	assert_int_equal(log_rows_seen(s, 3, &back, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(leaves_get_a_beginning, setup, teardown),
		cmocka_unit_test_setup_teardown(a_missing_leaf_is_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(checkpoints_are_found_by_size, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_seen_is_remembered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
