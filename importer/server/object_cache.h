/*
 * What a thread remembers of objects it looked up: a client takes one object in hundreds of
 * ranges, and asking the database for each costs a third of the throughput.  An object never
 * changes under its name, so an entry can only become useless, when the object is removed: whoever
 * finds its file gone calls object_cache_forget() and asks the database again.  That an object is
 * absent is not remembered.
 */
#ifndef SERVER_OBJECT_CACHE_H
#define SERVER_OBJECT_CACHE_H

#include "lib/store/stored.h"

#include <stdbool.h>

enum { OBJECT_CACHE_SLOTS = 256 };

/* One entry per slot, the newest; all zero is empty. */
struct object_cache {
	struct stored_object slots[OBJECT_CACHE_SLOTS];
};

/* The object with this SHA-1, borrowed until the next call; NULL when it is not remembered. */
const struct stored_object *object_cache_find(const struct object_cache *c,
					      const unsigned char sha1[20])
	__attribute__((nonnull));

/* Remember o, which has a SHA-1 and an id. */
void object_cache_keep(struct object_cache *c, const struct stored_object *o)
	__attribute__((nonnull));
void object_cache_forget(struct object_cache *c, const unsigned char sha1[20])
	__attribute__((nonnull));

#endif
