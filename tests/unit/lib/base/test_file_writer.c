#include "lib/base/file_writer.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/unit/folder.h"
#include "tests/unit/unit.h"

enum { SIZE = (2 << 20) + 100 };

static size_t count_entries(int dir)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error err = ERROR_INIT;

	assert_int_equal(file_list_load(dir, 100, &list, &err), 0);
	return list.count;
}

/* Pieces that do not divide the buffer, and one larger than it. */
static void pieces_become_one_file(void **state)
{
	static const size_t pieces[] = { 1, 7777, 65536, SIZE };
	CLEANUP(free) unsigned char *bytes = buf_malloc(SIZE);
	struct temporary folder;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(i * 2654435761u >> 11);
	temporary_create(&folder);
	for (size_t k = 0; k < COUNT(pieces); k++) {
		struct error err = ERROR_INIT;
		struct file_writer *w = file_writer_begin(folder.dir, "table", 0644, &err);
		CLEANUP(free) unsigned char *back = NULL;
		size_t len;

		assert_non_null(w);
		for (size_t at = 0; at < SIZE; at += pieces[k]) {
			size_t n = SIZE - at < pieces[k] ? SIZE - at : pieces[k];

			assert_int_equal(file_writer_append(w, bytes + at, n, &err), 0);
		}
		assert_int_equal(file_writer_size(w), SIZE);
		assert_int_equal(file_writer_commit(w, &err), 0);
		assert_int_equal(file_load(folder.dir, "table", SIZE, &back, &len, &err), 1);
		assert_int_equal(len, SIZE);
		assert_memory_equal(back, bytes, SIZE);
		assert_int_equal(count_entries(folder.dir), 1);
	}
	temporary_remove(&folder);
}

static void nothing_appears_before_the_commit(void **state)
{
	struct temporary folder;
	struct error err = ERROR_INIT;
	CLEANUP(free) unsigned char *back = NULL;
	size_t len;

	(void)state;
	temporary_create(&folder);
	temporary_write(&folder, "table", "old", 3);
	struct file_writer *w = file_writer_begin(folder.dir, "table", 0644, &err);
	assert_int_equal(file_writer_append(w, "new", 3, &err), 0);
	assert_int_equal(file_load(folder.dir, "table", 10, &back, &len, &err), 1);
	assert_memory_equal(back, "old", 3);
	file_writer_abandon(w);
	assert_int_equal(count_entries(folder.dir), 1);
	file_writer_abandon(NULL);

	/* What a killed run left behind is in nobody's way; an empty file is one, too. */
	temporary_write(&folder, "empty.tmp", "x", 1);
	w = file_writer_begin(folder.dir, "empty", 0644, &err);
	assert_int_equal(file_writer_commit(w, &err), 0);
	free(back);
	back = NULL;
	assert_int_equal(file_load(folder.dir, "empty", 10, &back, &len, &err), 1);
	assert_int_equal(len, 0);
	assert_int_equal(count_entries(folder.dir), 2);
	temporary_remove(&folder);
}

static void failures_name_the_file(void **state)
{
	struct error err = ERROR_INIT;
	char name[600];

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_null(file_writer_begin(-1, name, 0644, &err));
	assert_error(err, ERROR_FILE_NAME, "name too long");
	error_clear(&err);
	assert_null(file_writer_begin(-1, "table", 0644, &err));
	assert_error(err, ERROR_FILE_WRITE, "table");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_become_one_file),
		cmocka_unit_test(nothing_appears_before_the_commit),
		cmocka_unit_test(failures_name_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
