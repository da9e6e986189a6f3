/*
 * Proofs about a tree (RFC 6962, 2.1.1 and 2.1.2): that it has a certain leaf, and that it only
 * grew.  Pure.  What a proof says is hostile; sizes and the hashes that are compared come from
 * whoever asks.
 */
#ifndef LOG_AUDIT_H
#define LOG_AUDIT_H

#include "lib/log/tree.h"

/* Hashes of a proof, in the order of the RFC: from the leaves to the root. */
struct audit_path {
	size_t count;
	unsigned char hashes[TREE_LEVELS + 1][TREE_HASH];
};

/* Hashes of all leaves of a tree, in order; borrowed. */
struct audit_leaves {
	const unsigned char (*hashes)[TREE_HASH];
	uint64_t count;
};

/* The root over `count` leaves from `first` on. */
void audit_root(const struct audit_leaves *leaves, uint64_t first, uint64_t count,
		unsigned char out[TREE_HASH]) __attribute__((nonnull));

/* That leaf `index` is in the tree of all leaves; index < leaves->count. */
void audit_inclusion(const struct audit_leaves *leaves, uint64_t index, struct audit_path *out)
	__attribute__((nonnull));

/*
 * The root of a tree of `size` leaves that has this one at `index`, as the path says.  False when
 * the path has not the length that it must have, or index is not below size.
 */
bool audit_inclusion_root(const unsigned char leaf[TREE_HASH], uint64_t index, uint64_t size,
			  const struct audit_path *path, unsigned char out[TREE_HASH])
	__attribute__((nonnull, warn_unused_result));

/* That the tree of all leaves begins with its first `old`; 0 < old <= leaves->count. */
void audit_consistency(const struct audit_leaves *leaves, uint64_t old, struct audit_path *out)
	__attribute__((nonnull));

/* A tree as a checkpoint names it. */
struct audit_head {
	uint64_t size;
	unsigned char root[TREE_HASH];
};

/* Does `now` continue `old`?  Nothing follows from an empty tree: old->size 0 is false. */
bool audit_is_consistent(const struct audit_head *old, const struct audit_head *now,
			 const struct audit_path *path)
	__attribute__((nonnull, warn_unused_result));

#endif
