/*
 * A bundle onto media: onto mounted ones by their free space, or as folders of
 * the size of a medium.  Each gets gapferry/NAME with all small files and its
 * share of the volumes; NAME.part until all of that was read back.  What is
 * there already, and good, is kept.
 */
#ifndef VERIFIER_MEDIUM_WRITE_H
#define VERIFIER_MEDIUM_WRITE_H

#include "verifier/medium_copy.h"
#include "verifier/medium_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct progress;
struct verified_bundle;

/* What is to be written, and what lies where afterwards. */
struct medium_job {
	struct verified_bundle *bundle; /* all its volumes at hand */
	struct medium_files files;
	struct progress *progress;
	struct medium_piece *wanted; /* what no medium has yet */
	size_t wanted_count, wanted_capacity;
	bool *helpers_done; /* by index in files.helpers: on a medium, or not wanted */
};

/* All of the bundle is wanted, or the volumes marked (only[0] is volume 1). */
int medium_write_begin(struct medium_job *job, struct verified_bundle *b, const bool *only,
		       struct progress *progress, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));
void medium_write_clear(struct medium_job *job);
DEFINE_CLEANUP_IN_PLACE(struct medium_job, medium_write_clear);

/* The bytes that are wanted still. */
uint64_t medium_write_wanted(const struct medium_job *job) __attribute__((nonnull));

/*
 * What the media at these roots hold of the bundle, finished or not: read and compared; files
 * that are bad are removed, what is good is wanted no longer.  BUNDLE_OTHER when NAME is there
 * with another MANIFEST.
 */
int medium_write_resume(struct medium_job *job, const char *const *roots, size_t count,
			struct error *err) __attribute__((nonnull, warn_unused_result));

/* What a mounted medium has room for, small files taken off. */
int medium_write_space(const struct medium_job *job, const char *root, struct medium_space *out,
		       struct error *err) __attribute__((nonnull, warn_unused_result));

/* The same for a medium of this capacity that is not written yet. */
struct medium_space medium_write_capacity(const struct medium_job *job, uint64_t capacity,
					  uint64_t file_max) __attribute__((nonnull));

/* Write the pieces that the plan has for medium `index`, and helper files while there is room. */
int medium_write_target(struct medium_job *job, const struct medium_plan *plan, uint32_t index,
			const char *root, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
