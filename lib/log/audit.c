#include "lib/log/audit.h"

#include <assert.h>
#include <string.h>

/* The largest power of two below n; n is at least 2. */
static uint64_t split_of(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

void audit_root(const struct audit_leaves *leaves, uint64_t first, uint64_t count,
		unsigned char out[TREE_HASH])
{
	struct tree t = { 0 };

	for (uint64_t i = first; i < first + count; i++) {
		bool added = tree_add(&t, 0, leaves->hashes[i]);

		assert(added);
		(void)added;
	}
	tree_root(&t, out);
}

/* Hashes were collected from the root down; a path begins with the leaves. */
static void reverse(struct audit_path *p)
{
	for (size_t i = 0; i < p->count / 2; i++) {
		unsigned char held[TREE_HASH];

		memcpy(held, p->hashes[i], TREE_HASH);
		memcpy(p->hashes[i], p->hashes[p->count - 1 - i], TREE_HASH);
		memcpy(p->hashes[p->count - 1 - i], held, TREE_HASH);
	}
}

void audit_inclusion(const struct audit_leaves *leaves, uint64_t index, struct audit_path *out)
{
	uint64_t first = 0, count = leaves->count;

	assert(index < count);
	out->count = 0;
	while (count > 1) {
		uint64_t half = split_of(count);

		if (index - first < half) {
			audit_root(leaves, first + half, count - half, out->hashes[out->count++]);
			count = half;
		} else {
			audit_root(leaves, first, half, out->hashes[out->count++]);
			first += half;
			count -= half;
		}
	}
	reverse(out);
}

bool audit_inclusion_root(const unsigned char leaf[TREE_HASH], uint64_t index, uint64_t size,
			  const struct audit_path *path, unsigned char out[TREE_HASH])
{
	uint64_t at = index, last = size - 1;
	size_t used = 0;

	if (index >= size)
		return false;
	memcpy(out, leaf, TREE_HASH);
	for (; last > 0; at >>= 1, last >>= 1) {
		/* The last node of a level without a sibling goes up as it is. */
		if (!(at & 1) && at == last)
			continue;
		if (used == path->count)
			return false;
		if (at & 1)
			tree_join(path->hashes[used++], out, out);
		else
			tree_join(out, path->hashes[used++], out);
	}
	return used == path->count;
}

void audit_consistency(const struct audit_leaves *leaves, uint64_t old, struct audit_path *out)
{
	uint64_t first = 0, count = leaves->count;
	bool whole = true; /* what is left of the old tree is a subtree that the verifier knows */

	assert(old > 0 && old <= count);
	out->count = 0;
	while (old != count) {
		uint64_t half = split_of(count);

		if (old <= half) {
			audit_root(leaves, first + half, count - half, out->hashes[out->count++]);
			count = half;
		} else {
			audit_root(leaves, first, half, out->hashes[out->count++]);
			first += half;
			count -= half;
			old -= half;
			whole = false;
		}
	}
	if (!whole)
		audit_root(leaves, first, count, out->hashes[out->count++]);
	reverse(out);
}

/* Both roots, from the first node that both trees have upwards. */
static bool climb(uint64_t at, uint64_t last, const struct audit_path *path, size_t used,
		  const unsigned char start[TREE_HASH], unsigned char old[TREE_HASH],
		  unsigned char now[TREE_HASH])
{
	memcpy(old, start, TREE_HASH);
	memcpy(now, start, TREE_HASH);
	for (; last > 0; at >>= 1, last >>= 1) {
		if (!(at & 1) && at == last)
			continue;
		if (used == path->count)
			return false;
		if (at & 1) {
			tree_join(path->hashes[used], old, old);
			tree_join(path->hashes[used], now, now);
		} else {
			tree_join(now, path->hashes[used], now);
		}
		used++;
	}
	return used == path->count;
}

bool audit_is_consistent(const struct audit_head *old, const struct audit_head *now,
			 const struct audit_path *path)
{
	unsigned char first[TREE_HASH], second[TREE_HASH];

	if (old->size == 0 || old->size > now->size)
		return false;
	if (old->size == now->size)
		return path->count == 0 && memcmp(old->root, now->root, TREE_HASH) == 0;
	uint64_t at = old->size - 1, last = now->size - 1;

	/* Up to the root of the last complete subtree of the old tree. */
	for (; at & 1; at >>= 1, last >>= 1)
		;
	size_t used = at > 0;
	if (path->count < used)
		return false;
	return climb(at, last, path, used, used ? path->hashes[0] : old->root, first, second) &&
	       memcmp(first, old->root, TREE_HASH) == 0 &&
	       memcmp(second, now->root, TREE_HASH) == 0;
}
