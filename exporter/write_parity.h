/*
 * Parity of volumes while they are being written: vol-NNNN.par of one volume
 * after the other (docs/FORMAT.md "Parity").  The parity slices of one stripe
 * are kept in memory, at most 256 MiB; the volume comes in windows that lie
 * within a stripe.
 */
#ifndef EXPORTER_WRITE_PARITY_H
#define EXPORTER_WRITE_PARITY_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct write_parity;

struct write_parity *write_parity_new(int dir) __attribute__((warn_unused_result, returns_nonnull));
void write_parity_free(struct write_parity *p);
DEFINE_CLEANUP(struct write_parity *, write_parity_free);

/* Create the parity file of a volume of size bytes.  Volumes come in order. */
int write_parity_begin(struct write_parity *p, uint32_t volume, uint64_t size, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Groups of the stripe of byte `from` of the volume, and parity slices of all of them. */
size_t write_parity_groups(const struct write_parity *p, uint64_t from) __attribute__((nonnull));
size_t write_parity_rows(const struct write_parity *p, uint64_t from) __attribute__((nonnull));

/*
 * Fold what group has in bytes [from, to), a window within one stripe that begins at a slice; a
 * last slice that `to` cuts is filled up with zeros.  Windows come in order; groups of one window
 * on any workers at the same time.
 */
void write_parity_fold(struct write_parity *p, size_t group, uint64_t from, uint64_t to,
		       unsigned char *bytes) __attribute__((nonnull));

/* Note the sums of the slices in len bytes at offset `at`, a multiple of a slice.  On any worker.
 */
void write_parity_sum(struct write_parity *p, uint64_t at, const unsigned char *bytes, size_t len)
	__attribute__((nonnull));

/* Write parity slice i in [0, rows) of the stripe of byte `from`, all of it folded.  Likewise. */
int write_parity_row(struct write_parity *p, size_t i, uint64_t from, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Both headers, when all stripes are written; chunks are the digests of the volume in CHUNKS. */
int write_parity_end(struct write_parity *p, const unsigned char (*chunks)[32], size_t count,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
