/*
 * A digest for each revision of a set of sources, over all its documents, so
 * that a change shows which neither RevisionId nor RevisionNumber tells.
 */
#ifndef EXPORTER_APPROVE_MARKS_H
#define EXPORTER_APPROVE_MARKS_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_diff.h"

#include <stddef.h>

struct gather_set;

struct approve_marks {
	struct catalog_diff_source *sources; /* as in the set, which is borrowed */
	unsigned char (**marks)[32];         /* by source */
	size_t count;
};

/* What catalog_diff_compute() wants to know; the caller clears it before the set. */
void approve_marks_make(const struct gather_set *set, struct approve_marks *out)
	__attribute__((nonnull));
struct catalog_diff_state approve_marks_state(const struct approve_marks *m)
	__attribute__((nonnull));
void approve_marks_clear(struct approve_marks *m);
DEFINE_CLEANUP_IN_PLACE(struct approve_marks, approve_marks_clear);

#endif
