/* Deployments while they are worked out, for the two files that do it. */
#ifndef WUSP_WORK_H
#define WUSP_WORK_H

#include "lib/wusp/deploy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is being worked out; arrays have one item per node. */
struct wusp_work {
	const struct wusp_graph *g;
	struct wusp_deployments *d;
	struct wusp_deployment *own; /* action NONE: not approved, or refused */
	uint64_t *declined, *derived, *bundled, *expanded, *broken, *sound;
	int64_t *derived_change, *bundled_change, *withdrawn; /* INT64_MIN: never */
	uint32_t *stack;
	size_t top;
};

/* A bit for every node, to be freed. */
uint64_t *wusp_work_bits(const struct wusp_work *w)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));

void wusp_work_problem(struct wusp_work *w, enum wusp_problem_kind kind,
		       const struct catalog_guid *id, uint32_t node) __attribute__((nonnull));

/* Whether lib/catalog would call this combination malformed: GF-C003 to GF-C006. */
bool wusp_work_malformed(const struct wusp_graph *g, enum wusp_action action, uint32_t node,
			 bool in_bundle) __attribute__((nonnull, pure));

/* When the closure is there: fill what is deployed, then the order in which it is sent. */
void wusp_work_entries(struct wusp_work *w) __attribute__((nonnull));
void wusp_work_order(struct wusp_work *w) __attribute__((nonnull));

#endif
