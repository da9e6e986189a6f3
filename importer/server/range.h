/*
 * The Range header (RFC 9110 section 14): text to parts of an object.  Pure; knows nothing of
 * connections or files.
 */
#ifndef SERVER_RANGE_H
#define SERVER_RANGE_H

#include "lib/base/limits.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes first .. last of an object, both included. */
struct range {
	uint64_t first, last;
};

struct range_set {
	size_t count;
	struct range items[LIMIT_RANGES];
};

enum range_answer {
	RANGE_WHOLE,         /* 200: no range, or one that must or may be ignored */
	RANGE_PARTS,         /* 206: one to LIMIT_RANGES parts, in the order asked for */
	RANGE_UNSATISFIABLE, /* 416: well-formed, but nothing of it lies in the object */
};

/*
 * What to answer to the value text (len bytes, untrusted; NULL: no header) for an object of size
 * bytes.  RANGE_PARTS fills *out; every part lies in the object.
 *
 * Ignored, so that the whole object is the answer: other units than bytes, malformed sets, more
 * than LIMIT_RANGES ranges (section 14.2), and sets that ask for more bytes in total than the
 * object has, which only overlapping ranges can (section 17.15: an attack).
 */
enum range_answer range_parse(const char *text, size_t len, uint64_t size, struct range_set *out)
	__attribute__((nonnull(4)));

#endif
