/*
 * A bundle whose volumes come one medium after the other.  What is at hand is
 * proved and kept: whole objects in the content store, objects that cross what
 * is at hand chunk by chunk in R/partial/EPOCH-SEQUENCE-DIGEST/.  Each run takes
 * up where the last one ended, however that was; once every object is there the
 * import goes on as if all volumes had been.
 */
#ifndef IMPORTER_COLLECT_H
#define IMPORTER_COLLECT_H

#include <stdint.h>

struct buf;
struct error;
struct progress;
struct repair;
struct store;
struct verified_bundle;

struct collect_request {
	struct store *store;
	struct verified_bundle *bundle;
	struct repair *repair; /* what parity can do is done */
	unsigned threads;
	struct progress *progress;
	struct buf *missing;     /* receives a line for each volume with missing chunks */
	uint64_t objects, bytes; /* result: kept in this run */
};

/*
 * 0 when all volumes are at hand (nothing was read then) or every object is in the content store.
 * Otherwise keeps what it can: -1 with IMPORT_VOLUMES, or IMPORT_DAMAGED when nothing but damaged
 * chunks is missing; or as verification does.
 */
int collect_objects(struct collect_request *request, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* After the bundle was imported: what was collected of it, and of older ones, is removed. */
int collect_forget(const struct store *s, const struct verified_bundle *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
