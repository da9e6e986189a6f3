/* What the files of lib/wusp share. */
#ifndef WUSP_INTERNAL_H
#define WUSP_INTERNAL_H

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/wusp/deploy.h"
#include "lib/wusp/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Lists per node: those of node i are items[first[i]] to items[first[i + 1] - 1]. */
struct wusp_lists {
	uint32_t *first;
	uint32_t *items;
};

struct wusp_former {
	int32_t revision_id;
	uint32_t node;
};

/* A hardware id and the driver that names it; sorted by the folded text. */
struct wusp_hardware {
	const char *id;
	uint32_t node, driver;
};

/*
 * Clauses are numbered, equal ones are one: a classification that 30,000 updates name is one bit to
 * look at.  A clause is satisfied when one of its alternatives is installed.
 */
struct wusp_graph {
	uint32_t count, clause_count;
	int32_t *revision_id;  /* ascending */
	uint32_t *by_revision; /* nodes of the small ids; WUSP_NONE: none */
	uint32_t by_revision_count;
	struct catalog_guid *guid;
	uint32_t *number, *core_bytes, *unknown;
	unsigned char *type, *flags;
	unsigned char *category_type; /* enum catalog_category_type, as its members say */
	uint32_t *by_guid;            /* nodes by GUID, the newest first */
	int32_t *leaf_since; /* the smallest revision id that names the node; 0: none, a leaf */
	struct wusp_lists clauses;      /* of a node, the rarest first */
	struct wusp_lists alternatives; /* of a clause: nodes, ascending */
	struct wusp_lists users;        /* of a node: clauses that name it */
	struct wusp_lists children, parents, categories;
	struct wusp_former *former; /* by revision id */
	size_t former_count;
	struct wusp_driver *drivers;
	uint32_t *driver_first; /* count + 1 */
	struct wusp_hardware *hardware;
	size_t hardware_count;
	struct arena texts;
};

/*
 * slot[] tells which entry belongs to a node: the number of set bits before it.  137,000 nodes cost
 * 26 KB per set of groups, and 40 bytes for each one deployed.
 */
struct wusp_entry {
	struct wusp_deployment deployment;
	int32_t since; /* a client that has not been told of this revision id must be told anew */
};
struct wusp_deployments {
	uint64_t scope, *bits;
	uint32_t *rank; /* set bits before each word */
	struct wusp_entry *entries;
	size_t count;
	uint32_t *order; /* nodes of the software pass, as they are sent */
	size_t order_count;
	uint32_t *drivers;
	size_t drivers_count;
	int64_t newest; /* last_change */
	struct wusp_problem *problems;
	size_t problems_count, problems_capacity;
};

/* NULL when the node is not deployed. */
static inline const struct wusp_entry *wusp_entry_of(const struct wusp_deployments *d,
						     uint32_t node)
{
	uint64_t word = d->bits[node / 64], bit = (uint64_t)1 << node % 64;

	if (!(word & bit))
		return NULL;
	return &d->entries[d->rank[node / 64] + (uint32_t)__builtin_popcountll(word & (bit - 1))];
}

/* ---- bit sets ---- */

static inline size_t wusp_words(size_t bits)
{
	return bits / 64 + 1;
}

static inline bool wusp_bit(const uint64_t *set, size_t i)
{
	return (set[i / 64] >> i % 64 & 1) != 0;
}

static inline void wusp_bit_on(uint64_t *set, size_t i)
{
	set[i / 64] |= (uint64_t)1 << i % 64;
}

static inline void wusp_bit_off(uint64_t *set, size_t i)
{
	set[i / 64] &= ~((uint64_t)1 << i % 64);
}

static inline void wusp_bits_free(uint64_t *set)
{
	free(set);
}
DEFINE_CLEANUP(uint64_t *, wusp_bits_free);

static inline void wusp_nodes_free(uint32_t *nodes)
{
	free(nodes);
}
DEFINE_CLEANUP(uint32_t *, wusp_nodes_free);

/* The node with this revision id, or the newest one of an update that had it once. */
uint32_t wusp_graph_known(const struct wusp_graph *g, int32_t revision_id)
	__attribute__((nonnull, pure));

/* The first hardware id not before `id` in g->hardware. */
size_t wusp_graph_hardware(const struct wusp_graph *g, const char *id)
	__attribute__((nonnull, pure));

#endif
