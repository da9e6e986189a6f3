/* What the files of lib/xml share; nobody else includes it. */
#ifndef XML_XML_INTERNAL_H
#define XML_XML_INTERNAL_H

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/xml/xml_fast.h"
#include "lib/xml/xml_scan.h"

#include <libxml/parser.h>

/*
 * Invariants: the pre-scan has seen every byte that libxml2 has seen; `raw` holds the bytes
 * from `raw_base` on that a pending start tag or a running capture may still ask for.
 */

struct xml_reader {
	const struct xml_handler *handler;
	void *ctx;
	char *label;
	xmlParserCtxtPtr parser;
	size_t parser_bytes; /* fed to this context, over all fragments */
	struct xml_scan scan;
	struct xml_fast fast;
	uint64_t skipped; /* bytes of the document that libxml2 was not given */
	bool failed;
	bool after_tag;      /* documents: a tag has just ended */
	unsigned depth;      /* of open elements, without the synthetic root */
	unsigned quiet;      /* depth of the element of which nothing is delivered, or 0 */
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

/* ---- xml_deliver.c: events to the handler; r->now and r->depth are those of the element ---- */

int xml_deliver_start(struct xml_reader *r, const char *name, const struct xml_attribute *at,
		      size_t n);
int xml_deliver_end(struct xml_reader *r, const char *name);
int xml_deliver_text(struct xml_reader *r, const char *text, size_t len);
int xml_deliver_too_long(struct xml_reader *r);

/* ---- xml_sax.c: the only file that calls the parser of libxml2 ---- */

/* Once per reader. */
void xml_sax_init(void);
/* A new context for the parser. */
void xml_sax_renew(struct xml_reader *r);
/* Make the context ready for another fragment, inside the synthetic root. */
void xml_sax_wrap(struct xml_reader *r);
/* The end of the synthetic root. */
int xml_sax_unwrap(struct xml_reader *r);
/* The next bytes, which the pre-scan has seen. */
int xml_sax_push(struct xml_reader *r, const void *bytes, size_t len, bool last);

#endif
