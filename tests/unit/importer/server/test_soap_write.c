#include "importer/server/soap_write.h"

#include "tests/unit/unit.h"

static void assert_written(struct soap_writer *w, const char *want)
{
	assert_int_equal(w->err.id, ERROR_NONE);
	assert_int_equal(w->buf.len, strlen(want));
	assert_memory_equal(w->buf.bytes, want, w->buf.len);
}

static void numbers(void **state)
{
	static const struct {
		int64_t value;
		const char *want;
	} table[] = {
		{ 0, "<n>0</n>" },
		{ 7, "<n>7</n>" },
		{ -1, "<n>-1</n>" },
		{ 1000000, "<n>1000000</n>" },
		{ INT64_MAX, "<n>9223372036854775807</n>" },
		{ INT64_MIN, "<n>-9223372036854775808</n>" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;

		soap_int(&w, "n", table[i].value);
		assert_written(&w, table[i].want);
	}
}

/* Escaped at once, or before: the same answer. */
static void escaped_before(void **state)
{
	static const char text[] = "<a b='&amp;'>\r\n\x01</a>";
	CLEANUP(soap_writer_clear) struct soap_writer before = SOAP_WRITER_INIT;
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	static const char want[] = "<Xml>&lt;a b='&amp;amp;'&gt;&#13;&#10;?&lt;/a&gt;</Xml>";

	(void)state;
	soap_escape(&before, text, sizeof text - 1);
	soap_escaped(&w, "Xml", before.buf.bytes, before.buf.len);
	assert_written(&w, want);
	w.buf.len = 0;
	soap_bytes(&w, "Xml", text, sizeof text - 1);
	assert_written(&w, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(escaped_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
