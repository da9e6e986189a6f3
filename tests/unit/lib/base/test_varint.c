#include "lib/base/varint.h"
#include "tests/unit/unit.h"

static const uint64_t numbers[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX };

static void write_all(struct varint_writer *w)
{
	for (size_t i = 0; i < COUNT(numbers); i++)
		varint_put(w, numbers[i]);
	varint_put_text(w, "");
	varint_put_text(w, "text");
	varint_put_bytes(w, "\0\1", 2);
}

static void what_was_written_is_read(void **state)
{
	struct varint_writer w = { .out = BUF_INIT(1000) };
	unsigned char two[2];

	(void)state;
	write_all(&w);
	assert_false(w.full);
	/* every shorter text is told to be short, and read nowhere behind its end */
	for (size_t len = 0; len <= w.out.len; len++) {
		unsigned char *copy = memcpy(buf_malloc(len + 1), w.out.bytes, len);
		struct varint_reader r = { copy, copy + len, false };
		bool same = true;

		for (size_t i = 0; i < COUNT(numbers); i++)
			same = varint_get(&r) == numbers[i] && same;
		same = strcmp(varint_get_text(&r), "") == 0 && same;
		same = strcmp(varint_get_text(&r), "text") == 0 && same;
		varint_copy_bytes(&r, two, sizeof two);
		assert_int_equal(r.bad, len < w.out.len);
		assert_int_equal(same && two[1] == 1, len == w.out.len);
		assert_ptr_equal(r.at, r.end);
		free(copy);
	}
	buf_clear(&w.out);
}

static void a_ceiling_is_kept(void **state)
{
	struct varint_writer w = { .out = BUF_INIT(20) };

	(void)state;
	write_all(&w);
	assert_true(w.full);
	assert_in_range(w.out.len, 0, 20);
	buf_clear(&w.out);
}

static void nonsense_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10 },
		{ "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11 },
		{ "\x04"
		  "abcd",
		  5 },
		{ "\x04"
		  "ab\0d",
		  6 },
		{ "\x7F"
		  "a",
		  3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const unsigned char *b = (const unsigned char *)rows[i].bytes;
		struct varint_reader r = { b, b + rows[i].len, false };

		assert_string_equal(varint_get_text(&r), "");
		assert_true(r.bad);
	}
	struct varint_reader r = { (const unsigned char *)"\x05", NULL, false };
	r.end = r.at + 1;
	assert_int_equal(varint_get_to(&r, 4), 0);
	assert_true(r.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(a_ceiling_is_kept),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
