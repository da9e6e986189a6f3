/*
 * A byte buffer that grows up to a ceiling fixed when it is made.  Running out
 * of memory below the ceiling aborts: every ceiling is small enough that this
 * means a broken machine (docs/decisions/0001).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdlib.h>

struct error;

struct buf {
	unsigned char *bytes;
	size_t len;
	size_t capacity; /* allocated */
	size_t max;      /* len never exceeds this */
};

#define BUF_INIT(ceiling)        \
	{                        \
		.max = (ceiling) \
	}

/* Append; -1 with LIMIT_BYTES when the ceiling would be passed (nothing is appended then). */
int buf_append(struct buf *b, const void *bytes, size_t len, struct error *err)
	__attribute__((warn_unused_result));
int buf_printf(struct buf *b, struct error *err, const char *fmt, ...)
	__attribute__((warn_unused_result, format(printf, 3, 4)));

/* Make room for len more bytes and return where they go; the caller then adds to b->len. */
unsigned char *buf_room(struct buf *b, size_t len, struct error *err)
	__attribute__((warn_unused_result));

/* Hand the bytes to the caller, who frees them; b is empty afterwards. */
unsigned char *buf_take(struct buf *b) __attribute__((warn_unused_result));

void buf_clear(struct buf *b);
DEFINE_CLEANUP_IN_PLACE(struct buf, buf_clear);

/*
 * As buf_clear() for a buffer that held a secret: its bytes are overwritten first.  A buffer that
 * grows leaves copies behind, so make room for the whole secret at once, while it is empty.
 */
void buf_wipe(struct buf *b);
DEFINE_CLEANUP_IN_PLACE(struct buf, buf_wipe);

/* CLEANUP(free) for bytes that a function hands out to be freed. */
DEFINE_CLEANUP(unsigned char *, free);

/* malloc, calloc and realloc that abort instead of returning NULL. */
void *buf_malloc(size_t size) __attribute__((malloc, warn_unused_result, returns_nonnull));
void *buf_calloc(size_t count, size_t size)
	__attribute__((malloc, warn_unused_result, returns_nonnull));
void *buf_realloc(void *old, size_t count, size_t size)
	__attribute__((warn_unused_result, returns_nonnull));
/* size, a multiple of align, a power of two; for free(). */
void *buf_aligned(size_t align, size_t size)
	__attribute__((malloc, warn_unused_result, returns_nonnull));
char *buf_strdup(const char *text) __attribute__((malloc, warn_unused_result, returns_nonnull));

/*
 * Growth of a plain array: make sure that items[0..count] exists, doubling.
 * Usage: a = buf_grow(a, &capacity, count, sizeof *a).
 */
void *buf_grow(void *items, size_t *capacity, size_t count, size_t size)
	__attribute__((warn_unused_result, returns_nonnull));

#endif
