/*
 * Memory for things that live and die together: the strings and arrays of one
 * parsed document.  Out of memory aborts, like buf.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used; /* in the newest block */
};

#define ARENA_INIT             \
	{                      \
		.blocks = NULL \
	}

/* Aligned for any type, not zeroed. */
void *arena_alloc(struct arena *a, size_t size)
	__attribute__((malloc, warn_unused_result, returns_nonnull));

/* A terminated copy of len bytes. */
char *arena_text(struct arena *a, const char *text, size_t len)
	__attribute__((malloc, warn_unused_result, returns_nonnull));

/* Forget everything but keep one block for reuse. */
void arena_reset(struct arena *a);

void arena_clear(struct arena *a);
DEFINE_CLEANUP_IN_PLACE(struct arena, arena_clear);

#endif
