/*
 * The quick reader of plain markup: elements, attributes, text, the five entities of XML, UTF-8.
 *
 * A catalog of true size is 25 GB of it, and libxml2 behind the pre-scan costs eight times as much.
 * What this accepts, libxml2 accepts with the same events (a fuzz target compares them); whatever
 * it is not sure of, malformed or merely unusual, it leaves to libxml2, whose verdict counts.  So
 * it has no message of its own and is no second opinion on what XML is.
 */
#ifndef XML_FAST_H
#define XML_FAST_H

#include "lib/base/arena.h"
#include "lib/base/limits.h"
#include "lib/xml/xml.h"

#include <stdbool.h>

enum { XML_FAST_ATTRIBUTES = 32 };

enum xml_fast_result {
	XML_FAST_DONE,
	XML_FAST_MORE,   /* all plain so far, but elements are open where the bytes end */
	XML_FAST_UNSURE, /* ask libxml2; events may have been delivered */
	XML_FAST_FAILED, /* a handler failed */
};

/* Called as those of struct xml_handler; name is terminated.  start may return 1: xml.h. */
struct xml_fast_sink {
	int (*start)(void *ctx, const char *name, size_t from, size_t to, struct error *err);
	int (*end)(void *ctx, const char *name, size_t to, struct error *err);
	int (*text)(void *ctx, const char *text, size_t len, struct error *err);
};

/* A piece of the input. */
struct xml_fast_span {
	const unsigned char *at;
	size_t len;
};

struct xml_fast {
	const struct xml_fast_sink *sink;
	void *ctx;
	struct error *err;
	const unsigned char *bytes, *p, *end;
	bool single;   /* exactly one element, and nothing behind it */
	bool unit;     /* one element; what is behind it is not looked at */
	unsigned base; /* elements open around the bytes */
	unsigned depth;
	unsigned quiet; /* depth of the element of which nothing is delivered, or 0 */
	struct xml_fast_span open[LIMIT_XML_DEPTH];
	/* Of the start tag being delivered; names and values live as long as start() runs. */
	struct xml_attribute attributes[XML_FAST_ATTRIBUTES];
	size_t count;
	/* Names of attributes of the tag; here, because a local array is cleared for every tag. */
	struct xml_fast_span seen[XML_FAST_ATTRIBUTES];
	struct arena arena;
};

/*
 * Read bytes, at most LIMIT_FRAGMENT_BYTES; sink, ctx, single, unit and base are the caller's.
 * After XML_FAST_DONE f->p is behind what was read.
 */
enum xml_fast_result xml_fast_read(struct xml_fast *f, const void *bytes, size_t len,
				   struct error *err) __attribute__((nonnull));
void xml_fast_clear(struct xml_fast *f);

#endif
