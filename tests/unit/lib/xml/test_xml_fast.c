/* The quick reader: sure of what is plain, and never of anything that libxml2 sees differently. */
#include "lib/xml/xml_fast.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/* ---- by itself ---- */

static int no_start(void *ctx, const char *name, size_t from, size_t to, struct error *err)
{
	(void)ctx;
	(void)from;
	(void)to;
	(void)err;
	return strcmp(name, "quiet") == 0;
}

static int no_end(void *ctx, const char *name, size_t to, struct error *err)
{
	(void)ctx;
	(void)to;
	(void)err;
	assert_string_not_equal(name, "quiet");
	return 0;
}

static int no_text(void *ctx, const char *text, size_t len, struct error *err)
{
	(void)ctx;
	(void)err;
	assert_true(len > 0);
	assert_null(memmem(text, len, "secret", 6));
	return 0;
}

static void it_knows_what_it_is_sure_of(void **state)
{
	static const struct {
		const char *text;
		enum xml_fast_result plain, unit;
	} rows[] = {
		{ "<a/>", XML_FAST_DONE, XML_FAST_DONE },
		{ "<a b=\"1\" c='2' /><d>t</d>", XML_FAST_DONE, XML_FAST_DONE },
		{ "<a b=\"&amp;&lt;&gt;&quot;&apos;'>/\">&amp;x</a>", XML_FAST_DONE,
		  XML_FAST_DONE },
		{ "<a>\n\t]] >\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80</a>", XML_FAST_UNSURE,
		  XML_FAST_UNSURE },
		{ "<a>\n\t] >\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80</a>", XML_FAST_DONE,
		  XML_FAST_DONE },
		{ "<a xmlns=\"urn:x\" b=\"1\"/>", XML_FAST_DONE, XML_FAST_DONE },
		{ "<quiet a='1'><b>secret</b></quiet>", XML_FAST_DONE, XML_FAST_DONE },
		/* unusual, or wrong */
		{ "<a b=\"1\" xmlns=\"urn:x\"/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a xmlns:b=\"urn:x\"/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a:b/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a b=\"1\" b=\"2\"/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a b=\"1\"c=\"2\"/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a b=\"<\"/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a b=\"\t\"/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a b=\"&#38;\"/>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a>&nbsp;</a>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a>\r\n</a>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a>\x01</a>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a><!-- --></a>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a><![CDATA[]]></a>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a></b>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "</a>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<quiet><b></quiet></b>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		{ "<a>\xC0\xAF</a>", XML_FAST_UNSURE, XML_FAST_UNSURE },     /* overlong */
		{ "<a>\xED\xA0\x80</a>", XML_FAST_UNSURE, XML_FAST_UNSURE }, /* surrogate */
		{ "<a>\xEF\xBF\xBF</a>", XML_FAST_UNSURE, XML_FAST_UNSURE }, /* U+FFFF */
		{ "<a>\xF4\x90\x80\x80</a>", XML_FAST_UNSURE, XML_FAST_UNSURE },
		/* cut off: a unit may go on */
		{ "<a", XML_FAST_UNSURE, XML_FAST_MORE },
		{ "<", XML_FAST_UNSURE, XML_FAST_MORE },
		{ "<a b=\"1", XML_FAST_UNSURE, XML_FAST_MORE },
		{ "<a><b/>", XML_FAST_UNSURE, XML_FAST_MORE },
		{ "<a>text</a", XML_FAST_UNSURE, XML_FAST_MORE },
	};
	static const struct xml_fast_sink sink = { no_start, no_end, no_text };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct error err = ERROR_INIT;
		struct xml_fast plain = { .sink = &sink }, unit = { .sink = &sink, .unit = true };
		size_t len = strlen(rows[i].text);
		/* exactly as long: what reads beyond it is found by the sanitizer */
		CLEANUP(free) unsigned char *copy = buf_malloc(len);

		memcpy(copy, rows[i].text, len);
		if (xml_fast_read(&plain, copy, len, &err) != rows[i].plain ||
		    xml_fast_read(&unit, copy, len, &err) != rows[i].unit)
			fail_msg("%s", rows[i].text);
		xml_fast_clear(&plain);
		xml_fast_clear(&unit);
	}
}

/* ---- behind xml_reader ---- */

struct log {
	struct xml_reader *reader;
	struct buf out;
	size_t saved; /* what is not void */
	unsigned depth, unit, restarts;
};

static void note(struct log *l)
{
	if (l->depth == l->unit)
		l->saved = l->out.len;
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *at, size_t n,
		    struct error *err)
{
	struct log *l = ctx;

	if (buf_printf(&l->out, err, "<%s@%llu", name,
		       (unsigned long long)xml_reader_offset(l->reader)) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (buf_printf(&l->out, err, " %s=%.*s", at[i].name, (int)at[i].len, at[i].value) <
		    0)
			return -1;
	if (strcmp(name, "quiet") == 0)
		return 1;
	if (strcmp(name, "keep") == 0)
		xml_reader_capture(l->reader);
	l->depth++;
	note(l);
	return 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct log *l = ctx;
	size_t len;
	const char *raw = xml_reader_raw(l->reader, &len);
	int result = buf_printf(&l->out, err, "</%s@%llu%.*s>", name,
				(unsigned long long)xml_reader_offset(l->reader), (int)len,
				raw ? raw : "");

	l->depth--;
	note(l);
	return result;
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	return buf_append(&((struct log *)ctx)->out, text, len, err);
}

static void on_restart(void *ctx, unsigned depth)
{
	struct log *l = ctx;

	l->restarts++;
	l->depth = depth;
	l->out.len = depth > 0 ? l->saved : 0;
}

static void log_clear(struct log *l)
{
	xml_reader_free(l->reader);
	buf_clear(&l->out);
}
DEFINE_CLEANUP_IN_PLACE(struct log, log_clear);

static void log_open(struct log *l, const struct xml_handler *h)
{
	*l = (struct log){ .out = BUF_INIT(1u << 20), .unit = h->unit };
	l->reader = xml_reader_new(h, l, "doc");
}

static const struct xml_handler slow = { .start = on_start, .end = on_end, .text = on_text };
static const struct xml_handler quick = {
	.start = on_start, .end = on_end, .text = on_text, .restart = on_restart
};
static const struct xml_handler units = {
	.start = on_start, .end = on_end, .text = on_text, .restart = on_restart, .unit = 2
};

static void assert_same(const struct log *a, const struct log *b)
{
	assert_int_equal(a->out.len, b->out.len);
	assert_memory_equal(a->out.bytes, b->out.bytes, a->out.len);
}

static void fragments_give_the_same_events(void **state)
{
	static const char *const rows[] = {
		"<a b=\"1&amp;2\">t&lt;u</a><c/>",
		"<a><quiet x='1'><b>no</b></quiet>yes</a>",
		"<a/><b><keep><x/></keep></b><!-- now it is unsure --><c/>",
		"<a><quiet><![CDATA[ ]]><b></b></quiet><c>\r\n</c></a>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(log_clear) struct log a, b;
		struct error err = ERROR_INIT;

		log_open(&a, &slow);
		log_open(&b, &quick);
		assert_int_equal(xml_reader_fragment(a.reader, "f", rows[i], strlen(rows[i]), &err),
				 0);
		assert_int_equal(xml_reader_fragment(b.reader, "f", rows[i], strlen(rows[i]), &err),
				 0);
		assert_same(&a, &b);
		assert_int_equal(b.restarts, i >= 2);
	}
}

static void units_of_a_document_give_the_same_events(void **state)
{
	static const char text[] =
		"<?xml version='1.0'?><r><list><u n=\"1\"><keep>&amp;</keep></u><u n=\"2\"/>"
		"<u n=\"3\"><!-- libxml2's --><x/></u><u n=\"4\"><quiet><x/></quiet></u>\n"
		"<u n=\"5\"/></list><list><u n='6>'>\xC3\xA9</u></list><end/></r>";
	CLEANUP(log_clear) struct log whole;
	struct error err = ERROR_INIT;

	(void)state;
	log_open(&whole, &slow);
	assert_int_equal(xml_reader_feed(whole.reader, text, sizeof text - 1, &err), 0);
	assert_int_equal(xml_reader_finish(whole.reader, &err), 0);
	for (size_t chunk = 1; chunk < sizeof text; chunk++) {
		CLEANUP(log_clear) struct log l;

		log_open(&l, &units);
		for (size_t at = 0; at < sizeof text - 1; at += chunk) {
			size_t n = sizeof text - 1 - at < chunk ? sizeof text - 1 - at : chunk;

			assert_int_equal(xml_reader_feed(l.reader, text + at, n, &err), 0);
		}
		assert_int_equal(xml_reader_finish(l.reader, &err), 0);
		assert_same(&whole, &l);
	}
}

static void faults_are_where_libxml2_finds_them(void **state)
{
	static const char text[] = "<r><list><u n=\"1\"/><u n=\"2\"><x></u></list></r>";
	struct error first = ERROR_INIT, second = ERROR_INIT;
	CLEANUP(log_clear) struct log a, b;

	(void)state;
	log_open(&a, &slow);
	log_open(&b, &units);
	assert_int_equal(xml_reader_feed(a.reader, text, sizeof text - 1, &first), -1);
	assert_int_equal(xml_reader_feed(b.reader, text, sizeof text - 1, &second), -1);
	assert_int_equal(first.id, second.id);
	assert_string_equal(first.message, second.message);
	assert_int_equal(xml_reader_fault(a.reader), xml_reader_fault(b.reader));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_knows_what_it_is_sure_of),
		cmocka_unit_test(fragments_give_the_same_events),
		cmocka_unit_test(units_of_a_document_give_the_same_events),
		cmocka_unit_test(faults_are_where_libxml2_finds_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
