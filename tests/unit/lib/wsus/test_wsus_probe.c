#include "lib/wsus/wsus_probe.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/wsus/wsus_gzip.h"
#include "tests/unit/read_full.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <zlib.h>

#define ID " UpdateId=\"a0000000-0000-4000-8000-00000000000a\""

static void probe(const char *text, size_t len, struct wsus_probe *out)
{
	struct error err = ERROR_INIT;
	struct source_memory memory;

	source_memory_init(&memory, text, len);
	assert_int_equal(wsus_probe_read(&memory.base, "x", out, &err), 0);
	assert_no_error(err);
}

static void documents_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		unsigned element, text_count, cabinet, without;
	} rows[] = {
		{ "<Update" ID "/>", 0, 0, 0, 1 },
		{ "<Update/>", 0, 0, 0, 0 },
		{ "<Update Id=\"7\"/>", 0, 0, 0, 0 },
		{ "<x:Update" ID "/>", 0, 0, 0, 1 },
		{ "<Update" ID "><upd:Update/></Update>", 1, 0, 0, 0 },
		{ "<Update" ID "><X><upd:Update" ID "/></X></Update>", 1, 0, 0, 0 },
		{ "<Update" ID "> &lt;upd:Update&gt;</Update>", 0, 1, 0, 0 },
		{ "<Update" ID "><X>\n&lt;upd:Update&gt;</X></Update>", 0, 1, 0, 0 },
		{ "<Update" ID "><X>TVNDRgAAAA==</X></Update>", 0, 0, 1, 0 },
		{ "<Update" ID "><X>other</X></Update>", 0, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(wsus_probe_clear) struct wsus_probe p;
		char text[512];
		int len = snprintf(text, sizeof text, "<a>%s</a>", rows[i].text);

		probe(text, (size_t)len, &p);
		assert_string_equal(p.fault, "");
		assert_int_equal(p.with_element, rows[i].element);
		assert_int_equal(p.with_text, rows[i].text_count);
		assert_int_equal(p.with_cabinet, rows[i].cabinet);
		assert_int_equal(p.without, rows[i].without);
	}
}

static void elements_are_counted(void **state)
{
	static const char text[] = "<a><b x='1'>12</b><b y='' x=''>3</b><Update" ID
				   "><u:Update><c/></u:Update></Update></a>";
	CLEANUP(wsus_probe_clear) struct wsus_probe p;

	(void)state;
	probe(text, sizeof text - 1, &p);
	assert_int_equal(p.count, 4);
	assert_string_equal(p.rows[1].path, "a/b");
	assert_int_equal(p.rows[1].count, 2);
	assert_int_equal(p.rows[1].text, 3);
	assert_string_equal(p.rows[1].attributes, "x y");
	assert_string_equal(p.rows[3].path, "a/Update/u:Update");
	assert_int_equal(p.head_len, sizeof text - 1);
	assert_memory_equal(p.head, text, p.head_len);
}

static void the_table_has_an_end(void **state)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1 << 20);
	CLEANUP(wsus_probe_clear) struct wsus_probe p;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(buf_printf(&text, &err, "<a>"), 0);
	for (unsigned i = 1; i < LIMIT_WSUS_NAMES + 1; i++)
		assert_int_equal(buf_printf(&text, &err, "<b%u/>", i), 0);
	assert_int_equal(buf_printf(&text, &err, "</a>"), 0);
	probe((const char *)text.bytes, text.len, &p);
	assert_int_equal(p.count, LIMIT_WSUS_NAMES);
	assert_int_equal(p.unlisted, 1);
	assert_int_equal(p.head_len, WSUS_PROBE_HEAD);
}

static void what_is_no_xml_is_told(void **state)
{
	static const char *const rows[] = { "",        "garbage",        "<a>",
					    "<a></b>", "\xFF\xFE<\0a\0", "<!DOCTYPE a><a/>" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(wsus_probe_clear) struct wsus_probe p;

		probe(rows[i], strlen(rows[i]), &p);
		assert_true(strlen(p.fault) > 0);
		assert_int_equal(p.bytes, strlen(rows[i]));
	}
}

/* ---- gzip ---- */

static size_t pack(const char *text, size_t len, unsigned char *out, size_t room)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)len };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

/* Bytes that came out, or -1. */
static ssize_t unpack(const unsigned char *packed, size_t len, char *out, size_t room,
		      struct error *err)
{
	struct source_memory memory;

	source_memory_init(&memory, packed, len);
	CLEANUP(wsus_gzip_close) struct wsus_gzip *g = wsus_gzip_open(&memory.base, "g", err);
	assert_non_null(g);
	return read_full(wsus_gzip_source(g), out, room, err);
}

static void one_member_and_nothing_else(void **state)
{
	unsigned char packed[4096];
	char out[4096];
	size_t len = pack("hello hello hello", 17, packed, sizeof packed - 1);

	(void)state;
	struct error err = ERROR_INIT;
	assert_int_equal(unpack(packed, len, out, sizeof out, &err), 17);
	assert_memory_equal(out, "hello hello hello", 17);
	for (size_t cut = 0; cut < len; cut++) {
		struct error fault = ERROR_INIT;

		assert_int_equal(unpack(packed, cut, out, sizeof out, &fault), -1);
		assert_error(fault, ERROR_WSUS_GZIP, "ends early");
	}
	packed[len] = 0;
	struct error fault = ERROR_INIT;
	assert_int_equal(unpack(packed, len + 1, out, sizeof out, &fault), -1);
	assert_error(fault, ERROR_WSUS_GZIP, "something follows");
	for (size_t i = 0; i < 4; i++) {
		struct error damage = ERROR_INIT;

		packed[len - 8 + i] ^= 1; /* of the CRC */
		assert_int_equal(unpack(packed, len, out, sizeof out, &damage), -1);
		assert_error(damage, ERROR_WSUS_GZIP, "damaged");
		packed[len - 8 + i] ^= 1;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_told_apart),
		cmocka_unit_test(elements_are_counted),
		cmocka_unit_test(the_table_has_an_end),
		cmocka_unit_test(what_is_no_xml_is_told),
		cmocka_unit_test(one_member_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
