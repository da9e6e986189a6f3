/*
 * Writing the volumes of a bundle: every object is read once from the content
 * store, its digest checked again, and every 4 MiB of every volume hashed, on
 * all processors, at places that the plan fixed beforehand; so the bytes do not
 * depend on the number of workers.
 */
#ifndef EXPORTER_WRITE_H
#define EXPORTER_WRITE_H

#include <stdint.h>

struct chunk_table;
struct error;
struct object_table;
struct progress;
struct store;

/*
 * Write vol-0001.tar... into the directory dir (which holds none) and flush
 * them to the medium.  chunks (empty) receives the digests.
 * CONTENT_ABSENT or CONTENT_DIGEST when the content store is not what it was.
 */
int write_volumes(struct store *s, const struct object_table *objects, int dir, unsigned threads,
		  struct progress *progress, struct chunk_table *chunks, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
