/*
 * The text form that MANIFEST, SHA256SUMS, CHUNKS and OBJECTS share
 * (docs/FORMAT.md "Text files"): lines of bytes 0x20..0x7e, each ended by one
 * LF, fields separated by exactly one space.  There is one spelling of every
 * value, so that writing what was parsed gives the same bytes again.  Nothing
 * here knows what a line means.
 */
#ifndef MEDIA_TEXT_H
#define MEDIA_TEXT_H

#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line without its LF; borrowed for the duration of the call it is passed to. */
struct text_line {
	const char *file;  /* for messages */
	enum error_id id;  /* what a malformed line of this file is reported as */
	uint64_t number;   /* from 1 */
	const char *bytes; /* not terminated */
	size_t len;
};

struct text_field {
	const char *bytes; /* not terminated */
	size_t len;
};

/*
 * Cuts a stream of bytes into lines.  The caller fills the first group and
 * leaves the rest zero.  After a failure it must not be fed again.
 */
struct text_reader {
	const char *file;
	enum error_id id;
	uint64_t max_bytes, max_lines;
	int (*line)(void *ctx, const struct text_line *line, struct error *err);
	void *ctx;

	uint64_t bytes, lines;
	size_t held;
	char part[LIMIT_TEXT_LINE]; /* the beginning of a line that has not ended yet */
};

/*
 * Take the next len untrusted bytes and call line() for every line completed.
 * -1 with MEDIA_LIMIT past max_bytes, max_lines or LIMIT_TEXT_LINE, with r->id
 * for a byte outside 0x20..0x7e, or with what line() reported.
 */
int text_feed(struct text_reader *r, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* No more bytes follow: -1 with r->id when the last line has no LF.  An empty file is legal. */
int text_finish(struct text_reader *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* error_set() with line->id and "FILE line N: " in front.  Always returns -1. */
int text_fail(const struct text_line *line, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull));

/* Cut a line at its spaces into exactly count non-empty fields. */
int text_split(const struct text_line *line, struct text_field *fields, size_t count,
	       struct error *err) __attribute__((nonnull, warn_unused_result));

/* The field is exactly this word. */
bool text_is(const struct text_field *field, const char *word) __attribute__((nonnull));

/* 1..max bytes of [A-Za-z0-9][A-Za-z0-9._-]*: safe as a file name and on a command line. */
bool text_is_name(const char *bytes, size_t len, size_t max) __attribute__((nonnull));

/* Canonical decimal in [min, max]; what names the value in the message. */
struct text_range {
	const char *what;
	uint64_t min, max;
};
int text_number(const struct text_line *line, const struct text_field *field,
		const struct text_range *range, uint64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Exactly 2 * size lower-case hex digits; what names the value in the message. */
int text_hex(const struct text_line *line, const struct text_field *field, const char *what,
	     unsigned char *out, size_t size, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
