/* The text of a permission: the canonical form, and everything that is not. */
#include "media/override.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GOOD \
	"gapferry-override 1\nmanifest " HEX "\nreason flood\nuntil 2026-12-31T12:00:00Z\nend 5\n"

static void round_trip(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_OVERRIDE_BYTES);
	struct error err = ERROR_INIT;
	struct override o;

	(void)state;
	assert_int_equal(override_parse(GOOD, strlen(GOOD), &o, &err), 0);
	assert_string_equal(o.reason, "flood");
	assert_int_equal(o.until, 1798718400);
	assert_int_equal(o.manifest[1], 0x23);
	assert_int_equal(override_write(&o, &out, &err), 0);
	assert_int_equal(out.len, strlen(GOOD));
	assert_memory_equal(out.bytes, GOOD, out.len);
}

static void malformed(void **state)
{
	static const char *const rows[][2] = {
		{ "", "ends too early" },
		{ "gapferry-override 2\n", "line 1: not 'gapferry-override 1'" },
		{ "gapferry-override 1\nreason a\n", "line 2: not the key 'manifest'" },
		{ "gapferry-override 1\nmanifest 00\n", "line 2" },
		{ "gapferry-override 1\nmanifest " HEX "\nreason a b\n", "line 3" },
		{ "gapferry-override 1\nmanifest " HEX "\nreason .a\n", "reason is not" },
		{ "gapferry-override 1\nmanifest " HEX "\nreason a\nuntil 2026-13-01T00:00:00Z\n",
		  "line 4: the time" },
		{ "gapferry-override 1\nmanifest " HEX
		  "\nreason a\nuntil 2026-12-01T00:00:00Z\nend 6\n",
		  "end is not 5" },
		{ "gapferry-override 1\nmanifest " HEX "\nreason a\nuntil 2026-12-01T00:00:00Z\n",
		  "ends too early" },
		{ GOOD "end 5\n", "nothing may follow" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct override o;

		assert_int_equal(override_parse(rows[i][0], strlen(rows[i][0]), &o, &err), -1);
		assert_error(err, ERROR_OVERRIDE_FORMAT, rows[i][1]);
	}
}

static void too_long(void **state)
{
	char text[LIMIT_OVERRIDE_BYTES + 1];
	struct error err = ERROR_INIT;
	struct override o;

	(void)state;
	memset(text, 'a', sizeof text);
	for (size_t i = 63; i < sizeof text; i += 64)
		text[i] = '\n';
	memcpy(text, GOOD, strlen(GOOD));
	assert_int_equal(override_parse(text, sizeof text - 1, &o, &err), -1);
	assert_error(err, ERROR_OVERRIDE_FORMAT, "");
	error_clear(&err);
	assert_int_equal(override_parse(text, sizeof text, &o, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "");
}

static void not_to_be_written(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_OVERRIDE_BYTES);
	struct override o = { .reason = "two words", .until = 5 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(override_write(&o, &out, &err), -1);
	assert_error(err, ERROR_MEDIA_VALUE, "reason");
	error_clear(&err);
	o = (struct override){ .reason = "flood", .until = -1 };
	assert_int_equal(override_write(&o, &out, &err), -1);
	assert_error(err, ERROR_MEDIA_VALUE, "1970");
	error_clear(&err);
	o.until = INT64_C(253402300800);
	assert_int_equal(override_write(&o, &out, &err), -1);
	assert_error(err, ERROR_MEDIA_VALUE, "9999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(malformed),
		cmocka_unit_test(too_long),
		cmocka_unit_test(not_to_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
