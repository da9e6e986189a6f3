#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/xml/xml_internal.h"

#include <inttypes.h>
#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>

static const char WRAP_OPEN[] = "<root>", WRAP_CLOSE[] = "</root>";

static void fail_parser(struct xml_reader *r)
{
	r->failed = true;
	xmlStopParser(r->parser);
}

/* ---- events ---- */

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
	if (r->quiet)
		return;
	if (total + 1 > r->attributes_capacity)
		r->attributes = buf_grow(r->attributes, &r->attributes_capacity, total + 1,
					 sizeof *r->attributes);
	r->names.len = 0;
	arena_reset(&r->values);
	if (!r->names.bytes && !buf_room(&r->names, r->names.max, r->err))
		abort();
	const char *name = full_name(r, prefix, local);
	int n = name ? collect(r, namespaces, ns, count, at) : -1;
	if (n < 0 || xml_deliver_start(r, name, r->attributes, (size_t)n) < 0)
		fail_parser(r);
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
	if (r->quiet) {
		if (r->quiet == r->depth)
			r->quiet = 0;
		r->depth--;
		return;
	}
	r->names.len = 0;
	if (!r->names.bytes && !buf_room(&r->names, r->names.max, r->err))
		abort();
	const char *name = full_name(r, prefix, local);
	if (!name || xml_deliver_end(r, name) < 0)
		fail_parser(r);
}

static void on_text(void *data, const xmlChar *text, int len)
{
	struct xml_reader *r = data;

	if (r->failed || r->quiet || len <= 0)
		return;
	if (xml_deliver_text(r, (const char *)text, (size_t)len) < 0)
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
	at += (long)r->skipped;
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

/* ---- life ---- */

static xmlParserInputPtr deny_entity(const char *url, const char *id, xmlParserCtxtPtr context)
{
	(void)url;
	(void)id;
	(void)context;
	return NULL;
}

static void *memory_new(size_t size)
{
	return buf_malloc(size);
}

static void *memory_resize(void *old, size_t size)
{
	return buf_realloc(old, size, 1);
}

void xml_sax_init(void)
{
	/* Else a document read for want of memory is one that is malformed. */
	xmlMemSetup(free, memory_new, memory_resize, buf_strdup);
	xmlInitParser();
	xmlSetExternalEntityLoader(deny_entity);
}

void xml_sax_renew(struct xml_reader *r)
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

/* libxml2 reports through the callbacks; what it returns counts namespace complaints too. */
int xml_sax_push(struct xml_reader *r, const void *bytes, size_t len, bool last)
{
	xmlParseChunk(r->parser, bytes, (int)len, last);
	if (!r->failed && !r->parser->wellFormed) {
		error_set(r->err, ERROR_XML_SYNTAX, "not well formed");
		r->failed = true;
	}
	r->parser_bytes += len;
	return r->failed ? -1 : 0;
}

void xml_sax_wrap(struct xml_reader *r)
{
	if (xmlCtxtResetPush(r->parser, WRAP_OPEN, sizeof WRAP_OPEN - 1, NULL, NULL) != 0)
		abort(); /* out of memory */
}

int xml_sax_unwrap(struct xml_reader *r)
{
	return xml_sax_push(r, WRAP_CLOSE, sizeof WRAP_CLOSE - 1, true);
}
