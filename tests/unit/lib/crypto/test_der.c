#include "lib/crypto/der.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/unit/unit.h"

#define BYTES(...) (const unsigned char[]){ __VA_ARGS__ }, sizeof((unsigned char[]){ __VA_ARGS__ })

static void elements_are_der_or_refused(void **state)
{
	static const struct {
		unsigned char bytes[8];
		size_t len;
		bool ok;
		size_t contents;
	} rows[] = {
		{ { 0x05, 0x00 }, 2, true, 0 },
		{ { 0x04, 0x01, 0xff }, 3, true, 1 },
		{ { 0x04, 0x01, 0xff, 0x05 }, 4, true, 1 }, /* more follows */
		{ { 0 }, 0, false, 0 },
		{ { 0x04 }, 1, false, 0 },
		{ { 0x04, 0x02, 0xff }, 3, false, 0 },          /* one byte short */
		{ { 0x30, 0x80, 0x00, 0x00 }, 4, false, 0 },    /* indefinite */
		{ { 0x04, 0x81, 0x01, 0xff }, 4, false, 0 },    /* needs no 0x81 */
		{ { 0x04, 0x82, 0x00, 0x81, 0 }, 5, false, 0 }, /* leading zero */
		{ { 0x04, 0x81 }, 2, false, 0 },
		{ { 0x04, 0x83, 0xff, 0xff, 0xff }, 5, false, 0 },
		{ { 0x04, 0x84, 0, 0, 0, 1, 0 }, 7, false, 0 },
		{ { 0x04, 0xff, 1, 1, 1, 1, 1 }, 7, false, 0 },
		{ { 0x1f, 0x01, 0x01, 0 }, 4, false, 0 }, /* multi-byte tag */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct der at = { rows[i].bytes, rows[i].len }, contents, whole;
		unsigned char tag;
		bool ok = der_next(&at, &tag, &contents, &whole);

		assert_int_equal(ok, rows[i].ok);
		if (!ok) {
			assert_int_equal(at.left, rows[i].len); /* unmoved */
			continue;
		}
		assert_int_equal(contents.left, rows[i].contents);
		assert_int_equal(whole.left, rows[i].contents + 2);
		assert_int_equal(at.left, rows[i].len - whole.left);
	}
}

static void long_lengths_are_read(void **state)
{
	static unsigned char bytes[70000] = { 0x04, 0x83, 0x01, 0x00, 0x00 };
	struct der at = { bytes, 5 + 65536 }, contents;

	(void)state;
	assert_true(der_take(&at, DER_OCTET_STRING, &contents));
	assert_int_equal(contents.left, 65536);
	assert_int_equal(at.left, 0);
	at = (struct der){ bytes, 4 + 65536 };
	assert_false(der_take(&at, DER_OCTET_STRING, &contents));
}

static void a_tag_is_insisted_on(void **state)
{
	struct der at = { BYTES(0x04, 0x01, 0x07) }, contents;

	(void)state;
	assert_false(der_take(&at, DER_SEQUENCE, &contents));
	assert_true(der_is_next(&at, DER_OCTET_STRING));
	assert_true(der_take(&at, DER_OCTET_STRING, &contents));
	assert_true(der_equals(&contents, "\x07", 1));
	assert_false(der_equals(&contents, "\x07\x07", 2));
	assert_false(der_is_next(&at, DER_OCTET_STRING));
}

static void what_is_written_is_read(void **state)
{
	static const size_t lengths[] = { 0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff };
	static unsigned char bytes[0xffff];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		CLEANUP(buf_clear) struct buf b = BUF_INIT(0x10010);
		struct error err = ERROR_INIT;
		struct der contents, inner;

		assert_int_equal(der_put(&b, DER_INTEGER, "\x05", 1, &err), 0);
		assert_int_equal(der_put(&b, DER_OCTET_STRING, bytes, lengths[i], &err), 0);
		struct der at = { b.bytes, b.len };
		assert_true(der_take(&at, DER_INTEGER, &contents));
		assert_true(der_equals(&contents, "\x05", 1));
		assert_true(der_take(&at, DER_OCTET_STRING, &contents));
		assert_int_equal(contents.left, lengths[i]);
		assert_int_equal(at.left, 0);
		if (lengths[i] == 0xffff)
			continue;
		assert_int_equal(der_wrap(&b, 3, DER_SEQUENCE, &err), 0);
		at = (struct der){ b.bytes + 3, b.len - 3 };
		assert_true(der_take(&at, DER_SEQUENCE, &contents));
		assert_true(der_take(&contents, DER_OCTET_STRING, &inner));
		assert_int_equal(inner.left, lengths[i]);
		assert_int_equal(contents.left + at.left, 0);
	}
}

static void the_ceiling_of_the_buffer_holds(void **state)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(3);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(der_put(&b, DER_NULL, "ab", 2, &err), -1);
	assert_int_equal(err.id, ERROR_LIMIT_BYTES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_ceiling_of_the_buffer_holds),
		cmocka_unit_test(elements_are_der_or_refused),
		cmocka_unit_test(long_lengths_are_read),
		cmocka_unit_test(a_tag_is_insisted_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
