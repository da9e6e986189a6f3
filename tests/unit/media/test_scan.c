#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/scan.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Codes n..1 of a text of len bytes, as a scanner would write them. */
static void codes_of(const char *text, size_t len, struct buf *out)
{
	struct error err = ERROR_INIT;
	char code[SCAN_TEXT_SIZE];

	for (size_t k = scan_count(len); k > 0; k--) {
		scan_write(text, len, k, code);
		assert_true(strlen(code) < sizeof code);
		assert_int_equal(buf_printf(out, &err, "%s\n", code), 0);
	}
}

static void any_length_survives(void **state)
{
	static char text[LIMIT_RECEIPT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 60 == 59 ? '\n' : i % 7 == 6 ? ' ' : (char)('a' + i % 26);
	for (size_t len = 1; len <= sizeof text; len += len < 1500 ? 1 : 97) {
		struct buf codes CLEANUP(buf_clear) = BUF_INIT(LIMIT_SCAN_BYTES);
		struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
		struct error err = ERROR_INIT;

		codes_of(text, len, &codes);
		assert_int_equal(scan_join(codes.bytes, codes.len, &out, &err), 0);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.bytes, text, len);
	}
	assert_int_equal(scan_count(sizeof text), SCAN_PARTS);
}

static void scanners_may_decorate(void **state)
{
	static const char text[] = "\r\nQR-Code:GR1 2/2 b|\r\n\nGR1 1/2 a~\nGR1 2/2 b|";
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(scan_join(text, strlen(text), &out, &err), 0);
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.bytes, "a b\n", 4);
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum error_id id;
		const char *cause;
	} rows[] = {
		{ "", ERROR_SCAN_MISSING, "no code" },
		{ "\n\r\n", ERROR_SCAN_MISSING, "no code" },
		{ "GR1 1/3 a\nGR1 3/3 c\n", ERROR_SCAN_MISSING, "missing: 2" },
		{ "GR1 2/3 a\n", ERROR_SCAN_MISSING, "missing: 1 3" },
		{ "GR1 1/2 a\nGR1 2/3 c\n", ERROR_SCAN_FORMAT, "line 2: a code of another" },
		{ "GR1 1/2 a\nGR1 1/2 b\n", ERROR_SCAN_FORMAT, "line 2: this code was read" },
		{ "GR1 1/2 a\nGR1 1/2 aa\n", ERROR_SCAN_FORMAT, "line 2: this code was read" },
		{ "hello\n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR1 \n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR1 1/1\n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR1 0/1 a\n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR1 2/1 a\n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR1 01/1 a\n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR1 1/7 a\n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR2 1/1 a\n", ERROR_SCAN_FORMAT, "line 1: not 'GR1" },
		{ "GR1 1/1 \n", ERROR_SCAN_FORMAT, "empty or not plain" },
		{ "GR1 1/1 a b\n", ERROR_SCAN_FORMAT, "empty or not plain" },
		{ "GR1 1/1 a\x80\n", ERROR_SCAN_FORMAT, "empty or not plain" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
		struct error err = ERROR_INIT;

		assert_int_equal(scan_join(rows[i].text, strlen(rows[i].text), &out, &err), -1);
		assert_int_equal(err.id, rows[i].id);
		assert_non_null(strstr(err.message, rows[i].cause));
	}
}

static void too_much_is_refused(void **state)
{
	static char text[LIMIT_SCAN_BYTES + 1];
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;

	(void)state;
	memset(text, '\n', sizeof text);
	assert_int_equal(scan_join(text, sizeof text, &out, &err), -1);
	assert_int_equal(err.id, ERROR_MEDIA_LIMIT);
	error_clear(&err);
	memset(text, 'a', sizeof text);
	memcpy(text, "GR1 1/1 ", 8);
	assert_int_equal(scan_join(text, sizeof text - 1, &out, &err), -1);
	assert_int_equal(err.id, ERROR_LIMIT_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_survives),
		cmocka_unit_test(scanners_may_decorate),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
