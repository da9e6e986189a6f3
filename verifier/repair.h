/*
 * Repair from parity: rebuilds damaged chunks of a verified bundle in memory,
 * and whole volumes from spare volumes (docs/FORMAT.md "Parity").  Parity files
 * lie beside the volumes and are never believed: what comes out has the digest
 * that CHUNKS names, or it does not come out.  Nothing on the medium is ever
 * written.  Not for several threads at once; it uses several itself.
 */
#ifndef VERIFIER_REPAIR_H
#define VERIFIER_REPAIR_H

#include "lib/base/cleanup.h"
#include "verifier/damage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct object_table;
struct repair;
struct stream_sink;
struct verified_bundle;

/* A chunk that was rebuilt, and what was wrong with it. */
struct repair_found {
	uint32_t volume;
	size_t chunk;
	bool from_spare; /* else from the volume's own parity file */
	struct damage damage;
};

struct repair_options {
	struct verified_bundle *bundle; /* borrowed */
	/* Called once for each chunk that was rebuilt; may be NULL. */
	void (*found)(void *ctx, const struct repair_found *found);
	/* Called by repair_survey() once for each chunk that cannot be; may be NULL. */
	void (*beyond)(void *ctx, const struct error *why);
	void *ctx;
	unsigned threads; /* 0: as many as pool_default_threads() */
	/* As in stream_options: nonzero stops with STOPPED; may be NULL. */
	int (*tick)(void *ctx);
	void *tick_ctx;
};

/* Opens nothing yet, and cannot fail.  Holds at most 300 MiB. */
struct repair *repair_open(const struct repair_options *options)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void repair_close(struct repair *r);
DEFINE_CLEANUP(struct repair *, repair_close);

/*
 * The genuine bytes of one chunk: 0 when those on the medium are good, 1 when they were rebuilt,
 * -1 with REPAIR_BEYOND, which names volume, chunk, objects and cause.  *bytes is borrowed until
 * the next call.
 */
int repair_chunk(struct repair *r, uint32_t volume, size_t chunk, const unsigned char **bytes,
		 size_t *len, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Spare volumes at hand that could replace this volume. */
unsigned repair_spares(struct repair *r, uint32_t volume) __attribute__((nonnull));

/*
 * One object, from its first part, into a sink, all of it proved chunk by chunk; the sink judges
 * its digest.  Damage is rebuilt on the way.  -1 with REPAIR_BEYOND or the sink's error.
 */
int repair_object(struct repair *r, size_t first, const struct stream_sink *sink, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Try all chunks under an object, for the sake of the report: found() and beyond() say what there
 * is.  -1 with STOPPED only.
 */
int repair_survey(struct repair *r, size_t first, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same for one chunk. */
int repair_survey_chunk(struct repair *r, uint32_t volume, size_t chunk, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The chunks with a byte of part i of the table: data, header, padding or the trailer behind it. */
struct repair_span {
	size_t first, last;
};
struct repair_span repair_span(const struct object_table *t, size_t i) __attribute__((nonnull));

/*
 * Header, padding and trailer of part i, as far as they are in the chunk.  It has the signed
 * digest, so what is wrong here was signed wrong: contents that are right all the same do not make
 * it acceptable.  -1 with VOLUME_FRAME.
 */
int repair_check_frame(const struct object_table *t, size_t i, size_t chunk,
		       const unsigned char *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * A repaired copy of a volume, vol-NNNN.tar, in another directory; flushed, and under its name only
 * when it is complete.  -1 with REPAIR_TARGET when that is the bundle itself, REPAIR_BEYOND.
 */
int repair_volume(struct repair *r, uint32_t volume, const char *dir, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
