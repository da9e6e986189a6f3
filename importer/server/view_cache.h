/*
 * Memory of all snapshots for what is read again and again: finished fragments up to
 * LIMIT_VIEW_CACHE_BYTES, and the few packs read last.  Locks are held for a look-up, never while
 * something is read, decompressed or copied.
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
struct store;

/* For a few instructions at a time. */
struct view_lock {
	atomic_flag taken;
};
void view_cache_lock(struct view_lock *l) __attribute__((nonnull));
void view_cache_unlock(struct view_lock *l) __attribute__((nonnull));

struct view_cache;
struct view_cache *view_cache_new(void)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
void view_cache_free(struct view_cache *c);
DEFINE_CLEANUP(struct view_cache *, view_cache_free);

/*
 * What a fragment was made from, and how: packs never change, so a new snapshot finds what the one
 * before it made.  No padding: compared and hashed as bytes.
 */
struct view_key {
	unsigned char pack[16]; /* of its SHA-256 */
	uint64_t owner;         /* who alone may use it; 0: everybody */
	uint32_t offset, size;  /* in the pack */
	uint32_t kind, language;
};

/* Shared bytes that do not change; given back with view_text_put(), NULL or not. */
struct view_text {
	_Atomic unsigned refs;
	size_t len;
	unsigned char bytes[];
};
void view_text_put(const struct view_text *t);
DEFINE_CLEANUP(const struct view_text *, view_text_put);

/* What is remembered for key, or NULL. */
const struct view_text *view_cache_find(struct view_cache *c, const struct view_key *key)
	__attribute__((nonnull, warn_unused_result));
/*
 * Remember a copy of bytes, and hand it out; the oldest that nobody asked for again go.  What is
 * too large to be remembered is handed out all the same.
 */
const struct view_text *view_cache_keep(struct view_cache *c, const struct view_key *key,
					const void *bytes, size_t len)
	__attribute__((nonnull(1, 2), returns_nonnull, warn_unused_result));

/* Is most of the room taken?  What nobody has asked for yet is not put in then. */
bool view_cache_is_full(struct view_cache *c) __attribute__((nonnull));

/* Append bytes of a decompressed pack; PACK_FORMAT when it does not have them. */
int view_cache_pack(struct view_cache *c, const struct store *s, const unsigned char sha256[32],
		    uint32_t offset, uint32_t size, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
