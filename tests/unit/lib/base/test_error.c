#include "lib/base/error.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>

static void records_once_and_returns_minus_one(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(error_set(&err, ERROR_USAGE, "%s: %d", "x", 7), -1);
	assert_int_equal(err.id, ERROR_USAGE);
	assert_int_equal(err.class, ERROR_CLASS_USAGE);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.message, "x: 7");
	error_clear(&err);
	assert_no_error(err);
	assert_int_equal(err.class, ERROR_CLASS_NONE);
	assert_string_equal(err.message, "");
}

static void errno_refines_the_class(void **state)
{
	static const struct {
		int sys;
		enum error_class class;
	} rows[] = {
		{ ENOSPC, ERROR_CLASS_SPACE }, { EDQUOT, ERROR_CLASS_SPACE },
		{ EFBIG, ERROR_CLASS_SPACE },  { ENOMEM, ERROR_CLASS_SPACE },
		{ EIO, ERROR_CLASS_MISSING },  { ENOENT, ERROR_CLASS_MISSING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		errno = rows[i].sys;
		assert_int_equal(error_set_errno(&err, ERROR_FILE_READ, "thing"), -1);
		assert_int_equal(err.id, ERROR_FILE_READ);
		assert_int_equal(err.class, rows[i].class);
		assert_int_equal(err.sys, rows[i].sys);
		assert_int_equal(strncmp(err.message, "thing: ", 7), 0);
		assert_true(strlen(err.message) > 7);
	}
}

static void context_is_cut_before_the_cause(void **state)
{
	struct error err = ERROR_INIT;
	char *context = test_malloc(2000);

	(void)state;
	memset(context, 'c', 1999);
	context[1999] = '\0';
	error_set(&err, ERROR_USAGE, "the cause");
	assert_int_equal(error_wrap(&err, "inner"), -1);
	assert_string_equal(err.message, "inner: the cause");
	assert_int_equal(error_wrap(&err, "%s", context), -1);
	assert_int_equal(strlen(err.message), sizeof err.message - 1);
	assert_string_equal(err.message + sizeof err.message - 1 - strlen("cc: inner: the cause"),
			    "cc: inner: the cause");
	assert_int_equal(error_wrap(&err, "no room"), -1); /* left as it is */
	assert_int_equal(err.message[0], 'c');

	error_clear(&err);
	error_set(&err, ERROR_USAGE, "%s", context);
	assert_int_equal(strlen(err.message), sizeof err.message - 1);
	errno = EIO;
	error_clear(&err);
	error_set_errno(&err, ERROR_FILE_READ, "%s", context); /* no room for strerror() */
	assert_int_equal(strlen(err.message), sizeof err.message - 1);
	test_free(context);
}

static void every_id_has_a_name_of_its_own_and_a_next_step(void **state)
{
	(void)state;
	for (int i = ERROR_NONE + 1; i < ERROR_IDS_; i++) {
		struct error err = ERROR_INIT;
		const char *name = error_id_text((enum error_id)i);

		assert_int_equal(strlen(name), 7);
		assert_memory_equal(name, "GF-", 3);
		assert_true(strspn(name + 3, "0123456789") == 4);
		assert_true(strlen(error_next_step((enum error_id)i)) > 10);
		error_set(&err, (enum error_id)i, "x");
		assert_true(err.class > ERROR_CLASS_NONE && err.class < ERROR_CLASSES_);
		for (int k = ERROR_NONE; k < i; k++)
			assert_string_not_equal(name, error_id_text((enum error_id)k));
	}
}

static void classes_map_to_the_documented_statuses(void **state)
{
	static const int want[ERROR_CLASSES_] = { 0, 1, 3, 4, 5, 6, 7, 8, 9, 70 };

	(void)state;
	for (int c = 0; c < ERROR_CLASSES_; c++)
		assert_int_equal(error_exit_status((enum error_class)c), want[c]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_once_and_returns_minus_one),
		cmocka_unit_test(errno_refines_the_class),
		cmocka_unit_test(context_is_cut_before_the_cause),
		cmocka_unit_test(every_id_has_a_name_of_its_own_and_a_next_step),
		cmocka_unit_test(classes_map_to_the_documented_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
