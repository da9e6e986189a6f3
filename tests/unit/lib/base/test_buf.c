#include "lib/base/buf.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

static void fills_exactly_to_its_ceiling(void **state)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(10);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(buf_append(&b, "0123456789", 10, &err), 0);
	assert_int_equal(buf_append(&b, NULL, 0, &err), 0);
	assert_int_equal(b.len, 10);
	assert_int_equal(buf_append(&b, "x", 1, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "more than 10 bytes");
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.bytes, "0123456789", 10);
}

static void refuses_what_does_not_fit_whole(void **state)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(10);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(buf_append(&b, "0123456789x", 11, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "10");
	assert_int_equal(b.len, 0);
	error_clear(&err);
	assert_int_equal(buf_append(&b, "abc", 3, &err), 0);
	assert_null(buf_room(&b, SIZE_MAX, &err));
	assert_error(err, ERROR_LIMIT_BYTES, "10");
}

static void printf_has_no_length_of_its_own(void **state)
{
	static const int widths[] = { 0, 1, 255, 256, 1022, 1023, 1024, 1025, 2000, 5000 };

	(void)state;
	for (size_t i = 0; i < COUNT(widths); i++) {
		size_t len = (size_t)widths[i];
		CLEANUP(buf_clear) struct buf exact = BUF_INIT(len);
		struct error err = ERROR_INIT;

		assert_int_equal(buf_printf(&exact, &err, "%*s", widths[i], ""), 0);
		assert_no_error(err);
		assert_int_equal(exact.len, len);
		if (len == 0)
			continue;
		CLEANUP(buf_clear) struct buf less = BUF_INIT(len - 1);
		assert_int_equal(buf_printf(&less, &err, "%*s", widths[i], ""), -1);
		assert_error(err, ERROR_LIMIT_BYTES, "more than");
		assert_int_equal(less.len, 0);
	}
}

static void grows_by_pieces_and_keeps_all(void **state)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(100000);
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < 100000; i++) {
		unsigned char c = (unsigned char)(i * 7);

		assert_int_equal(buf_append(&b, &c, 1, &err), 0);
		assert_true(b.capacity <= b.max);
	}
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(b.bytes[i], (unsigned char)(i * 7));
}

static void take_hands_over_and_starts_anew(void **state)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(8);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(buf_append(&b, "abc", 3, &err), 0);
	unsigned char *bytes = buf_take(&b);
	assert_memory_equal(bytes, "abc", 3);
	free(bytes);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 8);
	bytes = buf_take(&b); /* empty: still something to free */
	assert_non_null(bytes);
	free(bytes);
	assert_int_equal(buf_append(&b, "12345678", 8, &err), 0);
}

/* The allocator is asked for the same block again: what it hands out must not hold the secret. */
static void wiped_bytes_are_gone(void **state)
{
	static const char secret[] = "a secret of thirty-two characters";
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT(64);

	(void)state;
	buf_wipe(&b); /* nothing there yet */
	assert_int_equal(buf_append(&b, secret, sizeof secret, &err), 0);
	unsigned char *seen = buf_take(&b);
	struct buf held = { .bytes = seen, .len = 4, .capacity = sizeof secret, .max = 64 };
	held.bytes = buf_realloc(held.bytes, 4096, 1);
	held.capacity = 4096;
	buf_wipe(&held);
	assert_null(held.bytes);
	assert_int_equal(held.len, 0);
	assert_int_equal(held.max, 64);
	unsigned char *again = buf_malloc(4096);
	for (size_t i = 16; i + 1 < sizeof secret; i++) /* the first bytes are the allocator's */
		assert_int_not_equal(again[i], secret[i]);
	free(again);
}

static void arrays_double(void **state)
{
	size_t capacity = 0;
	int *items = NULL;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		items = buf_grow(items, &capacity, i, sizeof *items);
		assert_true(capacity > i);
		items[i] = (int)i;
	}
	assert_int_equal(capacity, 1024);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	free(items);
	char *copy = buf_strdup("");
	assert_string_equal(copy, "");
	free(copy);
	free(buf_calloc(0, 0));
	free(buf_malloc(0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_exactly_to_its_ceiling),
		cmocka_unit_test(refuses_what_does_not_fit_whole),
		cmocka_unit_test(printf_has_no_length_of_its_own),
		cmocka_unit_test(grows_by_pieces_and_keeps_all),
		cmocka_unit_test(take_hands_over_and_starts_anew),
		cmocka_unit_test(wiped_bytes_are_gone),
		cmocka_unit_test(arrays_double),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
