#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/source.h"
#include "tests/unit/folder.h"
#include "tests/unit/read_full.h"

static struct temporary here;

static int setup(void **state)
{
	(void)state;
	temporary_create(&here);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	temporary_remove(&here);
	return 0;
}

static void saves_and_loads_whole_files(void **state)
{
	static const char *const texts[] = { "", "x", "hello" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct error err = ERROR_INIT;
		unsigned char *bytes;
		size_t len;

		temporary_write(&here, "a", texts[i], strlen(texts[i]));
		assert_int_equal(file_load(here.dir, "a", strlen(texts[i]), &bytes, &len, &err), 1);
		assert_int_equal(len, strlen(texts[i]));
		assert_string_equal((char *)bytes, texts[i]);
		free(bytes);
		assert_int_equal(faccessat(here.dir, "a.tmp", F_OK, 0), -1);
	}
}

static void refusals_say_why(void **state)
{
	struct error err = ERROR_INIT;
	unsigned char *bytes;
	uint64_t size;
	size_t len;
	int fd;

	(void)state;
	temporary_write(&here, "six", "123456", 6);
	assert_int_equal(file_load(here.dir, "six", 5, &bytes, &len, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "six: 6 bytes, more than 5");
	error_clear(&err);
	assert_int_equal(file_load(here.dir, "absent", 5, &bytes, &len, &err), 0);
	assert_no_error(err);

	assert_int_equal(mkdirat(here.dir, "d", 0777), 0);
	assert_int_equal(file_open_read(here.dir, "d", &fd, &size, &err), -1);
	assert_error(err, ERROR_FILE_NAME, "not a regular file");
	error_clear(&err);
	assert_int_equal(symlinkat("six", here.dir, "link"), 0);
	assert_int_equal(file_open_read(here.dir, "link", &fd, &size, &err), -1);
	assert_error(err, ERROR_FILE_NAME, "link: a link");
	error_clear(&err);
	assert_int_equal(mkfifoat(here.dir, "pipe", 0666), 0); /* must not wait for a writer */
	assert_int_equal(file_open_read(here.dir, "pipe", &fd, &size, &err), -1);
	assert_error(err, ERROR_FILE_NAME, "pipe: not a regular file");
	error_clear(&err);
	assert_int_equal(symlinkat("d", here.dir, "dirlink"), 0);
	assert_int_equal(file_open_subdir(here.dir, "dirlink", false, &err), -1);
	assert_error(err, ERROR_FILE_OPEN, "dirlink");
	error_clear(&err);
	assert_int_equal(file_open_dir("/nonexistent/x", &err), -1);
	assert_error(err, ERROR_FILE_OPEN, "/nonexistent/x");
}

static void a_save_replaces_or_changes_nothing(void **state)
{
	struct error err = ERROR_INIT;
	char long_name[600];

	(void)state;
	/* a left-over, even a link elsewhere, is not written through */
	temporary_write(&here, "victim", "safe", 4);
	assert_int_equal(symlinkat("victim", here.dir, "b.tmp"), 0);
	temporary_write(&here, "b", "new", 3);
	unsigned char *bytes;
	size_t len;
	assert_int_equal(file_load(here.dir, "victim", 10, &bytes, &len, &err), 1);
	assert_string_equal((char *)bytes, "safe");
	free(bytes);
	assert_int_equal(file_save(here.dir, "nowhere/b", "x", 1, 0644, &err), -1);
	assert_int_equal(err.id, ERROR_FILE_WRITE);
	error_clear(&err);
	assert_int_equal(mkdirat(here.dir, "taken", 0777), 0);
	assert_int_equal(file_save(here.dir, "taken", "x", 1, 0644, &err), -1);
	assert_error(err, ERROR_FILE_WRITE, "taken: cannot rename into place");
	assert_int_equal(faccessat(here.dir, "taken.tmp", F_OK, 0), -1);
	error_clear(&err);
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal(file_save(here.dir, long_name, "x", 1, 0644, &err), -1);
	assert_error(err, ERROR_FILE_NAME, "name too long");
}

static void short_reads_name_the_place(void **state)
{
	struct error err = ERROR_INIT;
	char bytes[8];

	(void)state;
	temporary_write(&here, "a", "12345", 5);
	CLEANUP(file_close) int fd = openat(here.dir, "a", O_RDONLY);
	assert_int_equal(file_read_at(fd, "a", bytes, 3, 2, &err), 0);
	assert_memory_equal(bytes, "345", 3);
	assert_int_equal(file_read_at(fd, "a", bytes, 0, 99, &err), 0);
	assert_int_equal(file_read_at(fd, "a", bytes, 4, 2, &err), -1);
	assert_error(err, ERROR_FILE_READ, "a: ends at byte 5, too early");
	error_clear(&err);
	assert_int_equal(file_write_at(fd, "a", "x", 1, 0, &err), -1);
	assert_error(err, ERROR_FILE_WRITE, "a: cannot write at byte 0");
}

static void a_full_disk_is_its_own_class(void **state)
{
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(file_write_at(fd, "full", "x", 1, 0, &err), -1);
	assert_int_equal(err.id, ERROR_FILE_WRITE);
	assert_int_equal(err.class, ERROR_CLASS_SPACE);
}

static void lists_are_sorted_and_limited(void **state)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	CLEANUP(file_close) int sub = file_open_subdir(here.dir, "list", true, &err);
	assert_int_equal(file_list_load(sub, 0, &list, &err), 0);
	assert_int_equal(list.count, 0);
	for (const char *n = "cabB"; *n; n++) {
		char name[2] = { *n, '\0' };

		assert_int_equal(file_save(sub, name, "", 0, 0644, &err), 0);
	}
	assert_int_equal(file_list_load(sub, 4, &list, &err), 0);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.names[0], "B");
	assert_string_equal(list.names[3], "c");
	struct file_list more = { 0 };
	assert_int_equal(file_list_load(sub, 3, &more, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "more than 3 directory entries");
	assert_null(more.names);
}

static void trees_are_removed_to_a_depth(void **state)
{
	struct error err = ERROR_INIT;
	char path[256];

	(void)state;
	temporary_write(&here, "outside", "x", 1);
	snprintf(path, sizeof path, "%s/t/1/2/3/4/5/6/7", here.path);
	assert_int_equal(file_make_dirs(path, &err), 0);
	assert_int_equal(file_make_dirs(path, &err), 0);
	assert_int_equal(symlinkat("../../outside", here.dir, "t/1/link"), 0);
	assert_int_equal(file_remove_tree(here.dir, "t", &err), 0);
	assert_int_equal(faccessat(here.dir, "t", F_OK, 0), -1);
	assert_int_equal(faccessat(here.dir, "outside", F_OK, 0), 0);
	assert_int_equal(file_remove_tree(here.dir, "t", &err), 0); /* absence is success */
	snprintf(path, sizeof path, "%s/t/1/2/3/4/5/6/7/8", here.path);
	assert_int_equal(file_make_dirs(path, &err), 0);
	assert_int_equal(file_remove_tree(here.dir, "t", &err), -1);
	assert_error(err, ERROR_FILE_WRITE, "nested too deep");
	error_clear(&err);
	assert_int_equal(file_remove_tree(here.dir, "t/1", &err), 0);
	assert_int_equal(file_make_dirs("", &err), -1);
	assert_error(err, ERROR_FILE_WRITE, "path of 0 bytes");
}

static void space_is_known(void **state)
{
	struct error err = ERROR_INIT;
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(file_free_space(here.dir, &bytes, &err), 0);
	assert_true(bytes > 0);
	assert_int_equal(file_free_space(-1, &bytes, &err), -1);
	assert_int_equal(err.id, ERROR_FILE_WRITE);
}

static ssize_t one_byte(struct source *s, void *buf, size_t len, struct error *err)
{
	(void)s;
	(void)err;
	*(char *)buf = 'z';
	return len > 0 ? 1 : 0;
}

static void sources_deliver_until_they_end(void **state)
{
	struct error err = ERROR_INIT;
	struct source_memory m;
	struct source_fd f;
	char bytes[16];

	(void)state;
	source_memory_init(&m, "abcde", 5);
	assert_int_equal(read_full(&m.base, bytes, 3, &err), 3);
	assert_int_equal(read_full(&m.base, bytes, 3, &err), 2);
	assert_memory_equal(bytes, "de", 2);
	assert_int_equal(read_full(&m.base, bytes, 3, &err), 0);
	source_memory_init(&m, NULL, 0);
	assert_int_equal(read_full(&m.base, bytes, 3, &err), 0);

	struct source slow = { one_byte };
	assert_int_equal(read_full(&slow, bytes, 16, &err), 16);
	assert_int_equal(read_full(&slow, bytes, 0, &err), 0);

	temporary_write(&here, "s", "12345", 5);
	CLEANUP(file_close) int fd = openat(here.dir, "s", O_RDONLY);
	source_fd_init(&f, fd, "s");
	assert_int_equal(read_full(&f.base, bytes, 16, &err), 5);
	source_fd_init(&f, here.dir, "a directory");
	assert_int_equal(read_full(&f.base, bytes, 16, &err), -1);
	assert_error(err, ERROR_FILE_READ, "a directory: cannot read");
}

static void the_stamp_follows_the_environment(void **state)
{
	static const char *const wrong[] = { "", "-1", "01", " 1", "1x", "253402300800" };

	(void)state;
	assert_int_equal(setenv("SOURCE_DATE_EPOCH", "0", 1), 0);
	assert_int_equal(clock_stamp(), 0);
	assert_int_equal(setenv("SOURCE_DATE_EPOCH", "253402300799", 1), 0);
	assert_int_equal(clock_stamp(), 253402300799);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(setenv("SOURCE_DATE_EPOCH", wrong[i], 1), 0);
		int64_t before = clock_now(), stamp = clock_stamp();
		assert_true(stamp >= before && stamp <= clock_now());
	}
	assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
	assert_true(clock_now() > 1700000000);
	uint64_t ticks = clock_ticks();
	assert_true(clock_ticks() >= ticks);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(saves_and_loads_whole_files),
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(a_save_replaces_or_changes_nothing),
		cmocka_unit_test(short_reads_name_the_place),
		cmocka_unit_test(a_full_disk_is_its_own_class),
		cmocka_unit_test(lists_are_sorted_and_limited),
		cmocka_unit_test(trees_are_removed_to_a_depth),
		cmocka_unit_test(space_is_known),
		cmocka_unit_test(sources_deliver_until_they_end),
		cmocka_unit_test(the_stamp_follows_the_environment),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
