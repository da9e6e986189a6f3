/*
 * What became of updates that two catalogs have in common: superseded since, or of another
 * classification.  What was added, revised or withdrawn is told by catalog_diff.h.  Pure.
 */
#ifndef CATALOG_CHANGE_H
#define CATALOG_CHANGE_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"

/* The newest revisions of one update, by number. */
struct catalog_change_pair {
	const struct catalog_revision *before, *after;
};

struct catalog_change {
	struct catalog_change_pair *superseded, *reclassified; /* by UpdateID */
	size_t superseded_count, superseded_capacity, reclassified_count, reclassified_capacity;
};

/* *out borrows from both and is the caller's to clear. */
void catalog_change_compute(const struct catalog *before, const struct catalog *after,
			    struct catalog_change *out) __attribute__((nonnull));
void catalog_change_clear(struct catalog_change *c);
DEFINE_CLEANUP_IN_PLACE(struct catalog_change, catalog_change_clear);

/* A number that stands for the classifications of a revision, in whatever order; 0: none. */
uint32_t catalog_change_classification(const struct catalog_revision *r)
	__attribute__((nonnull, pure));

#endif
