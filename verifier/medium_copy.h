/*
 * Copying a bundle onto a medium so that it is known to be there: every file is
 * flushed, dropped from memory as far as the system lets us, read back and
 * compared.  A file appears under its name when that is done.
 */
#ifndef VERIFIER_MEDIUM_COPY_H
#define VERIFIER_MEDIUM_COPY_H

#include "lib/base/cleanup.h"
#include "media/sum_table.h"
#include "media/volume.h"
#include "verifier/medium_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct progress;
struct verified_bundle;

enum { MEDIUM_COPY_NAME = VOLUME_FILE_SIZE };

struct medium_file {
	char name[SUM_NAME_SIZE]; /* below the bundle's directory: "sigs/x.p7s" */
	uint64_t size;
};

/* The files of a bundle besides its volumes. */
struct medium_files {
	struct medium_file *small; /* every medium carries them; in order of their names */
	size_t small_count, small_capacity;
	uint64_t small_bytes;
	struct medium_file *helpers; /* parity: any medium may carry them, none has to */
	size_t helper_count, helper_capacity;
};
int medium_copy_list(const struct verified_bundle *b, struct medium_files *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void medium_copy_clear(struct medium_files *f);
DEFINE_CLEANUP_IN_PLACE(struct medium_files, medium_copy_clear);

/* Open one of them, wherever it lies. */
int medium_copy_open(const struct verified_bundle *b, const struct medium_file *file, int *fd,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

/* The file name of a piece: of the whole volume, or of a segment. */
void medium_copy_name(const struct verified_bundle *b, const struct medium_piece *piece,
		      char out[MEDIUM_COPY_NAME]) __attribute__((nonnull));

/* Whether dir has this piece, whole and as signed: 1, 0, or -1 when stopped. */
int medium_copy_check(const struct verified_bundle *b, const struct medium_piece *piece, int dir,
		      struct progress *progress, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Write a piece into dir.  -1 with MEDIUM_READBACK when it does not come back. */
int medium_copy_piece(const struct verified_bundle *b, const struct medium_piece *piece, int dir,
		      struct progress *progress, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether dir has this helper: 1, or 0 and none of that name (bad ones are removed), -1. */
int medium_copy_has(const struct verified_bundle *b, const struct medium_file *helper, int dir,
		    struct progress *progress, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Copy a file of the bundle, unless dir has the same bytes under this name. */
int medium_copy_file(const struct verified_bundle *b, const struct medium_file *file, int dir,
		     struct progress *progress, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
