/*
 * Hardened streaming reader of XML: the only place that knows libxml2.
 *
 * SAX2 push parsing behind a pre-scan (xml_scan.h) that enforces the limits of
 * lib/base/limits.h and finds byte offsets.  UTF-8 only; no document type, no
 * processing instruction, no entity beyond the five of XML itself, no network,
 * no tree.  Every byte given is hostile.
 *
 * A name is what the tag says ("Update", "b.RegDword", "upd:Update"): prefixes
 * are not resolved and need not be declared; xmlns attributes are delivered
 * like any other one, before the others.
 */
#ifndef XML_H
#define XML_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct xml_reader;

struct xml_attribute {
	const char *name;  /* terminated */
	const char *value; /* decoded, not terminated */
	size_t len;
};

/*
 * Called in document order; everything passed is valid only during the call.  A function that
 * returns -1 must have filled *err; reading stops and the reader returns that error.  Text
 * arrives in pieces whose borders mean nothing.  Any member may be NULL.  start() may return 1: of
 * what is inside the element, and of its end, nothing is delivered; it is checked all the same.
 *
 * restart() says that events came too early: what the handler was told since `depth` elements
 * were open is void, and comes again.  Only who has it is read by the quick reader (xml_fast.h):
 * whole fragments, and of a document the elements inside `unit` others, where `unit` is not 0.
 * The end() of an element that is a unit is never void, nor that of a fragment's only
 * element when `unit` is not 0; a fragment with more of them goes to libxml2 then.
 */
struct xml_handler {
	int (*start)(void *ctx, const char *name, const struct xml_attribute *attributes,
		     size_t count, struct error *err);
	int (*end)(void *ctx, const char *name, struct error *err);
	int (*text)(void *ctx, const char *text, size_t len, struct error *err);
	void (*restart)(void *ctx, unsigned depth);
	unsigned unit;
};

/*
 * A reader that calls handler with ctx; both are borrowed for its life.  label names the
 * document in messages and is copied.  Never fails; free with xml_reader_free().
 */
struct xml_reader *xml_reader_new(const struct xml_handler *handler, void *ctx, const char *label)
	__attribute__((malloc, nonnull(1, 3), returns_nonnull, warn_unused_result));
void xml_reader_free(struct xml_reader *r);
DEFINE_CLEANUP(struct xml_reader *, xml_reader_free);

/*
 * The next bytes of the document, of any length.  Errors: XML_LIMIT (a ceiling of limits.h),
 * XML_REFUSED (document type, processing instruction, encoding, NUL), XML_SYNTAX (not well
 * formed), or the handler's own; the message is "label: offset N: cause".  After a failure
 * only xml_reader_reset(), xml_reader_fragment() and xml_reader_free() are allowed.
 */
int xml_reader_feed(struct xml_reader *r, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* The document ends here.  Errors as above. */
int xml_reader_finish(struct xml_reader *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Forget everything and expect a new document called label. */
void xml_reader_reset(struct xml_reader *r, const char *label) __attribute__((nonnull));

/*
 * Read one whole fragment: any number of sibling elements without a declaration, at most
 * LIMIT_FRAGMENT_BYTES.  It cannot reach outside itself: an end tag too many is XML_SYNTAX.
 * Offsets count from its first byte.  The reader is ready for the next one whatever happened.
 */
int xml_reader_fragment(struct xml_reader *r, const char *label, const void *bytes, size_t len,
			struct error *err) __attribute__((nonnull(1, 2, 5), warn_unused_result));

/* In start(): byte offset of the "<" of this start tag.  In end(): offset behind its ">". */
uint64_t xml_reader_offset(const struct xml_reader *r) __attribute__((nonnull));

/* In start(): the bytes of the start tag itself, "<" to ">".  Borrowed until start() returns. */
const void *xml_reader_tag(const struct xml_reader *r, size_t *len) __attribute__((nonnull));

/*
 * In start(): keep the raw bytes of this element.  In the end() of the same element
 * xml_reader_raw() returns them, from "<" to the last ">", borrowed until end() returns; it
 * returns NULL in every other call.  One element at a time: a capture inside a capture is
 * ignored.  More than LIMIT_FRAGMENT_BYTES fail with XML_LIMIT.
 */
void xml_reader_capture(struct xml_reader *r) __attribute__((nonnull));
const void *xml_reader_raw(const struct xml_reader *r, size_t *len) __attribute__((nonnull));

/* After a failure: the offset its message names, 0 when a handler failed. */
uint64_t xml_reader_fault(const struct xml_reader *r) __attribute__((nonnull));

#endif
