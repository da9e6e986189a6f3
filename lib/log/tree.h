/*
 * The Merkle tree of RFC 6962, 2.1, over SHA-256, as it grows: only the roots of the complete
 * subtrees at its right edge are kept, so a tree of any size takes 2 KiB.  Pure.
 */
#ifndef LOG_TREE_H
#define LOG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_HASH = 32, TREE_LEVELS = 63 };

/* Zero is the empty tree. */
struct tree {
	uint64_t size; /* leaves */
	/* edge[l] is the root of a complete subtree of 2^l leaves when bit l of size is set. */
	unsigned char edge[TREE_LEVELS][TREE_HASH];
};

/* SHA-256 over 0x00 and the bytes of a leaf. */
void tree_leaf(const void *bytes, size_t len, unsigned char out[TREE_HASH])
	__attribute__((nonnull(3)));

/* SHA-256 over 0x01 and two subtrees.  out may be one of them. */
void tree_join(const unsigned char left[TREE_HASH], const unsigned char right[TREE_HASH],
	       unsigned char out[TREE_HASH]) __attribute__((nonnull));

/*
 * Add a complete subtree of 2^level leaves, of which a single leaf is one, at the right edge.
 * False, and nothing changes, when it cannot stand there (size is no multiple of 2^level) or the
 * tree would have 2^63 leaves.
 */
bool tree_add(struct tree *t, unsigned level, const unsigned char hash[TREE_HASH])
	__attribute__((nonnull, warn_unused_result));

/* The root of all leaves; SHA-256 of nothing for none. */
void tree_root(const struct tree *t, unsigned char out[TREE_HASH]) __attribute__((nonnull));

#endif
