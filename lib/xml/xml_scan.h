/*
 * The pre-scan: a small state machine that sees every byte before libxml2 does.
 *
 * It exists for two reasons.  libxml2 2.9.14 compares every attribute of an
 * element with every other one inside its default limits (40,000 attributes
 * cost 15 s), so limits have to be enforced before it; and it does not report
 * byte offsets.  On every document that libxml2 accepts, the n-th start tag and
 * the n-th element end recorded here are the n-th start and end event there.
 * Well-formedness is libxml2's business; this refuses only what goes beyond a
 * limit or is never part of our formats (docs/SECURITY.md, limits).
 */
#ifndef XML_SCAN_H
#define XML_SCAN_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum xml_scan_state {
	XML_SCAN_START, /* nothing read yet */
	XML_SCAN_BOM,   /* inside the byte order mark */
	XML_SCAN_TEXT,
	XML_SCAN_OPEN,  /* after "<" */
	XML_SCAN_NAME,  /* element name of a start tag */
	XML_SCAN_TAG,   /* start tag behind the name */
	XML_SCAN_VALUE, /* attribute value */
	XML_SCAN_END_TAG,
	XML_SCAN_BANG, /* after "<!" */
	XML_SCAN_COMMENT,
	XML_SCAN_CDATA,
	XML_SCAN_PI, /* the declaration, the only one allowed */
	XML_SCAN_STATES_
};

/* [start, end) of one start tag; for an element end only .end is set. */
struct xml_span {
	uint64_t start, end;
};

/* First in, first out. */
struct xml_queue {
	struct xml_span *items;
	size_t head, count, capacity;
};

struct xml_scan {
	enum xml_scan_state state;
	bool fragment; /* several roots, text between them, no declaration */
	bool slash;    /* last byte of the tag was "/" */
	bool seen_root;
	unsigned char quote;
	unsigned depth;
	unsigned attributes; /* of the current start tag */
	unsigned matched;    /* bytes of a literal or terminator recognised so far */
	size_t run;          /* bytes of the current name, value, text or comment */
	uint64_t offset;     /* of the first byte of the current chunk */
	uint64_t tag;        /* of the "<" of the current markup */
	uint64_t top;        /* where the declaration may begin: 0, or 3 behind a BOM */
	uint64_t fault;      /* after a failure: where */
	const unsigned char *chunk;
	const char *literal;
	char declaration[128];
	struct xml_queue starts, ends;
};

/* Begin a document (fragment false) or a fragment; keeps the queues' memory. */
void xml_scan_begin(struct xml_scan *s, bool fragment) __attribute__((nonnull));

/*
 * Look at the next len bytes and append what was found to the queues.  Fails with XML_LIMIT,
 * XML_REFUSED or XML_SYNTAX and a message that starts with the byte offset.
 */
int xml_scan_feed(struct xml_scan *s, const unsigned char *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The input ends here: every element, comment and tag must be closed. */
int xml_scan_finish(struct xml_scan *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Somebody else has read len bytes, whole elements, where text may stand: go on behind them. */
void xml_scan_pass(struct xml_scan *s, size_t len) __attribute__((nonnull));

/* Everything before this offset is finished with: no tag, open or queued, begins before it. */
uint64_t xml_scan_keep(const struct xml_scan *s) __attribute__((nonnull));

/* Take the oldest entry; false when there is none. */
bool xml_queue_pop(struct xml_queue *q, struct xml_span *out) __attribute__((nonnull));

void xml_scan_clear(struct xml_scan *s);
DEFINE_CLEANUP_IN_PLACE(struct xml_scan, xml_scan_clear);

#endif
