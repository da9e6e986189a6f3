#include "tests/tools/huffman.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct leaf {
	uint32_t weight;
	uint16_t symbol;
};

/* Nodes 0..leaves-1 are the sorted leaves, the inner nodes follow in order of weight. */
struct tree {
	struct leaf leaf[HUFFMAN_SYMBOLS];
	uint32_t weight[2 * HUFFMAN_SYMBOLS];
	uint16_t parent[2 * HUFFMAN_SYMBOLS];
	size_t leaves;
};

static int by_weight(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return (x->symbol > y->symbol) - (x->symbol < y->symbol);
}

/* The lightest node not yet merged; leaves first among equals. */
static size_t pick(const struct tree *t, size_t *leaf, size_t *inner, size_t end)
{
	if (*leaf < t->leaves && (*inner >= end || t->weight[*leaf] <= t->weight[*inner]))
		return (*leaf)++;
	return (*inner)++;
}

/* Builds the tree over the sorted leaves and returns its depth; depths go to depth[]. */
static unsigned build(struct tree *t, unsigned char depth[2 * HUFFMAN_SYMBOLS])
{
	size_t leaf = 0, inner = t->leaves, end = t->leaves, root = 2 * t->leaves - 2;
	unsigned deepest = 0;

	while (end <= root) {
		size_t a = pick(t, &leaf, &inner, end), b = pick(t, &leaf, &inner, end);

		t->weight[end] = t->weight[a] + t->weight[b];
		t->parent[a] = t->parent[b] = (uint16_t)end;
		end++;
	}
	depth[root] = 0;
	for (size_t i = root; i-- > 0;) {
		depth[i] = (unsigned char)(depth[t->parent[i]] + 1);
		if (i < t->leaves && depth[i] > deepest)
			deepest = depth[i];
	}
	return deepest;
}

static void collect(struct tree *t, const uint32_t *freq, size_t count)
{
	t->leaves = 0;
	for (size_t i = 0; i < count; i++)
		if (freq[i] > 0)
			t->leaf[t->leaves++] = (struct leaf){ freq[i], (uint16_t)i };
	for (size_t i = 0; t->leaves < 2; i++)
		if (freq[i] == 0)
			t->leaf[t->leaves++] = (struct leaf){ 1, (uint16_t)i };
}

void huffman_lengths(const uint32_t *freq, size_t count, unsigned limit, unsigned char *lengths)
{
	unsigned char depth[2 * HUFFMAN_SYMBOLS];
	struct tree t;

	assert(count >= 2 && count <= HUFFMAN_SYMBOLS);
	memset(lengths, 0, count);
	collect(&t, freq, count);
	/* Too deep: flatten the frequencies until it fits; costs a fraction of a percent. */
	for (;;) {
		qsort(t.leaf, t.leaves, sizeof t.leaf[0], by_weight);
		for (size_t i = 0; i < t.leaves; i++)
			t.weight[i] = t.leaf[i].weight;
		if (build(&t, depth) <= limit)
			break;
		for (size_t i = 0; i < t.leaves; i++)
			t.leaf[i].weight = t.leaf[i].weight / 4 + 1;
	}
	for (size_t i = 0; i < t.leaves; i++)
		lengths[t.leaf[i].symbol] = depth[i];
}

void huffman_codes(const unsigned char *lengths, size_t count, uint16_t *codes)
{
	unsigned code = 0;

	for (unsigned len = 1; len <= 16; len++, code <<= 1)
		for (size_t i = 0; i < count; i++)
			if (lengths[i] == len)
				codes[i] = (uint16_t)code++;
}
