#include "lib/xml/xml.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/xml/xml_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
	PIECE = 32 << 10,        /* bytes per call of libxml2; stays in the first cache */
	CONTEXT_BYTES = 4 << 20, /* a new context after so much: names in its dictionary pile up */
	UNIT_MAX = 256 << 10,    /* a longer one is left to libxml2 rather than waited for */
};

/* ---- life ---- */

static void forget(struct xml_reader *r, bool fragment)
{
	xml_scan_begin(&r->scan, fragment);
	r->failed = false;
	r->after_tag = false;
	r->skipped = 0;
	r->depth = 0;
	r->quiet = 0;
	r->wrapped = false;
	r->capturing = false;
	r->captured = NULL;
	r->window.len = 0;
	r->raw_base = 0;
}

struct xml_reader *xml_reader_new(const struct xml_handler *handler, void *ctx, const char *label)
{
	struct xml_reader *r = buf_calloc(1, sizeof *r);

	xml_sax_init();
	r->handler = handler;
	r->ctx = ctx;
	r->label = buf_strdup(label);
	r->window.max = LIMIT_FRAGMENT_BYTES + 3u * LIMIT_XML_TEXT + PIECE;
	/* every name of one event with prefix and colon, so that the buffer never moves */
	r->names.max = (LIMIT_XML_ATTRIBUTES + 1) * (2 * LIMIT_XML_NAME + 2);
	xml_sax_renew(r);
	forget(r, false);
	return r;
}

void xml_reader_free(struct xml_reader *r)
{
	if (!r)
		return;
	xmlFreeParserCtxt(r->parser);
	xml_scan_clear(&r->scan);
	buf_clear(&r->window);
	buf_clear(&r->names);
	arena_clear(&r->values);
	xml_fast_clear(&r->fast);
	free(r->attributes);
	free(r->label);
	free(r);
}

void xml_reader_reset(struct xml_reader *r, const char *label)
{
	char *copy = buf_strdup(label);

	free(r->label);
	r->label = copy;
	xml_sax_renew(r);
	forget(r, false);
}

/* ---- events from the quick reader: offsets count from r->scan.offset ---- */

static int fast_start(void *ctx, const char *name, size_t from, size_t to, struct error *err)
{
	struct xml_reader *r = ctx;

	(void)err; /* is r->err */
	r->now = (struct xml_span){ r->scan.offset + from, r->scan.offset + to };
	r->depth++;
	int answer = xml_deliver_start(r, name, r->fast.attributes, r->fast.count);
	if (answer == 1)
		r->depth--; /* the end of a skipped element is not told */
	return answer;
}

static int fast_end(void *ctx, const char *name, size_t to, struct error *err)
{
	struct xml_reader *r = ctx;

	(void)err;
	r->now.end = r->scan.offset + to;
	return xml_deliver_end(r, name);
}

static int fast_text(void *ctx, const char *text, size_t len, struct error *err)
{
	(void)err;
	return xml_deliver_text(ctx, text, len);
}

static enum xml_fast_result fast_read(struct xml_reader *r, const unsigned char *bytes, size_t len,
				      bool unit)
{
	static const struct xml_fast_sink sink = { fast_start, fast_end, fast_text };
	unsigned depth = r->depth;

	r->fast.sink = &sink;
	r->fast.ctx = r;
	r->fast.unit = unit;
	r->fast.single = !unit && r->handler->unit > 0;
	r->fast.base = depth;
	enum xml_fast_result result = xml_fast_read(&r->fast, bytes, len, r->err);
	r->quiet = 0;
	if (result == XML_FAST_MORE || result == XML_FAST_UNSURE) {
		r->depth = depth;
		r->capturing = false;
		r->handler->restart(r->ctx, depth);
	}
	return result;
}

/* ---- feeding ---- */

/* Drop the bytes nobody can ask for any more. */
static int trim(struct xml_reader *r)
{
	uint64_t keep = xml_scan_keep(&r->scan);

	if (r->capturing && r->capture_start < keep)
		keep = r->capture_start;
	if (r->capturing && r->scan.offset - r->capture_start > LIMIT_FRAGMENT_BYTES)
		return xml_deliver_too_long(r);
	size_t done = (size_t)(keep - r->raw_base);
	if (done > 0) {
		r->window.len -= done;
		memmove(r->window.bytes, r->window.bytes + done, r->window.len);
		r->raw_base = keep;
	}
	return 0;
}

/* Between two elements, at a place where neither the pre-scan nor libxml2 holds anything back. */
static bool at_unit(const struct xml_reader *r, const unsigned char *bytes)
{
	const struct xml_scan *s = &r->scan;

	return r->handler->restart && r->after_tag && r->depth == r->handler->unit &&
	       r->depth > 0 && !r->quiet && !r->capturing && s->state == XML_SCAN_TEXT &&
	       s->depth == r->depth && s->starts.head == s->starts.count &&
	       s->ends.head == s->ends.count && *bytes == '<';
}

/* Through pre-scan and libxml2; of documents with units not further than the next tag's end. */
static size_t slow_length(const struct xml_reader *r, const unsigned char *bytes, size_t len)
{
	const unsigned char *stop =
		r->handler->unit > 0 && r->handler->restart ? memchr(bytes, '>', len) : NULL;

	return stop ? (size_t)(stop - bytes) + 1 : len;
}

/* Read on from r->scan.offset; *used of len bytes are done with, 0 when more are needed. */
static int consume(struct xml_reader *r, const unsigned char *bytes, size_t len, bool last,
		   size_t *used)
{
	if (at_unit(r, bytes)) {
		enum xml_fast_result result = fast_read(r, bytes, len, true);

		*used = (size_t)(r->fast.p - bytes);
		if (result == XML_FAST_FAILED)
			return -1;
		if (result == XML_FAST_DONE) {
			xml_scan_pass(&r->scan, *used);
			r->skipped += *used;
			return 0;
		}
		*used = 0;
		if (result == XML_FAST_MORE && !last && len < UNIT_MAX)
			return 0;
	}
	*used = slow_length(r, bytes, len);
	if (xml_scan_feed(&r->scan, bytes, *used, r->err) < 0)
		return -1;
	r->after_tag = bytes[*used - 1] == '>';
	return xml_sax_push(r, bytes, *used, false);
}

/* All of the window that was not read yet, but for what has to wait for more. */
static int consume_window(struct xml_reader *r, bool last)
{
	size_t used = 1;

	r->raw = r->window.bytes;
	for (;;) {
		size_t done = (size_t)(r->scan.offset - r->raw_base);

		if (used == 0 || done == r->window.len)
			return last ? 0 : trim(r);
		if (consume(r, r->window.bytes + done, r->window.len - done, last, &used) < 0)
			return -1;
	}
}

int xml_reader_feed(struct xml_reader *r, const void *bytes, size_t len, struct error *err)
{
	const unsigned char *p = bytes;

	r->err = err;
	while (len > 0) {
		size_t n = len < PIECE ? len : PIECE;

		if (buf_append(&r->window, p, n, err) < 0 || consume_window(r, false) < 0) {
			r->failed = true;
			return error_wrap(err, "%s", r->label);
		}
		p += n;
		len -= n;
	}
	return 0;
}

int xml_reader_finish(struct xml_reader *r, struct error *err)
{
	r->err = err;
	if (consume_window(r, true) < 0 || xml_scan_finish(&r->scan, err) < 0 ||
	    xml_sax_push(r, NULL, 0, true) < 0) {
		r->failed = true;
		return error_wrap(err, "%s", r->label);
	}
	return 0;
}

static int feed_fragment(struct xml_reader *r, const unsigned char *bytes, size_t len)
{
	if (len > LIMIT_FRAGMENT_BYTES)
		return error_set(r->err, ERROR_XML_LIMIT,
				 "offset 0: fragment of more than %u bytes", LIMIT_FRAGMENT_BYTES);
	if (xml_scan_feed(&r->scan, bytes, len, r->err) < 0 ||
	    xml_scan_finish(&r->scan, r->err) < 0)
		return -1;
	xml_sax_wrap(r);
	for (size_t done = 0; done < len; done += PIECE)
		if (xml_sax_push(r, bytes + done, len - done < PIECE ? len - done : PIECE, false) <
		    0)
			return -1;
	return xml_sax_unwrap(r);
}

int xml_reader_fragment(struct xml_reader *r, const char *label, const void *bytes, size_t len,
			struct error *err)
{
	enum xml_fast_result fast = XML_FAST_UNSURE;

	if (!r->scan.fragment || r->parser_bytes > CONTEXT_BYTES)
		xml_sax_renew(r);
	forget(r, true);
	r->err = err;
	r->raw = bytes;
	if (r->handler->restart && len > 0 && len <= LIMIT_FRAGMENT_BYTES)
		fast = fast_read(r, bytes, len, false);
	if (fast == XML_FAST_DONE)
		return 0;
	int result = fast == XML_FAST_FAILED
			     ? -1
			     : feed_fragment(r, len > 0 ? bytes : (const void *)"", len);
	if (result < 0) {
		error_wrap(err, "%s", label);
		xml_sax_renew(r);
	}
	return result;
}

/* ---- questions of handlers ---- */

uint64_t xml_reader_offset(const struct xml_reader *r)
{
	return r->now.start;
}

const void *xml_reader_tag(const struct xml_reader *r, size_t *len)
{
	*len = (size_t)(r->now.end - r->now.start);
	return r->raw + (r->now.start - r->raw_base);
}

void xml_reader_capture(struct xml_reader *r)
{
	if (r->capturing)
		return;
	r->capturing = true;
	r->capture_depth = r->depth;
	r->capture_start = r->now.start;
}

const void *xml_reader_raw(const struct xml_reader *r, size_t *len)
{
	*len = r->captured ? r->captured_len : 0;
	return r->captured;
}

uint64_t xml_reader_fault(const struct xml_reader *r)
{
	return r->scan.fault;
}
