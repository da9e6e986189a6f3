#include "importer/server/soap_charset.h"

#include "tests/unit/unit.h"

#include <string.h>

/* Bytes with NULs, without the one at the end. */
#define BYTES(text) (text), sizeof(text) - 1

static void texts(void **state)
{
	static const struct {
		const char *type;
		const char *bytes;
		size_t len;
		const char *want;
	} rows[] = {
		{ NULL, BYTES(""), "" },
		{ NULL, BYTES("<"), "<" },
		{ NULL, BYTES("<a/>"), "<a/>" },
		{ "text/xml", BYTES(" \n<a/>"), " \n<a/>" },
		{ "text/xml; charset=utf-8", BYTES("\xEF\xBB\xBF<a/>"), "<a/>" },
		/* the mark tells, whatever the names say */
		{ "text/xml; charset=iso-8859-1", BYTES("\xEF\xBB\xBF<a>\xC3\xA4"), "<a>\xC3\xA4" },
		{ NULL, BYTES("\xEF\xBB\xBF<?xml version='1.0'?><a/>"), "<a/>" },
		{ NULL, BYTES("\r\n <?xml version='1.1' encoding='x'?>\n<a/>"), "\n<a/>" },
		/* not a declaration, or none that ends */
		{ NULL, BYTES("<?xml-style x?><a/>"), "<?xml-style x?><a/>" },
		{ NULL, BYTES("<?xml version='1.0'><a/>"), "<?xml version='1.0'><a/>" },
		{ NULL, BYTES("<?xml"), "<?xml" },
		{ NULL, BYTES("<?xml ?>"), "" },
		/* Latin */
		{ "text/xml;CHARSET=\"ISO-8859-1\"", BYTES("<a>\xE4\x7F"), "<a>\xC3\xA4\x7F" },
		{ "text/xml; charset = latin1 ; x", BYTES("\xE4"), "\xC3\xA4" },
		{ "text/xml; charset=iso-8859-15", BYTES("\xE4"), "\xE4" },
		{ "text/xml; charset", BYTES("\xE4"), "\xE4" },
		{ "text/xml", BYTES("<?xml version='1.0' encoding='iso-8859-1'?>\xFF"),
		  "\xC3\xBF" },
		{ "text/xml; charset=x", BYTES("<?xml encoding = \"Latin1\"?>\xFF"), "\xC3\xBF" },
		{ "text/xml; charset=utf8", BYTES("<?xml encoding='latin1'?>\xFF"), "\xFF" },
		{ NULL, BYTES("<a encoding='latin1'?>\xFF"), "<a encoding='latin1'?>\xFF" },
		/* UTF-16 */
		{ NULL, BYTES("\xFF\xFE<\0a\0"), "<a" },
		{ "text/xml; charset=utf-8", BYTES("\xFE\xFF\0<\0a"), "<a" },
		{ NULL, BYTES("<\0\xE4\0\xAC\x20"), "<\xC3\xA4\xE2\x82\xAC" },
		{ NULL, BYTES("\0<\0\xE4\x20\xAC"), "<\xC3\xA4\xE2\x82\xAC" },
		{ NULL, BYTES("\0<\xD8\x34\xDD\x1E\0>"), "<\xF0\x9D\x84\x9E>" },
		/* halves: high before another, low alone, at the end, half a unit */
		{ NULL, BYTES("\0<\xD8\x34\xD8\x34\xDD\x1E"), "<\xEF\xBF\xBD\xF0\x9D\x84\x9E" },
		{ NULL, BYTES("\0<\xD8\x34\0>"), "<\xEF\xBF\xBD>" },
		{ NULL, BYTES("\0<\xDD\x1E\0>"), "<\xEF\xBF\xBD>" },
		{ NULL, BYTES("\0<\xD8\x34"), "<\xEF\xBF\xBD" },
		{ NULL, BYTES("\0<\x20"), "<\xEF\xBF\xBD" },
		{ NULL, BYTES("\0<\xD8\x34\x20"), "<\xEF\xBF\xBD" },
		{ NULL, BYTES("\xFF\xFE"), "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(soap_text_clear) struct soap_text t = { .made = NULL };

		soap_charset_decode(rows[i].type, (const unsigned char *)rows[i].bytes, rows[i].len,
				    &t);
		if (t.len != strlen(rows[i].want) || memcmp(t.bytes, rows[i].want, t.len) != 0)
			fail_msg("row %zu: %zu bytes \"%.*s\"", i, t.len, (int)t.len,
				 (const char *)t.bytes);
	}
}

/* Nothing that is UTF-8 already is copied. */
static void borrowed(void **state)
{
	static const char text[] = "<?xml version='1.0'?><a>\xC3\xA4</a>";
	CLEANUP(soap_text_clear) struct soap_text t = { .made = NULL };

	(void)state;
	soap_charset_decode("text/xml; charset=utf-8", (const unsigned char *)text, strlen(text),
			    &t);
	assert_null(t.made);
	assert_ptr_equal(t.bytes, text + 21);
	assert_int_equal(t.len, strlen(text) - 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts), cmocka_unit_test(borrowed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
