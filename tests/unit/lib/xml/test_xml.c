#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/xml/xml.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Events as text: "<name@offset a=v", "text", ">name@offset{raw}". */
struct log {
	struct xml_reader *reader;
	struct buf out;
	const char *capture;  /* name of the element to capture */
	size_t starts, taken; /* start tags; bytes that were fed */
	bool silent;
};

static int on_start(void *ctx, const char *name, const struct xml_attribute *at, size_t n,
		    struct error *err)
{
	struct log *l = ctx;

	l->starts++;
	if (l->capture && strcmp(name, l->capture) == 0)
		xml_reader_capture(l->reader);
	if (l->silent)
		return 0;
	if (buf_printf(&l->out, err, "<%s@%llu", name,
		       (unsigned long long)xml_reader_offset(l->reader)) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (buf_printf(&l->out, err, " %s=%.*s", at[i].name, (int)at[i].len, at[i].value) <
		    0)
			return -1;
	return buf_append(&l->out, ">", 1, err);
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct log *l = ctx;
	size_t len;
	const char *raw = xml_reader_raw(l->reader, &len);

	if (l->silent)
		return 0;
	return buf_printf(&l->out, err, "</%s@%llu%s%.*s>", name,
			  (unsigned long long)xml_reader_offset(l->reader), raw ? " " : "",
			  (int)len, raw ? raw : "");
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	struct log *l = ctx;

	return l->silent ? 0 : buf_append(&l->out, text, len, err);
}

static const struct xml_handler handler = { .start = on_start, .end = on_end, .text = on_text };

static void log_open(struct log *l)
{
	*l = (struct log){ .out = BUF_INIT(1u << 20) };
	l->reader = xml_reader_new(&handler, l, "doc");
}

static void log_close(struct log *l)
{
	xml_reader_free(l->reader);
	buf_clear(&l->out);
}
DEFINE_CLEANUP_IN_PLACE(struct log, log_close);

static int read_in_chunks(struct log *l, const char *text, size_t len, size_t chunk,
			  struct error *err)
{
	xml_reader_reset(l->reader, "doc");
	l->out.len = 0;
	l->taken = 0;
	for (size_t at = 0; at < len; at += chunk) {
		size_t n = len - at < chunk ? len - at : chunk;

		l->taken += n;
		if (xml_reader_feed(l->reader, text + at, n, err) < 0)
			return -1;
	}
	return xml_reader_finish(l->reader, err);
}

static void assert_log(struct log *l, const char *want)
{
	struct error err = ERROR_INIT;

	assert_int_equal(buf_append(&l->out, "", 1, &err), 0);
	assert_string_equal((const char *)l->out.bytes, want);
}

static void events_and_offsets_do_not_depend_on_chunks(void **state)
{
	static const char text[] = "\xEF\xBB\xBF<?xml version='1.0' encoding=\"UTF-8\"?>\n"
				   "<r xmlns=\"u\" a='>'><!-- <x> --><b.c d=\"1&amp;2/\"/>t"
				   "\xC3\xA9<![CDATA[<y>]]]]></r>";
	static const char want[] =
		"<r@42 xmlns=u a=>><b.c@73 d=1&2/></b.c@92 <b.c d=\"1&amp;2/\"/>>"
		"t\xC3\xA9";
	CLEANUP(log_close) struct log l;

	(void)state;
	log_open(&l);
	l.capture = "b.c";
	for (size_t chunk = 1; chunk <= sizeof text; chunk++) {
		struct error err = ERROR_INIT;
		assert_int_equal(read_in_chunks(&l, text, sizeof text - 1, chunk, &err), 0);
		assert_no_error(err);
		assert_true(l.out.len > sizeof want - 1);
		assert_memory_equal(l.out.bytes, want, sizeof want - 1);
		assert_memory_equal(l.out.bytes + sizeof want - 1, "<y>]]</r@116>", 13);
	}
}

static void fragments_are_independent(void **state)
{
	static const struct {
		const char *text, *want; /* want NULL: an error */
		enum error_id id;
		const char *message;
	} rows[] = {
		{ "<a/>x<b></b>", "<a@0></a@4>x<b@5></b@12>", ERROR_NONE, "" },
		{ "<u:a u:b='1' xmlns:v='w'/>", "<u:a@0 xmlns:v=w u:b=1></u:a@26>", ERROR_NONE,
		  "" },
		{ "", "", ERROR_NONE, "" },
		{ "</root>", NULL, ERROR_XML_SYNTAX, "f: offset 6: end tag without" },
		{ "<a></root><root>", NULL, ERROR_XML_SYNTAX, "f: offset " },
		{ "</root><root>", NULL, ERROR_XML_SYNTAX, "end tag without" },
		{ "<a>", NULL, ERROR_XML_SYNTAX, "f: offset 3: ends inside" },
		{ "<a><!--</a>", NULL, ERROR_XML_SYNTAX, "ends inside" },
		{ "<a b='1' b='2'/>", NULL, ERROR_XML_SYNTAX, "Attribute b redefined" },
		{ "<a>&b;</a>", NULL, ERROR_XML_SYNTAX, "Entity 'b' not defined" },
		{ "<?xml version='1.0'?><a/>", NULL, ERROR_XML_REFUSED, "processing instruction" },
		{ "<!DOCTYPE a><a/>", NULL, ERROR_XML_REFUSED, "document type" },
		{ "<a>\xC3(</a>", NULL, ERROR_XML_SYNTAX, "offset 3" },
		{ "<a/>x<b></b>", "<a@0></a@4>x<b@5></b@12>", ERROR_NONE, "" },
	};
	CLEANUP(log_close) struct log l;

	(void)state;
	log_open(&l);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		l.out.len = 0;
		int result = xml_reader_fragment(l.reader, "f", rows[i].text, strlen(rows[i].text),
						 &err);
		assert_int_equal(result, rows[i].want ? 0 : -1);
		if (rows[i].want)
			assert_log(&l, rows[i].want);
		else
			assert_error(err, rows[i].id, rows[i].message);
	}
}

static void documents_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: strlen */
		enum error_id id;
		const char *message;
	} rows[] = {
		{ "", 0, ERROR_XML_SYNTAX, "no element" },
		{ " ", 0, ERROR_XML_SYNTAX, "no element" },
		{ "<a>", 0, ERROR_XML_SYNTAX, "offset 3: ends inside" },
		{ "<a></b>", 0, ERROR_XML_SYNTAX, "offset " },
		{ "<a/><b/>", 0, ERROR_XML_SYNTAX, "offset " },
		{ "<a/>x", 0, ERROR_XML_REFUSED, "offset 4" },
		{ "x<a/>", 0, ERROR_XML_REFUSED, "offset 0" },
		{ "<a\0/>", 5, ERROR_XML_REFUSED, "offset 2: NUL" },
		{ "<\0a\0/\0>\0", 8, ERROR_XML_REFUSED, "NUL" },
		{ "\xFF\xFE<", 0, ERROR_XML_REFUSED, "offset 0" },
		{ "\x4C\x6F\xA7\x94", 0, ERROR_XML_REFUSED, "offset 0" },
		{ "<a>\xFF</a>", 0, ERROR_XML_SYNTAX, "offset 3" },
		{ "<a>\xED\xA0\x80</a>", 0, ERROR_XML_SYNTAX, "offset 3" },
		{ "<a>&#0;</a>", 0, ERROR_XML_SYNTAX, "offset " },
		{ "<!DOCTYPE a SYSTEM 'x'><a/>", 0, ERROR_XML_REFUSED, "document type" },
		{ "<!ENTITY a 'b'><a/>", 0, ERROR_XML_REFUSED, "declaration" },
		{ "<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;'>]>"
		  "<l>&b;</l>",
		  0, ERROR_XML_REFUSED, "document type" },
		{ "<a><?php x?></a>", 0, ERROR_XML_REFUSED, "processing instruction" },
		{ "<?pi x?><a/>", 0, ERROR_XML_REFUSED, "processing instruction" },
		{ "<?xml version='1.1'?><a/>", 0, ERROR_XML_REFUSED, "version" },
		{ "<?xml version='1.0' encoding='latin1'?><a/>", 0, ERROR_XML_REFUSED, "UTF-8" },
		{ " <?xml version='1.0'?><a/>", 0, ERROR_XML_REFUSED, "processing instruction" },
		{ "<a b='<'/>", 0, ERROR_XML_SYNTAX, "offset " },
		{ "<a b='1'", 0, ERROR_XML_SYNTAX, "ends inside" },
		{ "< a/>", 0, ERROR_XML_SYNTAX, "offset 1" },
	};
	CLEANUP(log_close) struct log l;

	(void)state;
	log_open(&l);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);

		for (size_t chunk = 1; chunk < 64; chunk += 62) {
			struct error err = ERROR_INIT;

			assert_int_equal(read_in_chunks(&l, rows[i].text, len, chunk, &err), -1);
			assert_error(err, rows[i].id, rows[i].message);
			assert_memory_equal(err.message, "doc: offset ", 12);
		}
	}
}

/* One document with count times `piece` between head and tail. */
static char *repeated(const char *head, const char *piece, size_t count, const char *tail,
		      size_t *len)
{
	size_t h = strlen(head), p = strlen(piece), t = strlen(tail);
	char *text = buf_malloc(h + count * p + t + 1);

	memcpy(text, head, h);
	for (size_t i = 0; i < count; i++)
		memcpy(text + h + i * p, piece, p);
	memcpy(text + h + count * p, tail, t + 1);
	*len = h + count * p + t;
	return text;
}

static void limits_hold_exactly(void **state)
{
	static const struct {
		const char *head, *piece;
		size_t limit;
		const char *tail, *message;
	} rows[] = {
		{ "<a b='", "x", LIMIT_XML_TEXT, "'/>", "bytes in one attribute" },
		{ "<a>", "x", LIMIT_XML_TEXT, "</a>", "bytes in one text" },
		{ "<a><!--", "x", LIMIT_XML_TEXT, "--></a>", "comment" },
		{ "<", "x", LIMIT_XML_NAME, "/>", "element name" },
		{ "<a ", "x", LIMIT_XML_NAME, "='1'/>", "attribute name" },
	};
	CLEANUP(log_close) struct log l;

	(void)state;
	log_open(&l);
	l.silent = true;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t over = 0; over <= 1; over++) {
			struct error err = ERROR_INIT;
			size_t len;
			char *text = repeated(rows[i].head, rows[i].piece, rows[i].limit + over,
					      rows[i].tail, &len);
			int result = read_in_chunks(&l, text, len, len, &err);

			free(text);
			if (over)
				assert_error(err, ERROR_XML_LIMIT, rows[i].message);
			else
				assert_no_error(err);
			assert_int_equal(result, over ? -1 : 0);
		}
}

static void depth_and_attributes_hold_exactly(void **state)
{
	CLEANUP(log_close) struct log l;
	char text[LIMIT_XML_ATTRIBUTES * 12 + 64];

	(void)state;
	log_open(&l);
	l.silent = true;
	for (size_t over = 0; over <= 1; over++) {
		struct error err = ERROR_INIT;
		size_t n = 0;

		for (size_t i = 0; i < LIMIT_XML_DEPTH + over; i++, n += 3)
			memcpy(text + n, "<a>", 3);
		for (size_t i = 0; i < LIMIT_XML_DEPTH + over; i++, n += 4)
			memcpy(text + n, "</a>", 4);
		assert_int_equal(read_in_chunks(&l, text, n, 7, &err), over ? -1 : 0);
		if (over)
			assert_error(err, ERROR_XML_LIMIT, "levels of elements");
		error_clear(&err);
		n = (size_t)snprintf(text, sizeof text, "<a");
		for (size_t i = 0; i < LIMIT_XML_ATTRIBUTES + over; i++)
			n += (size_t)snprintf(text + n, sizeof text - n, " a%zu='1'", i);
		n += (size_t)snprintf(text + n, sizeof text - n, "/>");
		assert_int_equal(read_in_chunks(&l, text, n, 7, &err), over ? -1 : 0);
		if (over)
			assert_error(err, ERROR_XML_LIMIT, "attributes of one element");
	}
}

/* What comes behind the byte that is too much is never looked at. */
static void floods_are_refused_at_once(void **state)
{
	CLEANUP(log_close) struct log l;
	struct error err = ERROR_INIT;
	size_t len = 2, size = 1u << 20;
	char *text = buf_malloc(size);

	(void)state;
	log_open(&l);
	l.silent = true;
	memcpy(text, "<a", 2);
	for (size_t i = 0; i < 80000; i++)
		len += (size_t)snprintf(text + len, size - len, " a%05zu=''", i);
	assert_int_equal(read_in_chunks(&l, text, len, 100, &err), -1);
	assert_error(err, ERROR_XML_LIMIT, "attributes of one element");
	assert_in_range(l.taken, 1, 2 + 10 * (LIMIT_XML_ATTRIBUTES + 1) + 100);
	free(text);
	error_clear(&err);
	text = repeated("", "<a>", 5000, "", &len);
	l.starts = 0;
	assert_int_equal(read_in_chunks(&l, text, len, len, &err), -1);
	assert_error(err, ERROR_XML_LIMIT, "levels");
	assert_in_range(l.starts, 0, LIMIT_XML_DEPTH);
	free(text);
	error_clear(&err);
	text = repeated("<a b='", "x", 12u << 20, "'/>", &len);
	assert_int_equal(read_in_chunks(&l, text, len, 1 << 16, &err), -1);
	assert_error(err, ERROR_XML_LIMIT, "one attribute");
	assert_in_range(l.taken, LIMIT_XML_TEXT, LIMIT_XML_TEXT + (1 << 16) + 7);
	free(text);
}

static void captures_are_bounded_and_exact(void **state)
{
	CLEANUP(log_close) struct log l;
	struct error err = ERROR_INIT;
	size_t len;
	char *text = repeated("<r><u>", "<v>0123456789abcdef0123456789abcdef</v>",
			      LIMIT_FRAGMENT_BYTES / 39 + 1, "</u></r>", &len);

	(void)state;
	log_open(&l);
	l.silent = true;
	l.capture = "u";
	assert_int_equal(read_in_chunks(&l, text, len, 1 << 16, &err), -1);
	assert_error(err, ERROR_XML_LIMIT, "offset 3: element of more than");
	free(text);
	error_clear(&err);
	l.silent = false;
	static const char nested[] = "<r><u a='1'>x<u/>y</u></r>";
	assert_int_equal(read_in_chunks(&l, nested, sizeof nested - 1, 1, &err), 0);
	assert_log(&l, "<r@0><u@3 a=1>x<u@13></u@17>y</u@22 <u a='1'>x<u/>y</u>></r@26>");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_and_offsets_do_not_depend_on_chunks),
		cmocka_unit_test(fragments_are_independent),
		cmocka_unit_test(documents_are_refused),
		cmocka_unit_test(limits_hold_exactly),
		cmocka_unit_test(depth_and_attributes_hold_exactly),
		cmocka_unit_test(floods_are_refused_at_once),
		cmocka_unit_test(captures_are_bounded_and_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
