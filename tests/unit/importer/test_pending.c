/* Bundles that wait: what is one, what was left by a run that was interrupted. */
#include "importer/pending.h"

#include "lib/store/store.h"
#include "tests/unit/repository.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct scene {
	struct repository repository;
	struct store *store;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	repository_create(&s->repository);
	s->store = repository_open(&s->repository, true);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	store_close(s->store);
	repository_remove(&s->repository);
	free(s);
	return 0;
}

static void make_dir(const struct scene *s, const char *path)
{
	assert_int_equal(mkdirat(store_dir(s->store), path, 0700), 0);
}

static bool is_there(const struct scene *s, const char *path)
{
	return faccessat(store_dir(s->store), path, F_OK, 0) == 0;
}

static int count(const struct scene *s, struct error *err)
{
	CLEANUP(pending_list_clear) struct pending_list list = { 0 };

	return pending_list_load(s->store, &list, err) < 0 ? -1 : (int)list.count;
}

static void nothing_waits(void **state)
{
	struct scene *s = *state;
	struct error err = ERROR_INIT;

	assert_int_equal(count(s, &err), 0);
	assert_int_equal(pending_tidy(s->store, &err), 0);
	assert_no_error(err);
}

static void what_was_left_is_removed(void **state)
{
	struct scene *s = *state;
	struct error err = ERROR_INIT;

	make_dir(s, "pending");
	make_dir(s, "pending/" NAME ".part");
	make_dir(s, "pending/" NAME ".part/sigs");
	make_dir(s, "pending/" NAME);
	assert_int_equal(count(s, &err), 0); /* no MANIFEST in it */
	assert_int_equal(pending_tidy(s->store, &err), 0);
	assert_no_error(err);
	assert_false(is_there(s, "pending/" NAME ".part"));
	assert_true(is_there(s, "pending/" NAME));
}

static void removing_goes_by_another_name(void **state)
{
	struct scene *s = *state;
	struct error err = ERROR_INIT;

	make_dir(s, "pending");
	make_dir(s, "pending/" NAME);
	make_dir(s, "pending/" NAME ".part");
	make_dir(s, "pending/" NAME ".part/log");
	assert_int_equal(pending_remove(s->store, NAME, &err), 0);
	assert_no_error(err);
	assert_false(is_there(s, "pending/" NAME));
	assert_false(is_there(s, "pending/" NAME ".part"));
	assert_int_equal(pending_remove(s->store, NAME, &err), -1);
	assert_error(err, ERROR_FILE_WRITE, "pending/" NAME);
}

/* It may be the one that is needed: not the same as none. */
static void one_that_cannot_be_read(void **state)
{
	struct scene *s = *state;
	struct error err = ERROR_INIT;

	make_dir(s, "pending");
	make_dir(s, "pending/" NAME);
	make_dir(s, "pending/" NAME "/MANIFEST");
	assert_int_equal(count(s, &err), -1);
	assert_non_null(strstr(err.message, "pending/" NAME));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_left_is_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(removing_goes_by_another_name, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
