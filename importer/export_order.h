/*
 * Which revisions can be exported, and in which order: every prerequisite and every bundled update
 * comes before who names it.  Pure.
 */
#ifndef IMPORTER_EXPORT_ORDER_H
#define IMPORTER_EXPORT_ORDER_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing of this name is here: no update (in alternatives), no revision (in children). */
#define EXPORT_ORDER_ABSENT UINT32_MAX

/*
 * A revision.  Updates are numbered from 0; a group of prerequisites is the number of its
 * alternatives, followed by that many updates.
 */
struct export_order_item {
	uint32_t update;
	bool barred; /* it cannot be exported, whatever is here */
	const uint32_t *groups;
	size_t groups_len;        /* numbers in groups, not groups */
	const uint32_t *children; /* revisions it bundles, by index */
	size_t children_count;
};

struct export_order {
	uint32_t *order; /* indexes of what can be exported */
	size_t count;
	bool *chosen; /* by item */
};
void export_order_clear(struct export_order *o);
DEFINE_CLEANUP_IN_PLACE(struct export_order, export_order_clear);

/*
 * A revision can be exported when of each group an update can, and each bundled revision can.  Of
 * those that may be next, the one with the lowest index is: an order that is right already stays.
 * Where alternatives go round in a circle, at least one of each group comes before.
 */
void export_order_make(const struct export_order_item *items, size_t count, size_t updates,
		       struct export_order *out) __attribute__((nonnull(4)));

#endif
