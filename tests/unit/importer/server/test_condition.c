#include "importer/server/condition.h"
#include "tests/unit/unit.h"

#define TAG "\"abc\""
#define DATE "Sun, 22 Nov 2026 00:00:00 GMT"
#define EARLIER "Sat, 21 Nov 2026 23:59:59 GMT"

static const struct condition_facts facts = { .etag = TAG, .modified = 1795305600 };

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
		{ { .if_modified_since = DATE }, CONDITION_NOT_MODIFIED },
		{ { .if_modified_since = "Sunday, 22-Nov-26 00:00:00 GMT" },
		  CONDITION_NOT_MODIFIED },
		{ { .if_modified_since = "Sun Nov 22 00:00:00 2026" }, CONDITION_NOT_MODIFIED },
		{ { .if_modified_since = EARLIER }, CONDITION_GO },
		{ { .if_modified_since = "yesterday" }, CONDITION_GO },
		{ { .if_modified_since = DATE, .if_none_match = "\"x\"" }, CONDITION_GO },
		{ { .if_unmodified_since = DATE }, CONDITION_GO },
		{ { .if_unmodified_since = EARLIER }, CONDITION_FAILED },
		{ { .if_unmodified_since = "" }, CONDITION_GO },
		{ { .if_unmodified_since = EARLIER, .if_match = TAG }, CONDITION_GO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (condition_judge(&rows[i].c, &facts) != rows[i].answer)
			fail_msg("row %zu", i);
}

static void ranges_depend_on_a_strong_validator(void **state)
{
	static const struct {
		const char *if_range;
		bool allowed;
	} rows[] = {
		{ NULL, true }, { TAG, true },      { "\"x\"", false },  { "W/" TAG, false },
		{ DATE, true }, { EARLIER, false }, { DATE " ", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct condition c = { .if_range = rows[i].if_range };

		assert_int_equal(condition_allows_range(&c, &facts), rows[i].allowed);
	}
}

static void dates_come_back_as_they_were_written(void **state)
{
	static const int64_t times[] = { 0, 1, 951782400, 1795305600, 4102444799 };
	char text[CONDITION_DATE_SIZE];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		condition_date(times[i], text);
		assert_true(condition_parse_date(text, &back));
		assert_int_equal(back, times[i]);
	}
	condition_date(1795305600, text);
	assert_string_equal(text, DATE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(entity_tags_are_compared),
		cmocka_unit_test(ranges_depend_on_a_strong_validator),
		cmocka_unit_test(dates_come_back_as_they_were_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
