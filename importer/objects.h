/*
 * The objects of a verified bundle into the content store, those that are not
 * there yet; each byte is hashed by the write that stores it.
 */
#ifndef IMPORTER_OBJECTS_H
#define IMPORTER_OBJECTS_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct need;
struct objects;
struct progress;
struct repair;
struct store;
struct verified_bundle;

/*
 * Which objects of the bundle are missing here.  Asks the database; changes nothing.  Objects that
 * turn out to be damaged on the medium will be rebuilt by repair, which is borrowed.
 */
struct objects *objects_plan(struct store *s, struct verified_bundle *b, struct repair *repair,
			     struct error *err) __attribute__((nonnull, warn_unused_result));
void objects_free(struct objects *o);
DEFINE_CLEANUP(struct objects *, objects_free);

/*
 * Whether there is room for them, of which so many bytes lie on this file system already: -1 with
 * STORE_SPACE.
 */
int objects_check_space(const struct objects *o, uint64_t already, struct error *err)
	__attribute__((nonnull, warn_unused_result));

enum objects_part {
	OBJECTS_METADATA, /* listings and packs: what the catalog is loaded from */
	OBJECTS_CONTENT,  /* everything else */
	OBJECTS_AT_HAND,  /* of both, what lies in volumes that are here; damaged ones are left out
			   */
};

/*
 * Store one part.  Left-overs of an interrupted run are hashed and kept when
 * they are good.  Everything is on the disk on return.  Touches only files, so
 * that it may run on a worker while the database is being filled.
 */
int objects_store(struct objects *o, enum objects_part part, unsigned threads,
		  struct progress *progress, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Of a bundle whose volumes are not at hand any more: add what it carried and is not here to the
 * need list.
 */
void objects_lost(const struct objects *o, struct need *out) __attribute__((nonnull));

/* Whether the object whose first part has this index is in the content store by now. */
bool objects_known(const struct objects *o, size_t i) __attribute__((nonnull));

/* How many objects, and bytes, were stored so far. */
uint64_t objects_new(const struct objects *o, uint64_t *bytes) __attribute__((nonnull));

/* Rows for all objects of the bundle, inside a transaction of the caller. */
int objects_record(struct store *s, const struct verified_bundle *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
