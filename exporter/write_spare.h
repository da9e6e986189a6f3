/*
 * Spare volumes: par-NNNN.ec, from which whole missing volumes can be rebuilt
 * (docs/FORMAT.md "Spare volumes").  Made from volumes that are complete.
 */
#ifndef EXPORTER_WRITE_SPARE_H
#define EXPORTER_WRITE_SPARE_H

#include <stdint.h>

struct chunk_table;
struct error;
struct object_table;
struct progress;

struct write_spare_request {
	const struct object_table *objects;
	const struct chunk_table *chunks; /* finished */
	int dir;                          /* of the volumes and of the spares */
	unsigned spares;                  /* per group of volumes, up to PARITY_SPARES */
	unsigned threads;
	struct progress *progress;
};

/* All spare volumes, flushed to the medium. */
int write_spare(const struct write_spare_request *request, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Bytes they will take. */
uint64_t write_spare_bytes(const struct object_table *objects, unsigned spares)
	__attribute__((nonnull));

#endif
