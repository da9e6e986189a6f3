/*
 * The objects of a verified bundle into the content store, those that are not
 * there yet; each byte is hashed by the write that stores it.
 */
#ifndef IMPORTER_OBJECTS_H
#define IMPORTER_OBJECTS_H

#include <stdint.h>

struct error;
struct progress;
struct store;
struct verified_bundle;

struct objects_result {
	uint64_t count, bytes; /* stored now */
};

/*
 * Space is checked first.  Objects that the database knows are not read;
 * left-overs of an interrupted run are hashed and kept when they are good.
 * Everything is on the disk on return; the database was not changed.
 */
int objects_store(struct store *s, struct verified_bundle *b, unsigned threads,
		  struct progress *progress, struct objects_result *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Rows for all objects of the bundle, inside a transaction of the caller. */
int objects_record(struct store *s, const struct verified_bundle *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
