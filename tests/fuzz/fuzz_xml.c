/*
 * Invariants: the quick reader and libxml2 alone agree on success and on every event with its
 * offset and its bytes; feeding in chunks and feeding whole agree on success and on every event
 * with its offset; exactly one of success and error; offsets point at "<" and behind ">".
 */
#include "lib/base/error.h"
#include "lib/xml/xml.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct trace {
	struct xml_reader *reader;
	const unsigned char *data;
	size_t size;
	uint64_t hash, text;
	size_t events;
	bool capture; /* of every third element; a capture keeps the quick reader away */
	unsigned unit, depth;
	uint64_t saved_hash, saved_text; /* where a unit may begin */
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static void mix(struct trace *t, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		t->hash = (t->hash ^ p[i]) * 0x100000001B3ull;
	t->hash = (t->hash ^ 0xFF) * 0x100000001B3ull;
}

/* What is known when `unit` elements are open is never void. */
static void note_unit(struct trace *t)
{
	if (t->depth == t->unit) {
		t->saved_hash = t->hash;
		t->saved_text = t->text;
	}
}

static void on_restart(void *ctx, unsigned depth)
{
	struct trace *t = ctx;

	require(depth == t->unit || depth == 0);
	if (depth == 0)
		t->saved_hash = t->saved_text = 0;
	t->depth = depth;
	t->hash = t->saved_hash;
	t->text = t->saved_text;
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *at, size_t n,
		    struct error *err)
{
	struct trace *t = ctx;
	uint64_t offset = xml_reader_offset(t->reader);
	size_t len;

	(void)err;
	require(offset < t->size && t->data[offset] == '<');
	const unsigned char *tag = xml_reader_tag(t->reader, &len);
	require(offset + len <= t->size && memcmp(tag, t->data + offset, len) == 0);
	require(tag[len - 1] == '>' && memcmp(tag + 1, name, strlen(name)) == 0);
	mix(t, &offset, sizeof offset);
	mix(t, name, strlen(name));
	for (size_t i = 0; i < n; i++) {
		mix(t, at[i].name, strlen(at[i].name));
		mix(t, at[i].value, at[i].len);
	}
	if (t->capture && t->events++ % 3 == 1)
		xml_reader_capture(t->reader);
	t->depth++;
	note_unit(t);
	return 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct trace *t = ctx;
	uint64_t offset = xml_reader_offset(t->reader);
	size_t len;

	(void)err;
	require(offset > 0 && offset <= t->size && t->data[offset - 1] == '>');
	const unsigned char *raw = xml_reader_raw(t->reader, &len);
	if (raw) {
		require(len <= offset && memcmp(raw, t->data + offset - len, len) == 0);
		require(raw[0] == '<' && memcmp(raw + 1, name, strlen(name)) == 0);
	}
	mix(t, &offset, sizeof offset);
	t->depth--;
	note_unit(t);
	return 0;
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	struct trace *t = ctx;

	/* pieces may differ: only the sum of the bytes counts */
	(void)err;
	for (size_t i = 0; i < len; i++)
		t->text = t->text * 31u + (unsigned char)text[i];
	return 0;
}

static const struct xml_handler handler = { .start = on_start, .end = on_end, .text = on_text };
static const struct xml_handler quick = {
	.start = on_start, .end = on_end, .text = on_text, .restart = on_restart
};
static const struct xml_handler units = {
	.start = on_start, .end = on_end, .text = on_text, .restart = on_restart, .unit = 1
};

static int read_document(struct trace *t, const struct xml_handler *h, unsigned seed)
{
	struct error err = ERROR_INIT;
	int result = 0;

	t->unit = h->unit;
	t->reader = xml_reader_new(h, t, "fuzz");
	for (size_t at = 0; result == 0 && at < t->size;) {
		size_t n =
			seed == 0 ? t->size : 1 + (seed = seed * 1103515245u + 12345u) / 65536 % 17;

		n = n < t->size - at ? n : t->size - at;
		result = xml_reader_feed(t->reader, t->data + at, n, &err);
		at += n;
	}
	if (result == 0)
		result = xml_reader_finish(t->reader, &err);
	require((result == 0) == (err.id == ERROR_NONE));
	xml_reader_free(t->reader);
	return result;
}

static int read_fragment(struct trace *t, struct xml_reader *r)
{
	struct error err = ERROR_INIT;

	t->reader = r;
	int result = xml_reader_fragment(r, "fuzz", t->data, t->size, &err);
	require((result == 0) == (err.id == ERROR_NONE));
	return result;
}

/* The same through the quick reader where it is sure, which must change nothing. */
static void compare(const struct trace *none, unsigned seed)
{
	struct trace a = *none, b = *none, c = *none, d = *none;

	a.capture = b.capture = c.capture = d.capture = false;
	int whole = read_document(&a, &handler, 0), pieces = read_document(&b, &units, 0);
	require(whole == pieces);
	require(whole < 0 || (a.hash == b.hash && a.text == b.text));
	b = c;
	require(read_document(&b, &units, seed) == whole);
	require(whole < 0 || (a.hash == b.hash && a.text == b.text));

	struct xml_reader *slow = xml_reader_new(&handler, &c, "fuzz");
	struct xml_reader *fast = xml_reader_new(&quick, &d, "fuzz");
	int one = read_fragment(&c, slow), two = read_fragment(&d, fast);
	require(one == two);
	require(one < 0 || (c.hash == d.hash && c.text == d.text));
	xml_reader_free(slow);
	xml_reader_free(fast);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct trace none = { .data = data, .size = size, .capture = true };
	struct trace whole = none, chunks = none, fragment = none, again = none;
	unsigned seed = size > 0 ? 1u + data[size - 1] : 1;
	int a = read_document(&whole, &handler, 0);
	int b = read_document(&chunks, &handler, seed);

	compare(&none, seed);
	require(a == b);
	require(a < 0 || (whole.hash == chunks.hash && whole.text == chunks.text));

	/* twice through one reader: what came before must not matter */
	struct xml_reader *r = xml_reader_new(&handler, &fragment, "fuzz");
	int c = read_fragment(&fragment, r);
	again = fragment;
	fragment = none;
	int d = read_fragment(&fragment, r);
	require(c == d && (c < 0 || (again.hash == fragment.hash && again.text == fragment.text)));
	xml_reader_free(r);
	return 0;
}
