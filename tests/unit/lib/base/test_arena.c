#include "lib/base/arena.h"

#include "lib/base/hash.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

static void allocations_are_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 65535, 65536, 65537, 1 << 20, 3 };
	CLEANUP(arena_clear) struct arena a = ARENA_INIT;
	unsigned char *p[COUNT(sizes)];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		p[i] = arena_alloc(&a, sizes[i]);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		memset(p[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(p[i][k], i + 1);
}

static void texts_are_terminated_copies(void **state)
{
	CLEANUP(arena_clear) struct arena a = ARENA_INIT;
	char text[] = "abcdef";

	(void)state;
	char *copy = arena_text(&a, text, 3);
	text[0] = 'x';
	assert_string_equal(copy, "abc");
	assert_string_equal(arena_text(&a, NULL, 0), "");
}

static void reset_keeps_one_plain_block(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	arena_reset(&a);
	void *first = arena_alloc(&a, 100);
	for (int i = 0; i < 10; i++)
		assert_non_null(arena_alloc(&a, 40000));
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 8), first);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1 << 20)); /* larger than a block: not kept */
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 8), first);
	arena_clear(&a);
	assert_null(a.blocks);
	assert_non_null(arena_alloc(&a, 1)); /* usable again */
	arena_clear(&a);
}

/* Keys that differ in one bit only must not share low bits more often than chance has it. */
static void hashes_spread_whatever_the_keys(void **state)
{
	uint64_t seed = hash_seed();
	unsigned bucket[1024] = { 0 }, most = 0;

	(void)state;
	assert_true(seed != hash_seed());
	for (uint64_t i = 0; i < 8192; i++)
		bucket[hash_number(seed, i << 32) % 1024]++;
	for (size_t i = 0; i < 1024; i++)
		most = bucket[i] > most ? bucket[i] : most;
	assert_true(most < 40); /* 8 on average */

	unsigned char key[20] = { 0 };
	memset(bucket, 0, sizeof bucket);
	most = 0;
	for (unsigned i = 0; i < 8192; i++) {
		key[18] = (unsigned char)(i >> 8);
		key[19] = (unsigned char)i;
		unsigned *b = &bucket[hash_bytes(seed, key, sizeof key) % 1024];
		most = ++*b > most ? *b : most;
	}
	assert_true(most < 40);
	assert_true(hash_bytes(seed, key, 19) != hash_bytes(seed, key, 20));
	assert_true(hash_bytes(seed, key, 8) != hash_bytes(seed, key, 9));
	assert_true(hash_bytes(seed, key, 20) == hash_bytes(seed, key, 20));
	assert_true(hash_bytes(seed, key, 20) != hash_bytes(seed + 1, key, 20));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_are_aligned_and_apart),
		cmocka_unit_test(texts_are_terminated_copies),
		cmocka_unit_test(reset_keeps_one_plain_block),
		cmocka_unit_test(hashes_spread_whatever_the_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
