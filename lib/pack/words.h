/*
 * What the texts in catalog objects share: lines ended by LF, words separated
 * by single spaces, one spelling of every value.  Nothing here knows what a
 * line means.
 */
#ifndef PACK_WORDS_H
#define PACK_WORDS_H

#include "lib/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORDS_MAX = 8, WORDS_LINE_MAX = 384 };

/* A text being read; the caller sets everything but line and the words. */
struct words {
	const char *at, *end;
	const char *label; /* names the text in messages */
	enum error_id id;  /* what a malformed text is reported as */
	size_t line;       /* number of the current one, from 1 */
	const char *text[WORDS_MAX];
	size_t len[WORDS_MAX];
	size_t count;
};

/* The next line, split; -1 with w->id when there is none, or it is too long or badly spaced. */
int words_next(struct words *w, struct error *err) __attribute__((nonnull, warn_unused_result));

/* error_set() with w->id, the label and the line.  Always returns -1. */
int words_fail(const struct words *w, const char *cause, struct error *err)
	__attribute__((nonnull));

/* Word i is exactly this text; is there at all. */
bool words_is(const struct words *w, size_t i, const char *text) __attribute__((nonnull));

/* Copy word i, which must be a plain word (listing_is_word) shorter than size. */
bool words_copy(const struct words *w, size_t i, char *out, size_t size) __attribute__((nonnull));

/* Canonical decimal up to max; exactly a SHA-256 in hex. */
bool words_number(const struct words *w, size_t i, uint64_t max, uint64_t *out)
	__attribute__((nonnull));
bool words_digest(const struct words *w, size_t i, unsigned char out[32]) __attribute__((nonnull));

#endif
