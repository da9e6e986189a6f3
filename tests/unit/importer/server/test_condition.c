#include "importer/server/condition.h"
#include "tests/unit/unit.h"

#define TAG "\"abc\""

static void entity_tags_are_compared(void **state)
{
	static const struct {
		struct condition c;
		enum condition_answer answer;
	} rows[] = {
		{ { 0 }, CONDITION_GO },
		{ { .if_match = TAG }, CONDITION_GO },
		{ { .if_match = "*" }, CONDITION_GO },
		{ { .if_match = "\"x\", " TAG }, CONDITION_GO },
		{ { .if_match = "\"x\"" }, CONDITION_FAILED },
		{ { .if_match = "W/" TAG }, CONDITION_FAILED },
		{ { .if_match = "abc" }, CONDITION_FAILED },
		{ { .if_match = "" }, CONDITION_FAILED },
		{ { .if_none_match = TAG }, CONDITION_NOT_MODIFIED },
		{ { .if_none_match = "W/" TAG }, CONDITION_NOT_MODIFIED },
		{ { .if_none_match = " *" }, CONDITION_NOT_MODIFIED },
		{ { .if_none_match = "\"x\" ,, W/\"y\"," TAG }, CONDITION_NOT_MODIFIED },
		{ { .if_none_match = "\"x\"" }, CONDITION_GO },
		{ { .if_none_match = "\"abc" }, CONDITION_GO },
		{ { .if_none_match = "\"x\" " TAG }, CONDITION_GO },
		{ { .if_none_match = "\"ab\"" }, CONDITION_GO },
		{ { .if_none_match = "\"abcd\"" }, CONDITION_GO },
		{ { .if_match = "\"x\"", .if_none_match = TAG }, CONDITION_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (condition_judge(&rows[i].c, TAG) != rows[i].answer)
			fail_msg("row %zu", i);
}

static void ranges_depend_on_the_strong_tag(void **state)
{
	static const struct {
		const char *if_range;
		bool allowed;
	} rows[] = {
		{ NULL, true },
		{ TAG, true },
		{ "\"x\"", false },
		{ "W/" TAG, false },
		{ "Sun, 22 Nov 2026 00:00:00 GMT", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct condition c = { .if_range = rows[i].if_range };

		assert_int_equal(condition_allows_range(&c, TAG), rows[i].allowed);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(entity_tags_are_compared),
		cmocka_unit_test(ranges_depend_on_the_strong_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
