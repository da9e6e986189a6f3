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
#include <stdint.h>
#include <sys/stat.h>

struct error;
struct store;

enum { OBJECT_CACHE_SLOTS = 256, OBJECT_CACHE_FILES = 16, OBJECT_CACHE_FILE_MS = 1000 };

/* A file that stays open for a moment: opening it costs as much as sending a small range. */
struct object_file {
	bool is_open;
	unsigned char sha256[32];
	int fd;
	uint64_t opened; /* clock_ticks() */
};

/* One entry per slot, the newest; all zero is empty. */
struct object_cache {
	struct stored_object slots[OBJECT_CACHE_SLOTS];
	struct object_file files[OBJECT_CACHE_FILES];
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

/*
 * The file of an object: 1 with *fd, borrowed until the next call, and what the system says of it
 * now; 0 when there is none; -1.  A file that was removed is not delivered, one that was put
 * elsewhere for at most OBJECT_CACHE_FILE_MS.
 */
int object_cache_file(struct object_cache *c, const struct store *s, const unsigned char sha256[32],
		      int *fd, struct stat *st, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Close what is open and forget everything; c itself stays. */
void object_cache_clear(struct object_cache *c) __attribute__((nonnull));

#endif
