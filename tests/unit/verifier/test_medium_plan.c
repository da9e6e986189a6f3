/* Which piece goes onto which medium: whole first, cut at chunks, nothing lost or doubled. */
#include "verifier/medium_plan.h"

#include "media/volume.h"
#include "tests/unit/unit.h"

#define C ((uint64_t)VOLUME_CHUNK)

static uint64_t placed(const struct medium_plan *p, uint32_t medium)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->pieces[i].medium == medium)
			bytes += p->pieces[i].bytes;
	return bytes;
}

static void whole_volumes_go_onto_the_first_medium_with_room(void **state)
{
	const struct medium_piece wanted[] = { { .volume = 1, .bytes = 3 * C },
					       { .volume = 2, .bytes = 2 * C },
					       { .volume = 3, .bytes = C } };
	const struct medium_space spaces[] = { { 2 * C, UINT64_MAX, 0 }, { 4 * C, UINT64_MAX, 0 } };
	CLEANUP(medium_plan_clear) struct medium_plan p = { 0 };

	(void)state;
	medium_plan_make(&(struct medium_request){ .wanted = wanted,
						   .wanted_count = 3,
						   .spaces = spaces,
						   .space_count = 2,
						   .cut = true },
			 &p);
	assert_int_equal(p.count, 3);
	assert_int_equal(p.left_count, 0);
	assert_int_equal(p.pieces[0].volume, 2);
	assert_int_equal(p.pieces[1].volume, 1);
	assert_int_equal(p.pieces[2].volume, 3);
	assert_int_equal(placed(&p, 1), 4 * C);
}

static void what_is_too_large_is_cut_only_when_allowed(void **state)
{
	const struct medium_piece wanted[] = { { .volume = 1, .bytes = 5 * C + 7 } };
	const struct medium_space spaces[] = { { 2 * C + 9, UINT64_MAX, 9 },
					       { 9 * C, 2 * C - 1, 9 } };

	(void)state;
	for (int cut = 0; cut < 2; cut++) {
		CLEANUP(medium_plan_clear) struct medium_plan p = { 0 };

		medium_plan_make(&(struct medium_request){ .wanted = wanted,
							   .wanted_count = 1,
							   .spaces = spaces,
							   .space_count = 2,
							   .cut = cut },
				 &p);
		if (!cut) {
			assert_int_equal(p.count, 0);
			assert_int_equal(p.left_count, 1);
			continue;
		}
		/* Two chunks fill the first; files of the second hold one chunk each. */
		assert_int_equal(p.left_count, 0);
		assert_int_equal(placed(&p, 0), 2 * C);
		assert_int_equal(placed(&p, 1), 3 * C + 7);
		for (size_t i = 0; i + 1 < p.count; i++)
			assert_int_equal(p.pieces[i].chunk + p.pieces[i].bytes / C,
					 p.pieces[i + 1].chunk);
	}
}

static void fresh_media_are_added_as_needed(void **state)
{
	const struct medium_piece wanted[] = { { .volume = 1, .bytes = 7 * C },
					       { .volume = 2, .bytes = C } };
	const struct medium_space fresh = { 3 * C, UINT64_MAX, 0 },
				  small = { C - 1, UINT64_MAX, 0 };
	CLEANUP(medium_plan_clear) struct medium_plan p = { 0 }, none = { 0 };
	struct medium_request r = {
		.wanted = wanted, .wanted_count = 2, .fresh = &fresh, .cut = true
	};

	(void)state;
	medium_plan_make(&r, &p);
	assert_int_equal(p.left_count, 0);
	assert_int_equal(p.space_count, 3);
	assert_int_equal(placed(&p, 0) + placed(&p, 1) + placed(&p, 2), 8 * C);
	r.fresh = &small;
	medium_plan_make(&r, &none);
	assert_int_equal(none.count, 0);
	assert_int_equal(none.left_count, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_volumes_go_onto_the_first_medium_with_room),
		cmocka_unit_test(what_is_too_large_is_cut_only_when_allowed),
		cmocka_unit_test(fresh_media_are_added_as_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
