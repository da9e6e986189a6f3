/* Counting conditions, and what counts as wider. */
#include "lib/catalog/catalog_wide.h"

#include "lib/catalog/catalog_internal.h"
#include "tests/unit/unit.h"

static void conditions_are_counted(void **state)
{
	static const struct {
		const char *text;
		bool there;
		uint32_t conditions, alternatives;
	} rows[] = {
		{ "<ApplicabilityRules></ApplicabilityRules>", false, 0, 0 },
		{ "<IsInstallable/>", true, 0, 0 },
		{ "<IsInstallable />", true, 0, 0 },
		{ "<IsInstallableX><a/></IsInstallableX>", false, 0, 0 },
		{ "<IsInstallable><a/></IsInstallable><b/>", true, 1, 0 },
		{ "<IsInstallable><And><a/><b/></And></IsInstallable>", true, 2, 0 },
		{ "<IsInstallable><Or><a/><b/></Or><c/></IsInstallable>", true, 1, 2 },
		{ "<IsInstallable><Or><And><a/><Or><b/></Or></And></Or><c/></IsInstallable>", true,
		  1, 2 },
		{ "<IsInstallable><Not><Or/><a/></Not></IsInstallable>", true, 1, 0 },
		{ "<IsInstallable x='1'><a><deep/></a></IsInstallable>", true, 2, 0 },
		{ "<IsInstallable><True/></IsInstallable>", true, 0, 0 },
		{ "<IsInstallable><And><True /><a/></And></IsInstallable>", true, 1, 0 },
		{ "<IsInstallable><Or><True/><a/></Or></IsInstallable>", true, 0, 2 },
		{ "<IsInstallable><a/>", true, 1, 0 }, /* cut */
		{ "<IsInstallable", false, 0, 0 },
		{ "<IsInstallable>", true, 0, 0 },
		{ "<IsInstallable></></x></y>", true, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct catalog_applicability a = { 0 };

		catalog_applicability_scan(rows[i].text, strlen(rows[i].text), &a);
		if ((a.digest != 0) != rows[i].there || a.conditions != rows[i].conditions ||
		    a.alternatives != rows[i].alternatives)
			fail_msg("%s: %u and %u", rows[i].text, a.conditions, a.alternatives);
	}
}

static void wider_is_fewer_conditions_or_more_ways(void **state)
{
	static const struct {
		struct catalog_reach before, after;
		const char *want;
	} rows[] = {
		{ { { 1, 2, 3 }, 4, 5, true }, { { 1, 2, 3 }, 4, 5, true }, NULL },
		{ { { 1, 2, 3 }, 4, 5, true }, { { 2, 1, 3 }, 4, 5, true }, "has 1 conditions" },
		{ { { 1, 2, 3 }, 4, 5, true }, { { 2, 2, 4 }, 4, 5, true }, "4 alternatives" },
		{ { { 1, 2, 3 }, 4, 5, true }, { { 2, 3, 4 }, 4, 5, true }, NULL },
		{ { { 1, 2, 3 }, 4, 5, true }, { { 0, 0, 0 }, 4, 5, true }, "is gone" },
		{ { { 0, 0, 0 }, 4, 5, true }, { { 1, 2, 3 }, 4, 5, true }, NULL },
		{ { { 1, 2, 3 }, 4, 5, false }, { { 2, 1, 3 }, 4, 5, true }, NULL },
		{ { { 1, 2, 3 }, 4, 5, true }, { { 1, 2, 3 }, 3, 5, true }, "3 prerequisites" },
		{ { { 1, 2, 3 }, 4, 5, true }, { { 1, 2, 3 }, 4, 6, true }, "6 alternatives" },
		{ { { 1, 2, 3 }, 4, 5, true }, { { 1, 2, 3 }, 5, 9, true }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[CATALOG_WIDE_SIZE];
		const char *got = catalog_wide_compare(&rows[i].before, &rows[i].after, text);

		if (!got != !rows[i].want || (got && !strstr(got, rows[i].want)))
			fail_msg("row %zu: %s", i, got ? got : "nothing");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_counted),
		cmocka_unit_test(wider_is_fewer_conditions_or_more_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
