/*
 * Payload files from a folder of the operator's into the content store: only
 * those a catalog asks for, each read once, hashed while it is copied.
 */
#ifndef EXPORTER_PAYLOAD_H
#define EXPORTER_PAYLOAD_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalog;
struct error;
struct progress;
struct store;
struct stored_object;

/*
 * A file of the folder that has the name of a wanted one which is not here, but not its bytes; or
 * a cabinet that was not taken although it is wanted, since it is not what was signed.
 */
struct payload_reject {
	char *path;
	char *reason; /* NULL; else: it has the bytes, but Authenticode refuses them */
};

struct payload {
	struct stored_object *objects; /* in the content store, new or known, with SHA-1 */
	size_t object_count;
	uint64_t bytes;        /* of them */
	uint64_t unreferenced; /* files that no update asks for: not copied */
	struct payload_reject *rejects;
	size_t reject_count;
	size_t bad_signatures;  /* how many of them have a reason */
	size_t wanted, present; /* distinct payload files of usable updates; how many are here */
	char missing[8][72];    /* names of the first ones that are not */
};

/*
 * Search dir (every depth to 16, symbolic links not followed) for the payload
 * of the usable updates of c, and put it into the content store.  Objects that
 * the store knows already are not read again.
 */
int payload_ingest(struct store *s, const struct catalog *c, const char *dir, unsigned threads,
		   struct progress *progress, struct payload *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void payload_clear(struct payload *p);
DEFINE_CLEANUP_IN_PLACE(struct payload, payload_clear);

#endif
