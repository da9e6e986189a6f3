/* Relations of one update as a tree: what it needs, what replaces it.  Pure. */
#ifndef SELECT_TREE_H
#define SELECT_TREE_H

#include "lib/select/graph.h"

enum tree_kind {
	TREE_SUPERSEDED_BY,
	TREE_SUPERSEDES,
	TREE_PREREQUISITES,
};

enum tree_mark {
	TREE_PLAIN,
	TREE_ONE_OF, /* the next `count` items one deeper: one of them is enough; no update */
	TREE_AGAIN,  /* was shown before: what follows from it is there */
	TREE_CYCLE,  /* is on the way from the root to here */
	TREE_DEEP,   /* there is more below, past LIMIT_TREE_DEPTH */
	TREE_ABSENT, /* an UpdateID of which no revision is here; `identity` says which */
	TREE_CUT,    /* the tree has more than LIMIT_TREE_ITEMS */
};

struct tree_item {
	unsigned depth; /* the root is 0 */
	enum tree_mark mark;
	uint32_t node;     /* GRAPH_NONE for TREE_ONE_OF, TREE_ABSENT and TREE_CUT */
	uint32_t identity; /* of TREE_ABSENT */
	uint32_t count;    /* of TREE_ONE_OF */
};

/* Call each() for every item, from the root down. */
void tree_walk(const struct graph *g, uint32_t node, enum tree_kind kind,
	       void (*each)(void *ctx, const struct tree_item *item), void *ctx)
	__attribute__((nonnull(1, 4)));

#endif
