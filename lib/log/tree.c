#include "lib/log/tree.h"

#include "lib/crypto/digest.h"

#include <string.h>

void tree_leaf(const void *bytes, size_t len, unsigned char out[TREE_HASH])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	digest_update(d, "\x00", 1);
	digest_update(d, bytes, len);
	digest_final(d, out);
}

void tree_join(const unsigned char left[TREE_HASH], const unsigned char right[TREE_HASH],
	       unsigned char out[TREE_HASH])
{
	unsigned char both[1 + 2 * TREE_HASH] = { 0x01 };

	memcpy(both + 1, left, TREE_HASH);
	memcpy(both + 1 + TREE_HASH, right, TREE_HASH);
	digest_sha256(both, sizeof both, out);
}

bool tree_add(struct tree *t, unsigned level, const unsigned char hash[TREE_HASH])
{
	unsigned char node[TREE_HASH];

	if (level >= TREE_LEVELS)
		return false;
	uint64_t leaves = UINT64_C(1) << level;

	if (t->size % leaves != 0 || leaves > INT64_MAX - t->size)
		return false;
	memcpy(node, hash, sizeof node);
	/* Carry, as in a binary counter. */
	for (; t->size >> level & 1; level++)
		tree_join(t->edge[level], node, node);
	memcpy(t->edge[level], node, sizeof node);
	t->size += leaves;
	return true;
}

void tree_root(const struct tree *t, unsigned char out[TREE_HASH])
{
	bool any = false;

	for (unsigned level = 0; level < TREE_LEVELS; level++) {
		if (!(t->size >> level & 1))
			continue;
		if (any)
			tree_join(t->edge[level], out, out);
		else
			memcpy(out, t->edge[level], TREE_HASH);
		any = true;
	}
	if (!any)
		digest_sha256("", 0, out);
}
