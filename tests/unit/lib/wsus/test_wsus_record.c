#include "lib/wsus/wsus_record.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/base/str.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define ID "a0000000-0000-4000-8000-00000000000a"

/* Gives one byte at a time, so that every border falls everywhere. */
struct drip {
	struct source base;
	struct source_memory memory;
};

static ssize_t drip_read(struct source *base, void *buf, size_t len, struct error *err)
{
	struct drip *d = (struct drip *)base;

	return d->memory.base.read(&d->memory.base, buf, len > 0, err);
}

/* All records: how many, or -1; the last one's text in out when not NULL. */
static int read_all(const void *text, size_t len, bool dripping, struct wsus_oddities *odd,
		    char out[256], struct error *err)
{
	struct drip d = { .base = { drip_read } };
	int count = 0, more;

	source_memory_init(&d.memory, text, len);
	CLEANUP(wsus_reader_free)
	struct wsus_reader *r = wsus_reader_new(dripping ? &d.base : &d.memory.base, "m");
	struct wsus_record record;
	while ((more = wsus_reader_next(r, &record, err)) == 1) {
		count++;
		if (out && record.len < 256) {
			memcpy(out, record.xml, record.len);
			out[record.len] = '\0';
		}
	}
	if (odd)
		*odd = wsus_reader_oddities(r);
	return more < 0 ? -1 : count;
}

static void length_counts_utf16_units(void **state)
{
	static const struct {
		const char *text;
		int records;
		const char *last;
	} rows[] = {
		{ "", 0, NULL },
		{ ID ",00000001,00000000,\r\n", 1, "" },
		{ ID ",00000001,00000004,<a/>\r\n", 1, "<a/>" },
		{ ID ",ffffffff,00000005,<\xC3\xBC/>!\r\n", 1, "<\xC3\xBC/>!" },
		{ ID ",00000001,00000003,\xE2\x82\xAC<>\r\n", 1, "\xE2\x82\xAC<>" },
		{ ID ",00000001,00000004,\xF0\x9F\x92\xBE<>\r\n", 1, "\xF0\x9F\x92\xBE<>" },
		{ ID ",00000001,00000004,\r\n\r\n\r\n", 1, "\r\n\r\n" },
		{ ID ",00000001,00000002,<>\r\n" ID ",00000002,00000001,x\r\n", 2, "x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int dripping = 0; dripping < 2; dripping++) {
			struct error err = ERROR_INIT;
			struct wsus_oddities odd;
			char last[256] = "?";

			assert_int_equal(read_all(rows[i].text, strlen(rows[i].text), dripping,
						  &odd, last, &err),
					 rows[i].records);
			assert_no_error(err);
			assert_false(odd.mark);
			assert_int_equal(odd.newlines, 0);
			if (rows[i].last)
				assert_string_equal(last, rows[i].last);
		}
}

static void framing_that_lies_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum error_id id;
		const char *cause;
	} rows[] = {
		{ ID ",00000001,00000004,<a/>", ERROR_WSUS_RECORD, "no end of line" },
		{ ID ",00000001,00000004,<a/>\r", ERROR_WSUS_RECORD, "no end of line" },
		{ ID ",00000001,00000003,<a/>\r\n", ERROR_WSUS_RECORD, "no end of line" },
		{ ID ",00000001,00000005,<a/>\r\n", ERROR_WSUS_RECORD, "no end of line" },
		{ ID ",00000001,00000006,<a/>\r\n", ERROR_WSUS_RECORD, "no end of line" },
		{ ID ",00000001,00000009,<a/>\r\n", ERROR_WSUS_RECORD, "ends inside of the text" },
		{ ID ",00000001,00000001,\xF0\x9F\x92\xBE\r\n", ERROR_WSUS_RECORD,
		  "inside of a character" },
		{ ID ",00000001,00000002,\xF0\x9F", ERROR_WSUS_RECORD, "ends inside of the text" },
		{ ID ",00000001,00000001,\xC0\x80\r\n", ERROR_WSUS_RECORD, "not UTF-8" },
		{ ID ",00000001,00000001,\xE0\x80\x80\r\n", ERROR_WSUS_RECORD, "not UTF-8" },
		{ ID ",00000001,00000001,\xED\xA0\x80\r\n", ERROR_WSUS_RECORD, "not UTF-8" },
		{ ID ",00000001,00000002,\xF4\x90\x80\x80\r\n", ERROR_WSUS_RECORD, "not UTF-8" },
		{ ID ",00000001,00000001,\x80\r\n", ERROR_WSUS_RECORD, "not UTF-8" },
		{ ID ",00000001,0000000A,0123456789\r\n", ERROR_WSUS_RECORD, "no length" },
		{ ID ",00000001,4,<a/>\r\nxxxxxxxxxxxx", ERROR_WSUS_RECORD, "no length" },
		{ ID ",1,00000004,<a/>\r\nxxxxxxxxxxxx", ERROR_WSUS_RECORD, "no revision" },
		{ ID ",0000001g,00000004,<a/>\r\n", ERROR_WSUS_RECORD, "no revision" },
		{ ID ",-0000001,00000004,<a/>\r\n", ERROR_WSUS_RECORD, "no revision" },
		{ "A0000000-0000-4000-8000-00000000000a,00000001,00000000,\r\n", ERROR_WSUS_RECORD,
		  "not in lower case" },
		{ "{0000000-0000-4000-8000-00000000000a,00000001,00000000,\r\n", ERROR_WSUS_RECORD,
		  "no update id" },
		{ ID ";00000001,00000000,\r\n", ERROR_WSUS_RECORD, "no update id" },
		{ "\r\n", ERROR_WSUS_RECORD, "a record's head" },
		{ ID ",00000001,00000000,\r\n\r\n", ERROR_WSUS_RECORD, "record 2, offset 57" },
		{ ID ",00000001,01000001,\r\n", ERROR_WSUS_LIMIT, "longer than any genuine" },
		{ ID ",00000001,ffffffff,\r\n", ERROR_WSUS_LIMIT, "longer than any genuine" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int dripping = 0; dripping < 2; dripping++) {
			struct error err = ERROR_INIT;

			assert_int_equal(read_all(rows[i].text, strlen(rows[i].text), dripping,
						  NULL, NULL, &err),
					 -1);
			assert_error(err, rows[i].id, rows[i].cause);
		}
}

static void a_nul_is_no_text(void **state)
{
	static const char text[] = ID ",00000001,00000003,a\0b\r\n";
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(read_all(text, sizeof text - 1, false, NULL, NULL, &err), -1);
	assert_error(err, ERROR_WSUS_RECORD, "not UTF-8");
}

static void oddities_are_read_and_told(void **state)
{
	static const char marked[] = "\xEF\xBB\xBF" ID ",00000001,00000001,x\r\n";
	static const char newlines[] = ID ",00000001,00000001,x\n" ID ",00000001,00000001,y\n";
	static const char inside[] = ID ",00000001,00000002,\xEF\xBB\xBFx\r\n";
	struct error err = ERROR_INIT;
	struct wsus_oddities odd;

	(void)state;
	for (int dripping = 0; dripping < 2; dripping++) {
		assert_int_equal(read_all(marked, sizeof marked - 1, dripping, &odd, NULL, &err),
				 1);
		assert_true(odd.mark);
		assert_int_equal(
			read_all(newlines, sizeof newlines - 1, dripping, &odd, NULL, &err), 2);
		assert_int_equal(odd.newlines, 2);
		assert_int_equal(read_all(inside, sizeof inside - 1, dripping, &odd, NULL, &err),
				 1);
		assert_false(odd.mark);
	}
	assert_no_error(err);
}

static void the_longest_text_fits(void **state)
{
	size_t units = LIMIT_WSUS_UNITS;
	char *text = buf_malloc(units + 100);
	int head = snprintf(text, 100, ID ",00000001,%08zx,", units);
	struct error err = ERROR_INIT;

	(void)state;
	memset(text + head, 'x', units);
	memcpy(text + head + units, "\r\n", 2);
	assert_int_equal(read_all(text, (size_t)head + units + 2, false, NULL, NULL, &err), 1);
	assert_no_error(err);
	/* As many units of two bytes each are more than a fragment may have. */
	for (size_t i = 0; i < units; i += 2)
		memcpy(text + head + i, "\xC3\xBC", 2);
	assert_int_equal(read_all(text, (size_t)head + units + 2, false, NULL, NULL, &err), -1);
	free(text);
}

static void a_written_head_is_read(void **state)
{
	static const char xml[] = "<\xF0\x9F\x92\xBE\xC3\xBC\r>";
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
	struct error err = ERROR_INIT;
	unsigned char guid[16];
	char last[256];

	(void)state;
	assert_true(str_to_guid(ID, 36, guid));
	assert_int_equal(wsus_record_head(guid, 0x64, xml, sizeof xml - 1, &out, &err), 0);
	assert_int_equal(out.len, 55);
	assert_memory_equal(out.bytes, ID ",00000064,00000006,", 55);
	assert_int_equal(buf_append(&out, xml, sizeof xml - 1, &err), 0);
	assert_int_equal(buf_append(&out, "\r\n", 2, &err), 0);
	assert_int_equal(read_all(out.bytes, out.len, true, NULL, last, &err), 1);
	assert_string_equal(last, xml);
	assert_int_equal(wsus_record_head(guid, 1, "\xFF", 1, &out, &err), -1);
	assert_error(err, ERROR_WSUS_RECORD, "not UTF-8");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_counts_utf16_units),
		cmocka_unit_test(framing_that_lies_is_refused),
		cmocka_unit_test(a_nul_is_no_text),
		cmocka_unit_test(oddities_are_read_and_told),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(a_written_head_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
