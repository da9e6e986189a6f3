#include "lib/xml/xml.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/xml/xml_scan.h"

#include <inttypes.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * Invariants: the pre-scan has seen every byte that libxml2 has seen; `raw` holds the bytes
 * from `raw_base` on that a pending start tag or a running capture may still ask for.
 */

enum {
	PIECE = 32 << 10,        /* bytes per call of libxml2; stays in the first cache */
	CONTEXT_BYTES = 4 << 20, /* a new context after so much: names in its dictionary pile up */
};

static const char WRAP_OPEN[] = "<root>", WRAP_CLOSE[] = "</root>";

struct xml_reader {
	const struct xml_handler *handler;
	void *ctx;
	char *label;
	xmlParserCtxtPtr parser;
	size_t parser_bytes; /* fed to this context, over all fragments */
	struct xml_scan scan;
	bool failed;
	unsigned depth;      /* of open elements, without the synthetic root */
	bool wrapped;        /* fragment: the synthetic root is open */
	struct xml_span now; /* of the event being delivered */
	struct buf window;   /* documents: bytes kept for captures */
	const unsigned char *raw;
	uint64_t raw_base;
	bool capturing;
	unsigned capture_depth;
	uint64_t capture_start;
	const unsigned char *captured; /* only during the end() it belongs to */
	size_t captured_len;
	struct xml_attribute *attributes;
	size_t attributes_capacity;
	struct buf names;    /* prefixed names of the current event */
	struct arena values; /* attribute values with an ampersand, of the current event */
	struct error *err;   /* of the running call */
};

static void fail_parser(struct xml_reader *r)
{
	r->failed = true;
	xmlStopParser(r->parser);
}

/* ---- events from libxml2 ---- */

/* "prefix:local" in r->names; plain names are libxml2's own terminated string. */
static const char *full_name(struct xml_reader *r, const xmlChar *prefix, const xmlChar *local)
{
	if (!prefix)
		return (const char *)local;
	size_t at = r->names.len;
	if (buf_printf(&r->names, r->err, "%s:%s", (const char *)prefix, (const char *)local) < 0 ||
	    buf_append(&r->names, "", 1, r->err) < 0)
		return NULL;
	/* room was reserved for the whole event: the buffer does not move */
	return (const char *)r->names.bytes + at;
}

/*
 * Without entity replacement libxml2 hands an ampersand in an attribute over as "&#38;", whatever
 * the document wrote, and never any other reference: turn it back.
 */
static void set_value(struct xml_reader *r, struct xml_attribute *a, const char *value, size_t len)
{
	static const char escaped[] = "&#38;";
	const size_t size = sizeof escaped - 1;

	a->value = value;
	a->len = len;
	if (len == 0 || !memchr(value, '&', len))
		return;
	char *plain = arena_alloc(&r->values, len);
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		plain[n++] = value[i];
		if (len - i >= size && memcmp(value + i, escaped, size) == 0)
			i += size - 1;
	}
	a->value = plain;
	a->len = n;
}

/* Namespace declarations first, then attributes; the number of them, or -1. */
static int collect(struct xml_reader *r, int namespaces, const xmlChar **ns, int count,
		   const xmlChar **at)
{
	size_t n = 0;

	for (int i = 0; i < namespaces; i++) {
		const xmlChar *prefix = ns[2 * i], *uri = ns[2 * i + 1];
		struct xml_attribute *a = &r->attributes[n++];

		a->name = prefix ? full_name(r, (const xmlChar *)"xmlns", prefix) : "xmlns";
		set_value(r, a, uri ? (const char *)uri : "", uri ? strlen((const char *)uri) : 0);
	}
	for (int i = 0; i < count; i++) {
		const xmlChar **row = at + 5 * (ptrdiff_t)i;
		struct xml_attribute *a = &r->attributes[n++];

		a->name = full_name(r, row[1], row[0]);
		set_value(r, a, (const char *)row[3], (size_t)(row[4] - row[3]));
	}
	for (size_t i = 0; i < n; i++)
		if (!r->attributes[i].name)
			return -1;
	return (int)n;
}

static bool skip_root(struct xml_reader *r, bool opening)
{
	if (!r->scan.fragment || r->depth > 0 || r->wrapped == opening)
		return false;
	r->wrapped = opening;
	return true;
}

static void on_start(void *data, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
		     int namespaces, const xmlChar **ns, int count, int defaulted,
		     const xmlChar **at)
{
	struct xml_reader *r = data;
	size_t total = (size_t)(namespaces + count);

	(void)uri;
	(void)defaulted;
	if (r->failed || skip_root(r, true))
		return;
	/* an open tag here is one that libxml2 closed elsewhere than the pre-scan: malformed */
	if (!xml_queue_pop(&r->scan.starts, &r->now) || r->now.end <= r->now.start) {
		error_set(r->err, ERROR_XML_SYNTAX, "offset %" PRIu64 ": malformed start tag",
			  r->now.start);
		fail_parser(r);
		return;
	}
	r->depth++;
	if (total + 1 > r->attributes_capacity)
		r->attributes = buf_grow(r->attributes, &r->attributes_capacity, total + 1,
					 sizeof *r->attributes);
	r->names.len = 0;
	arena_reset(&r->values);
	if (!r->names.bytes && !buf_room(&r->names, r->names.max, r->err))
		abort();
	const char *name = full_name(r, prefix, local);
	int n = name ? collect(r, namespaces, ns, count, at) : -1;
	if (n < 0 || (r->handler->start &&
		      r->handler->start(r->ctx, name, r->attributes, (size_t)n, r->err) < 0))
		fail_parser(r);
}

static int capture_too_long(struct xml_reader *r)
{
	return error_set(r->err, ERROR_XML_LIMIT,
			 "offset %" PRIu64 ": element of more than %u bytes", r->capture_start,
			 LIMIT_FRAGMENT_BYTES);
}

static void on_end(void *data, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml_reader *r = data;

	(void)uri;
	if (r->failed || (r->depth == 0 && skip_root(r, false)))
		return;
	if (!xml_queue_pop(&r->scan.ends, &r->now)) {
		error_set(r->err, ERROR_XML_SYNTAX, "offset %" PRIu64 ": malformed end tag",
			  r->scan.offset);
		fail_parser(r);
		return;
	}
	r->now.start = r->now.end;
	if (r->capturing && r->capture_depth == r->depth) {
		r->captured = r->raw + (r->capture_start - r->raw_base);
		r->captured_len = (size_t)(r->now.end - r->capture_start);
		r->capturing = false;
		if (r->captured_len > LIMIT_FRAGMENT_BYTES) {
			capture_too_long(r);
			fail_parser(r);
			return;
		}
	}
	r->names.len = 0;
	if (!r->names.bytes && !buf_room(&r->names, r->names.max, r->err))
		abort();
	const char *name = full_name(r, prefix, local);
	if (!name || (r->handler->end && r->handler->end(r->ctx, name, r->err) < 0))
		fail_parser(r);
	r->captured = NULL;
	r->depth--;
}

static void on_text(void *data, const xmlChar *text, int len)
{
	struct xml_reader *r = data;

	if (r->failed || !r->handler->text || len <= 0)
		return;
	if (r->handler->text(r->ctx, (const char *)text, (size_t)len, r->err) < 0)
		fail_parser(r);
}

/* Cannot happen: the pre-scan refuses "<!" anything.  Kept as a second lock. */
static void on_subset(void *data, const xmlChar *name, const xmlChar *external,
		      const xmlChar *system)
{
	struct xml_reader *r = data;

	(void)name;
	(void)external;
	(void)system;
	if (!r->failed)
		error_set(r->err, ERROR_XML_REFUSED, "document type declaration");
	fail_parser(r);
}

static void on_error(void *data, xmlErrorPtr e)
{
	struct xml_reader *r = data;
	long at = xmlByteConsumed(r->parser);

	/* Namespace complaints are not fatal: fragments use prefixes nobody declared. */
	if (r->failed || e->level != XML_ERR_FATAL)
		return;
	r->failed = true;
	if (r->scan.fragment)
		at -= (long)sizeof WRAP_OPEN - 1;
	char cause[200];
	size_t n = 0;
	const char *text = e->message ? e->message : "not well formed";
	for (const char *p = text; *p && n + 1 < sizeof cause; p++)
		if (*p >= ' ' && *p <= '~')
			cause[n++] = *p;
	cause[n] = '\0';
	r->scan.fault = at > 0 ? (uint64_t)at : 0;
	error_set(r->err, ERROR_XML_SYNTAX, "offset %" PRIu64 ": %s", r->scan.fault, cause);
}

static xmlParserInputPtr deny_entity(const char *url, const char *id, xmlParserCtxtPtr context)
{
	(void)url;
	(void)id;
	(void)context;
	return NULL;
}

/* ---- life ---- */

static void renew_parser(struct xml_reader *r)
{
	xmlSAXHandler sax = {
		.internalSubset = on_subset,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.serror = on_error,
	};

	if (r->parser)
		xmlFreeParserCtxt(r->parser);
	r->parser = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
	if (!r->parser)
		abort(); /* out of memory */
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET);
	r->parser_bytes = 0;
}

static void forget(struct xml_reader *r, bool fragment)
{
	xml_scan_begin(&r->scan, fragment);
	r->failed = false;
	r->depth = 0;
	r->wrapped = false;
	r->capturing = false;
	r->captured = NULL;
	r->window.len = 0;
	r->raw_base = 0;
}

static void *memory_new(size_t size)
{
	return buf_malloc(size);
}

static void *memory_resize(void *old, size_t size)
{
	return buf_realloc(old, size, 1);
}

struct xml_reader *xml_reader_new(const struct xml_handler *handler, void *ctx, const char *label)
{
	struct xml_reader *r = buf_calloc(1, sizeof *r);

	/* Else a document read for want of memory is one that is malformed. */
	xmlMemSetup(free, memory_new, memory_resize, buf_strdup);
	xmlInitParser();
	xmlSetExternalEntityLoader(deny_entity);
	r->handler = handler;
	r->ctx = ctx;
	r->label = buf_strdup(label);
	r->window.max = LIMIT_FRAGMENT_BYTES + 3u * LIMIT_XML_TEXT + PIECE;
	/* every name of one event with prefix and colon, so that the buffer never moves */
	r->names.max = (LIMIT_XML_ATTRIBUTES + 1) * (2 * LIMIT_XML_NAME + 2);
	renew_parser(r);
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
	free(r->attributes);
	free(r->label);
	free(r);
}

void xml_reader_reset(struct xml_reader *r, const char *label)
{
	char *copy = buf_strdup(label);

	free(r->label);
	r->label = copy;
	renew_parser(r);
	forget(r, false);
}

/* ---- feeding ---- */

/* libxml2 reports through the callbacks; what it returns counts namespace complaints too. */
static int push(struct xml_reader *r, const void *bytes, size_t len, bool last)
{
	xmlParseChunk(r->parser, bytes, (int)len, last);
	if (!r->failed && !r->parser->wellFormed) {
		error_set(r->err, ERROR_XML_SYNTAX, "not well formed");
		r->failed = true;
	}
	r->parser_bytes += len;
	return r->failed ? -1 : 0;
}

/* Drop the bytes nobody can ask for any more. */
static int trim(struct xml_reader *r)
{
	uint64_t keep = xml_scan_keep(&r->scan);

	if (r->capturing && r->capture_start < keep)
		keep = r->capture_start;
	if (r->capturing && r->scan.offset - r->capture_start > LIMIT_FRAGMENT_BYTES)
		return capture_too_long(r);
	size_t done = (size_t)(keep - r->raw_base);
	if (done > 0) {
		r->window.len -= done;
		memmove(r->window.bytes, r->window.bytes + done, r->window.len);
		r->raw_base = keep;
	}
	return 0;
}

static int feed_piece(struct xml_reader *r, const unsigned char *bytes, size_t len)
{
	if (buf_append(&r->window, bytes, len, r->err) < 0 ||
	    xml_scan_feed(&r->scan, bytes, len, r->err) < 0)
		return -1;
	r->raw = r->window.bytes;
	if (push(r, bytes, len, false) < 0)
		return -1;
	return trim(r);
}

int xml_reader_feed(struct xml_reader *r, const void *bytes, size_t len, struct error *err)
{
	const unsigned char *p = bytes;

	r->err = err;
	while (len > 0) {
		size_t n = len < PIECE ? len : PIECE;

		if (feed_piece(r, p, n) < 0) {
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
	if (xml_scan_finish(&r->scan, err) < 0 || push(r, NULL, 0, true) < 0) {
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
	if (xmlCtxtResetPush(r->parser, WRAP_OPEN, sizeof WRAP_OPEN - 1, NULL, NULL) != 0)
		abort(); /* out of memory */
	for (size_t done = 0; done < len; done += PIECE)
		if (push(r, bytes + done, len - done < PIECE ? len - done : PIECE, false) < 0)
			return -1;
	return push(r, WRAP_CLOSE, sizeof WRAP_CLOSE - 1, true);
}

int xml_reader_fragment(struct xml_reader *r, const char *label, const void *bytes, size_t len,
			struct error *err)
{
	if (!r->scan.fragment || r->parser_bytes > CONTEXT_BYTES)
		renew_parser(r);
	forget(r, true);
	r->err = err;
	r->raw = bytes;
	int result = feed_fragment(r, len > 0 ? bytes : (const void *)"", len);
	if (result < 0) {
		error_wrap(err, "%s", label);
		renew_parser(r);
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
