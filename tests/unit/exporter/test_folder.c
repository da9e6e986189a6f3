#include "exporter/folder.h"

#include "tests/unit/folder.h"

static void files_come_largest_first(void **state)
{
	struct temporary t;
	struct error err = ERROR_INIT;
	char path[128];

	(void)state;
	temporary_create(&t);
	snprintf(path, sizeof path, "%s/sub/deep", t.path);
	assert_int_equal(file_make_dirs(path, &err), 0);
	temporary_write(&t, "b", "12345", 5);
	temporary_write(&t, "a", "12345", 5);
	temporary_write(&t, "sub/deep/c", "1234567", 7);
	temporary_write(&t, "sub/empty", "", 0);
	assert_int_equal(symlinkat("a", t.dir, "link"), 0);
	assert_int_equal(symlinkat("sub", t.dir, "dirlink"), 0);
	assert_int_equal(mkfifoat(t.dir, "pipe", 0600), 0);
	{
		CLEANUP(folder_clear) struct folder f = { .dir = -1 };

		assert_int_equal(folder_scan(t.path, &f, &err), 0);
		assert_int_equal(f.count, 4);
		assert_int_equal(f.bytes, 17);
		assert_string_equal(f.files[0].path, "sub/deep/c");
		assert_string_equal(f.files[1].path, "a");
		assert_string_equal(f.files[2].path, "b");
		assert_string_equal(f.files[3].path, "sub/empty");
		int fd = folder_open(&f, &f.files[0], &err);
		assert_true(fd >= 0);
		file_close(fd);
		temporary_write(&t, "a", "123456", 6);
		assert_int_equal(folder_open(&f, &f.files[1], &err), -1);
		assert_error(err, ERROR_PAYLOAD_DIR, "a: changed");
		error_clear(&err);
		assert_int_equal(unlinkat(t.dir, "b", 0), 0);
		assert_int_equal(folder_open(&f, &f.files[2], &err), -1);
		assert_error(err, ERROR_PAYLOAD_DIR, "b: changed");
		error_clear(&err);
	}
	CLEANUP(folder_clear) struct folder none = { .dir = -1 };
	assert_int_equal(folder_scan("/nonexistent", &none, &err), -1);
	assert_int_equal(err.id, ERROR_FILE_OPEN);
	temporary_remove(&t);
}

static void depth_is_limited(void **state)
{
	char path[512];
	struct temporary t;
	struct error err = ERROR_INIT;

	(void)state;
	temporary_create(&t);
	size_t n = (size_t)snprintf(path, sizeof path, "%s", t.path);
	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(path + n, sizeof path - n, "/d");
	assert_int_equal(file_make_dirs(path, &err), 0);
	struct folder f;
	assert_int_equal(folder_scan(t.path, &f, &err), 0);
	folder_clear(&f);
	snprintf(path + n, sizeof path - n, "/d");
	assert_int_equal(file_make_dirs(path, &err), 0);
	assert_int_equal(folder_scan(t.path, &f, &err), -1);
	assert_error(err, ERROR_PAYLOAD_DIR, "nested deeper than 16");
	folder_clear(&f);
	error_clear(&err);
	/* file_remove_tree() goes 8 deep */
	assert_int_equal(file_remove_tree(t.dir, "d/d/d/d/d/d/d/d/d/d", &err), 0);
	assert_int_equal(file_remove_tree(t.dir, "d/d/d", &err), 0);
	temporary_remove(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_come_largest_first),
		cmocka_unit_test(depth_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
