/*
 * Writing the volumes of a bundle: every object is read once from the content
 * store, its digest checked again, and every 4 MiB of every volume hashed, on
 * all processors, at places that the plan fixed beforehand; so the bytes do not
 * depend on the number of workers.  Parity files and spare volumes are made on
 * the way.
 */
#ifndef EXPORTER_WRITE_H
#define EXPORTER_WRITE_H

#include <stdbool.h>
#include <stdint.h>

struct chunk_table;
struct error;
struct object_table;
struct progress;
struct store;

struct write_request {
	struct store *store;
	const struct object_table *objects;
	int dir; /* which holds no volumes */
	unsigned threads;
	struct progress *progress;
	bool parity;     /* vol-NNNN.par for every volume */
	unsigned spares; /* par-NNNN.ec per group of volumes, 0 to PARITY_SPARES */
};

/*
 * Write vol-0001.tar... into the directory and flush them to the medium.  chunks (empty) receives
 * the digests.  CONTENT_ABSENT or CONTENT_DIGEST when the content store is not what it was.
 */
int write_volumes(const struct write_request *request, struct chunk_table *chunks,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Bytes of all files that it makes. */
uint64_t write_bytes(const struct object_table *objects, bool parity, unsigned spares)
	__attribute__((nonnull));

#endif
