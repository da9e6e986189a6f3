/*
 * Numbers, bytes and texts one after the other in memory, for what a program keeps for itself:
 * numbers in 7-bit groups, the lowest first.  The writer stops at its ceiling and the reader at the
 * end or at what does not fit; both then say so once, at the end.
 */
#ifndef BASE_VARINT_H
#define BASE_VARINT_H

#include "lib/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct varint_writer {
	struct buf out; /* with its ceiling */
	bool full;      /* it was reached: what is in out is not all */
};

void varint_put(struct varint_writer *w, uint64_t number) __attribute__((nonnull));
/* Bytes alone: their number has to be known to the reader. */
void varint_put_bytes(struct varint_writer *w, const void *bytes, size_t len)
	__attribute__((nonnull(1)));
/* With its length, and terminated. */
void varint_put_text(struct varint_writer *w, const char *text) __attribute__((nonnull));

struct varint_reader {
	const unsigned char *at, *end;
	bool bad; /* something did not fit: all answers since then are 0 or "" */
};

uint64_t varint_get(struct varint_reader *r) __attribute__((nonnull));
/* A number of at most max. */
uint64_t varint_get_to(struct varint_reader *r, uint64_t max) __attribute__((nonnull));
/* Borrowed from what is read; NULL when there are not as many, or len is 0. */
const void *varint_get_bytes(struct varint_reader *r, size_t len) __attribute__((nonnull));
/* A copy; zeros when there are not as many. */
void varint_copy_bytes(struct varint_reader *r, void *out, size_t len) __attribute__((nonnull));
/* Borrowed; terminated, and without NUL inside. */
const char *varint_get_text(struct varint_reader *r) __attribute__((nonnull, returns_nonnull));

#endif
