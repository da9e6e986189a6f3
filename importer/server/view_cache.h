/*
 * Memory of a snapshot for what is read again and again: finished fragments up to
 * LIMIT_VIEW_CACHE_BYTES, and the few packs read last.  Locks are held for a look-up and a copy,
 * never while something is read or decompressed.
 */
#ifndef SERVER_VIEW_CACHE_H
#define SERVER_VIEW_CACHE_H

#include "lib/base/cleanup.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct pack;
struct store;

/* For a few instructions at a time. */
struct view_lock {
	atomic_flag taken;
};
#define VIEW_LOCK_INIT                    \
	{                                 \
		.taken = ATOMIC_FLAG_INIT \
	}
void view_cache_lock(struct view_lock *l) __attribute__((nonnull));
void view_cache_unlock(struct view_lock *l) __attribute__((nonnull));

struct view_cache;
struct view_cache *view_cache_new(void)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
void view_cache_free(struct view_cache *c);
DEFINE_CLEANUP(struct view_cache *, view_cache_free);

/* Append the bytes remembered for key: 1, 0 when there are none, -1 when out is full. */
int view_cache_find(struct view_cache *c, uint64_t key, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* Remember bytes; the oldest that nobody asked for again go. */
void view_cache_keep(struct view_cache *c, uint64_t key, const void *bytes, size_t len)
	__attribute__((nonnull(1)));

/* Append bytes of a decompressed pack; PACK_FORMAT when it does not have them. */
int view_cache_pack(struct view_cache *c, const struct store *s, const unsigned char sha256[32],
		    uint32_t offset, uint32_t size, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
