/* Memory of one answer after the other, and the driver pass that shares it. */
#ifndef WUSP_SCRATCH_H
#define WUSP_SCRATCH_H

#include "lib/wusp/sync.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wusp_bits {
	uint64_t *words;
	size_t capacity;
};

/* A driver chosen for some device. */
struct wusp_pick {
	uint32_t node;
	const char *hardware_id;
};

struct wusp_sync_scratch {
	struct wusp_bits satisfied; /* clauses */
	struct wusp_bits cached, needed, wanted;
	int32_t *unknown;
	uint32_t *stack;
	const char **hardware;
	struct wusp_pick *picks;
	size_t unknown_count, unknown_capacity, stack_count, stack_capacity;
	size_t hardware_count, hardware_capacity, picks_count, picks_capacity;
	size_t page,
		page_bytes; /* most new updates of this answer, and bytes of their core fragments */
	size_t new_capacity, changed_capacity, out_capacity, deployed_capacity;
};

/* Is there no room for one more new update, node?  If there is, its size is added to *bytes. */
bool wusp_page_is_full(const struct wusp_graph *g, const struct wusp_sync_reply *reply,
		       uint32_t node, size_t *bytes) __attribute__((nonnull));

/*
 * The driver pass: of the deployed drivers whose clauses are in scratch->satisfied, the best one of
 * each device that is better than what it has.  Marks them in scratch->needed and adds those that
 * are not in scratch->cached to new_updates.
 */
void wusp_drivers_find(const struct wusp_graph *g, const struct wusp_deployments *d,
		       const struct wusp_sync_request *q, struct wusp_sync_reply *reply)
	__attribute__((nonnull));

#endif
