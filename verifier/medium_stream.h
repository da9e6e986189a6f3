/*
 * A bundle in sequential form, for tapes and raw devices: one ustar archive in
 * records of a fixed size (docs/FORMAT.md "Stream").  Neither side seeks in it.
 */
#ifndef VERIFIER_MEDIUM_STREAM_H
#define VERIFIER_MEDIUM_STREAM_H

#include "verifier/prover.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct progress;
struct verified_bundle;

enum { MEDIUM_STREAM_RECORD = 256 << 10, MEDIUM_STREAM_RECORD_MAX = 16 << 20 };

/*
 * Write a bundle whose volumes are at hand; every chunk is proved on the way.  *left receives how
 * many parity files are too large for the format and were left out.
 */
int medium_stream_write(struct verified_bundle *b, int fd, const char *name, size_t record,
			struct progress *progress, size_t *left, struct error *err)
	__attribute__((nonnull, warn_unused_result));

struct medium_unstream {
	int fd; /* what is read */
	const char *name;
	size_t record;             /* bytes of one read: at least the record of a tape */
	const char *to;            /* DIR: the bundle goes to DIR/gapferry/NAME */
	struct prover_means means; /* who proves it, under which trust root */
	struct progress *progress;
	char path[4096];     /* result: where it lies */
	uint64_t damaged;    /* result: chunks that are not as signed */
	uint32_t bad_volume; /* the first of them */
	uint64_t bad_chunk;
};

/*
 * Read one.  Signatures and tables come first and are proved before volumes are believed; when
 * they are damaged, the copies at the end are used.  The bundle is kept although chunks of it are
 * damaged.  -1 with STREAM_FORMAT, or as verification does: nothing is kept then.
 */
int medium_unstream_read(struct medium_unstream *u, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
