#include "lib/base/str.h"
#include "lib/log/audit.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { LEAVES = 40 };

/* The leaves and roots that implementations of RFC 6962 are tested with; the roots were computed
 * again from the text of 2.1 with Python's hashlib. */
static const struct {
	const char *leaf; /* the one that makes the tree this large */
	size_t len;
	const char *root;
} known[] = {
	{ NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "\0", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ " !", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "01", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "@ABC", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "PQRSTUVW", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "`abcdefghijklmno", 16,
	  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void known_roots(void **state)
{
	struct tree t = { 0 };
	unsigned char root[TREE_HASH], leaf[TREE_HASH], want[TREE_HASH];

	(void)state;
	for (size_t n = 0; n < COUNT(known); n++) {
		if (n > 0) {
			tree_leaf(known[n].leaf, known[n].len, leaf);
			assert_true(tree_add(&t, 0, leaf));
		}
		tree_root(&t, root);
		assert_true(str_from_hex(known[n].root, 64, want, sizeof want));
		assert_memory_equal(root, want, sizeof want);
		assert_int_equal(t.size, n);
	}
}

static void make_leaves(unsigned char out[LEAVES][TREE_HASH])
{
	for (int i = 0; i < LEAVES; i++) {
		char text[8];

		tree_leaf(text, (size_t)snprintf(text, sizeof text, "%d", i), out[i]);
	}
}

static struct audit_leaves first(unsigned char leaves[LEAVES][TREE_HASH], uint64_t count)
{
	return (struct audit_leaves){ (const unsigned char(*)[TREE_HASH])leaves, count };
}

/* 2.1 of the RFC as it is written: not how the code does it. */
static void define_root(unsigned char (*leaves)[TREE_HASH], uint64_t n, unsigned char *out)
{
	unsigned char left[TREE_HASH], right[TREE_HASH];
	uint64_t k = 1;

	if (n == 1) {
		memcpy(out, leaves[0], TREE_HASH);
		return;
	}
	while (2 * k < n)
		k *= 2;
	define_root(leaves, k, left);
	define_root(leaves + k, n - k, right);
	tree_join(left, right, out);
}

static void roots_are_those_of_the_definition(void **state)
{
	unsigned char leaves[LEAVES][TREE_HASH], root[TREE_HASH], want[TREE_HASH];

	(void)state;
	make_leaves(leaves);
	for (uint64_t n = 1; n <= LEAVES; n++) {
		struct audit_leaves all = first(leaves, n);

		audit_root(&all, 0, n, root);
		define_root(leaves, n, want);
		assert_memory_equal(root, want, sizeof want);
	}
}

static void subtrees_stand_where_they_may(void **state)
{
	unsigned char leaves[LEAVES][TREE_HASH], hash[TREE_HASH], root[TREE_HASH], want[TREE_HASH];
	struct tree t = { 0 };

	(void)state;
	make_leaves(leaves);
	struct audit_leaves all = first(leaves, 7);
	audit_root(&all, 0, 4, hash);
	assert_true(tree_add(&t, 2, hash));
	assert_false(tree_add(&t, 3, hash)); /* 4 is no multiple of 8 */
	assert_false(tree_add(&t, TREE_LEVELS, hash));
	audit_root(&all, 4, 2, hash);
	assert_true(tree_add(&t, 1, hash));
	assert_false(tree_add(&t, 2, hash));
	assert_true(tree_add(&t, 0, leaves[6]));
	tree_root(&t, root);
	audit_root(&all, 0, 7, want);
	assert_memory_equal(root, want, sizeof want);
	/* 2^62 leaves, and as many again would be 2^63. */
	t = (struct tree){ 0 };
	assert_true(tree_add(&t, TREE_LEVELS - 1, hash));
	assert_false(tree_add(&t, TREE_LEVELS - 1, hash));
}

/* Every bit of every hash of the path and of the leaf matters, and so does its length. */
static void break_inclusion(const unsigned char leaf[TREE_HASH], uint64_t index, uint64_t size,
			    const struct audit_path *path, const unsigned char want[TREE_HASH])
{
	unsigned char root[TREE_HASH], changed[TREE_HASH];
	struct audit_path p = *path;

	for (size_t bit = 0; bit < path->count * TREE_HASH * 8; bit++) {
		unsigned char *byte = &p.hashes[bit / 256][bit % 256 / 8];

		*byte ^= (unsigned char)(1 << bit % 8);
		assert_true(audit_inclusion_root(leaf, index, size, &p, root));
		assert_memory_not_equal(root, want, sizeof root);
		*byte ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < TREE_HASH * 8; bit++) {
		memcpy(changed, leaf, sizeof changed);
		changed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_true(audit_inclusion_root(changed, index, size, path, root));
		assert_memory_not_equal(root, want, sizeof root);
	}
	p.count++;
	assert_false(audit_inclusion_root(leaf, index, size, &p, root));
	if (path->count > 0) {
		p.count = path->count - 1;
		assert_false(audit_inclusion_root(leaf, index, size, &p, root));
	}
	assert_false(audit_inclusion_root(leaf, size, size, path, root));
}

static void every_leaf_is_included(void **state)
{
	unsigned char leaves[LEAVES][TREE_HASH], want[TREE_HASH], root[TREE_HASH];
	struct audit_path path;

	(void)state;
	make_leaves(leaves);
	for (uint64_t size = 1; size <= LEAVES; size++) {
		struct audit_leaves all = first(leaves, size);

		audit_root(&all, 0, size, want);
		for (uint64_t i = 0; i < size; i++) {
			audit_inclusion(&all, i, &path);
			assert_true(audit_inclusion_root(leaves[i], i, size, &path, root));
			assert_memory_equal(root, want, sizeof root);
			if (size == 1 || size == 7 || size == 8)
				break_inclusion(leaves[i], i, size, &path, want);
		}
	}
	assert_false(audit_inclusion_root(leaves[0], 0, 0, &path, root));
}

static void break_consistency(const struct audit_head *old, const struct audit_head *now,
			      const struct audit_path *path)
{
	struct audit_path p = *path;
	struct audit_head changed = *old;

	for (size_t bit = 0; bit < path->count * TREE_HASH * 8; bit++) {
		p.hashes[bit / 256][bit % 256 / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(audit_is_consistent(old, now, &p));
		p.hashes[bit / 256][bit % 256 / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < TREE_HASH * 8; bit++) {
		changed.root[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(audit_is_consistent(&changed, now, path));
		changed.root[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	p.count++;
	assert_false(audit_is_consistent(old, now, &p));
	if (path->count > 0) {
		p.count = path->count - 1;
		assert_false(audit_is_consistent(old, now, &p));
	}
	changed.size = now->size + 1;
	assert_false(audit_is_consistent(&changed, now, path));
	changed.size = 0;
	assert_false(audit_is_consistent(&changed, now, path));
}

static void every_tree_continues_every_smaller_one(void **state)
{
	unsigned char leaves[LEAVES][TREE_HASH];
	struct audit_path path;

	(void)state;
	make_leaves(leaves);
	for (uint64_t size = 1; size <= LEAVES; size++) {
		struct audit_leaves all = first(leaves, size);
		struct audit_head now = { .size = size }, old;

		audit_root(&all, 0, size, now.root);
		for (old.size = 1; old.size <= size; old.size++) {
			audit_root(&all, 0, old.size, old.root);
			audit_consistency(&all, old.size, &path);
			assert_true(audit_is_consistent(&old, &now, &path));
			if (size == 8 || size == 13)
				break_consistency(&old, &now, &path);
		}
	}
}

/* The old root is that of the old leaves: no path leads from it to another past. */
static void a_changed_leaf_is_noticed(void **state)
{
	unsigned char leaves[LEAVES][TREE_HASH];
	struct audit_head old = { .size = 11 }, now = { .size = 23 };
	struct audit_path path;

	(void)state;
	make_leaves(leaves);
	struct audit_leaves all = first(leaves, now.size);
	audit_root(&all, 0, old.size, old.root);
	for (uint64_t i = 0; i < old.size; i++) {
		leaves[i][0] ^= 1;
		audit_root(&all, 0, now.size, now.root);
		audit_consistency(&all, old.size, &path);
		assert_false(audit_is_consistent(&old, &now, &path));
		leaves[i][0] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_roots),
		cmocka_unit_test(roots_are_those_of_the_definition),
		cmocka_unit_test(subtrees_stand_where_they_may),
		cmocka_unit_test(every_leaf_is_included),
		cmocka_unit_test(every_tree_continues_every_smaller_one),
		cmocka_unit_test(a_changed_leaf_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
