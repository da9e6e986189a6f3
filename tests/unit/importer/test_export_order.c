#include "importer/export_order.h"

#include "lib/base/buf.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define NONE EXPORT_ORDER_ABSENT
#define LIST(...)           \
	(const uint32_t[])  \
	{                   \
		__VA_ARGS__ \
	}
#define ITEM(number, ...)                       \
	{                                       \
		.update = (number), __VA_ARGS__ \
	}
#define GROUPS(...) .groups = LIST(__VA_ARGS__), .groups_len = sizeof(LIST(__VA_ARGS__)) / 4
#define CHILDREN(...) .children = LIST(__VA_ARGS__), .children_count = sizeof(LIST(__VA_ARGS__)) / 4

static void expect(const struct export_order_item *items, size_t count, size_t updates,
		   const uint32_t *order, size_t want)
{
	CLEANUP(export_order_clear) struct export_order o;

	export_order_make(items, count, updates, &o);
	assert_int_equal(o.count, want);
	for (size_t i = 0; i < want; i++)
		assert_int_equal(o.order[i], order[i]);
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t k = 0; k < want; k++)
			found |= order[k] == i;
		assert_int_equal(o.chosen[i], found);
	}
}

#define EXPECT(items, updates, ...) \
	expect(items, COUNT(items), updates, LIST(__VA_ARGS__), sizeof(LIST(__VA_ARGS__)) / 4)

static void a_right_order_stays(void **state)
{
	const struct export_order_item right[] = { ITEM(0), ITEM(1, GROUPS(1, 0)), ITEM(2),
						   ITEM(3, GROUPS(2, 0, 2), CHILDREN(1)) };
	const struct export_order_item wrong[] = { ITEM(3, GROUPS(2, 0, 2), CHILDREN(3)), ITEM(0),
						   ITEM(2), ITEM(1, GROUPS(1, 0)) };

	(void)state;
	EXPECT(right, 4, 0, 1, 2, 3);
	EXPECT(wrong, 4, 1, 2, 3, 0);
}

static void what_lacks_something_stays_out_and_so_do_its_users(void **state)
{
	const struct export_order_item prerequisite[] = { ITEM(0, GROUPS(1, NONE)),
							  ITEM(1, GROUPS(1, 0)), ITEM(2),
							  ITEM(3, GROUPS(2, NONE, 2)) };
	const struct export_order_item child[] = { ITEM(0, CHILDREN(NONE)), ITEM(1, CHILDREN(0, 2)),
						   ITEM(2) };
	const struct export_order_item barred[] = { ITEM(0, .barred = true),
						    ITEM(0, .barred = false), ITEM(1, GROUPS(1, 0)),
						    ITEM(2, CHILDREN(0)) };

	(void)state;
	EXPECT(prerequisite, 4, 2, 3);
	EXPECT(child, 3, 2);
	EXPECT(barred, 3, 1, 2);
}

static void all_alternatives_come_before(void **state)
{
	const struct export_order_item items[] = { ITEM(0, GROUPS(2, 1, 2)), ITEM(1),
						   ITEM(2, GROUPS(1, 3)), ITEM(3) };

	(void)state;
	EXPECT(items, 4, 1, 3, 2, 0);
}

static void one_revision_of_an_update_is_enough(void **state)
{
	const struct export_order_item items[] = { ITEM(0), ITEM(1, GROUPS(1, 0)), ITEM(0) };

	(void)state;
	EXPECT(items, 2, 0, 1, 2);
}

static void circles(void **state)
{
	const struct export_order_item closed[] = { ITEM(0, GROUPS(1, 1)), ITEM(1, GROUPS(1, 0)),
						    ITEM(2), ITEM(3, GROUPS(1, 3)) };
	/* 0 needs 1 or 2, 1 needs 0: with 2 both can be had. */
	const struct export_order_item open[] = { ITEM(0, GROUPS(2, 1, 2)), ITEM(1, GROUPS(1, 0)),
						  ITEM(2) };

	(void)state;
	EXPECT(closed, 4, 2);
	EXPECT(open, 3, 2, 0, 1);
}

/* A hundred random sets: nobody comes before a group of which nothing came, nor before a child. */
static void random_sets(void **state)
{
	enum { ITEMS = 60, UPDATES = 40 };
	static uint32_t groups[ITEMS][9], children[ITEMS][2];
	uint64_t value = 1;

	(void)state;
#define NEXT(n) \
	((uint32_t)((value = value * 6364136223846793005ull + 1442695040888963407ull) >> 33) % (n))
	for (int round = 0; round < 100; round++) {
		struct export_order_item items[ITEMS] = { 0 };
		CLEANUP(export_order_clear) struct export_order o;
		bool out[ITEMS] = { false }, known[UPDATES] = { false };

		for (uint32_t i = 0; i < ITEMS; i++) {
			items[i].update = i < UPDATES ? i : NEXT(UPDATES);
			items[i].barred = NEXT(20) == 0;
			items[i].groups = groups[i];
			items[i].groups_len = 3 * NEXT(4);
			for (size_t k = 0; k < 9; k++)
				groups[i][k] = k % 3 == 0 ? 2 : NEXT(10) ? NEXT(UPDATES) : NONE;
			items[i].children = children[i];
			items[i].children_count = NEXT(6) ? 0 : 2;
			children[i][0] = NEXT(ITEMS);
			children[i][1] = NEXT(ITEMS);
		}
		export_order_make(items, ITEMS, UPDATES, &o);
		for (size_t n = 0; n < o.count; n++) {
			const struct export_order_item *item = &items[o.order[n]];

			assert_false(out[o.order[n]] || item->barred);
			for (size_t k = 0; k < item->groups_len; k += 3)
				assert_true((item->groups[k + 1] != NONE &&
					     known[item->groups[k + 1]]) ||
					    (item->groups[k + 2] != NONE &&
					     known[item->groups[k + 2]]));
			for (size_t k = 0; k < item->children_count; k++)
				assert_true(out[item->children[k]]);
			out[o.order[n]] = known[item->update] = true;
		}
		/* And who stays out, lacks something for good. */
		for (size_t i = 0; i < ITEMS; i++) {
			bool lacks = items[i].barred;

			assert_int_equal(out[i], o.chosen[i]);
			for (size_t k = 0; k < items[i].groups_len; k += 3)
				lacks |= (groups[i][k + 1] == NONE || !known[groups[i][k + 1]]) &&
					 (groups[i][k + 2] == NONE || !known[groups[i][k + 2]]);
			for (size_t k = 0; k < items[i].children_count; k++)
				lacks |= !out[children[i][k]];
			assert_int_equal(out[i], !lacks);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_order_stays),
		cmocka_unit_test(what_lacks_something_stays_out_and_so_do_its_users),
		cmocka_unit_test(all_alternatives_come_before),
		cmocka_unit_test(one_revision_of_an_update_is_enough),
		cmocka_unit_test(circles),
		cmocka_unit_test(random_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
