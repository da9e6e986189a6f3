/*
 * Which piece of which volume goes onto which medium: a pure, deterministic
 * plan.  Whole volumes first, each onto the first medium with room for it; what
 * is larger than every medium is cut at chunks (docs/FORMAT.md "Segments").
 */
#ifndef VERIFIER_MEDIUM_PLAN_H
#define VERIFIER_MEDIUM_PLAN_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of one volume, from a chunk on. */
struct medium_piece {
	uint32_t volume; /* from 1 */
	uint64_t chunk;  /* the first one */
	uint64_t bytes;  /* whole chunks, or up to the volume's end */
	uint32_t medium; /* where it goes: index */
};

struct medium_space {
	uint64_t room;     /* bytes for volumes */
	uint64_t file_max; /* largest file the medium takes */
	uint64_t per_file; /* what a file costs besides its bytes */
};

struct medium_request {
	const struct medium_piece *wanted; /* their medium is ignored */
	size_t wanted_count;
	const struct medium_space *spaces;
	size_t space_count;
	const struct medium_space
		*fresh; /* further media are like this one; NULL: there are none */
	bool cut;       /* what fits nowhere in one file may be cut */
};

struct medium_plan {
	struct medium_piece *pieces; /* in the order of volume and chunk within each medium */
	size_t count, capacity;
	struct medium_piece *left; /* what fits nowhere */
	size_t left_count, left_capacity;
	struct medium_space *spaces; /* as they are afterwards, fresh ones included */
	size_t space_count, space_capacity;
};

/* *out must be zero and is the caller's to clear. */
void medium_plan_make(const struct medium_request *request, struct medium_plan *out)
	__attribute__((nonnull));
void medium_plan_clear(struct medium_plan *p);
DEFINE_CLEANUP_IN_PLACE(struct medium_plan, medium_plan_clear);

#endif
