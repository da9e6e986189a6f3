#include "importer/server/range.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* Parts as text: "0-4,7-9". */
static void shown(const struct range_set *set, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < set->count; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%llu-%llu", i > 0 ? "," : "",
					(unsigned long long)set->items[i].first,
					(unsigned long long)set->items[i].last);
}

static void headers_become_parts(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
		enum range_answer answer;
		const char *parts;
	} rows[] = {
		{ "bytes=0-4", 10, RANGE_PARTS, "0-4" },
		{ "bytes=0-0", 10, RANGE_PARTS, "0-0" },
		{ "bytes=9-9", 10, RANGE_PARTS, "9-9" },
		{ "bytes=0-9", 10, RANGE_PARTS, "0-9" },
		{ "bytes=0-10", 10, RANGE_PARTS, "0-9" },
		{ "bytes=3-", 10, RANGE_PARTS, "3-9" },
		{ "bytes=-3", 10, RANGE_PARTS, "7-9" },
		{ "bytes=-11", 10, RANGE_PARTS, "0-9" },
		{ "BYTES=0-4", 10, RANGE_PARTS, "0-4" },
		{ "bytes=00-04", 10, RANGE_PARTS, "0-4" },
		{ "bytes= 0-4 ,\t7-9 ", 10, RANGE_PARTS, "0-4,7-9" },
		{ "bytes=,0-4,,7-9,", 10, RANGE_PARTS, "0-4,7-9" },
		{ "bytes=7-9,0-4", 10, RANGE_PARTS, "7-9,0-4" },
		{ "bytes=0-4,20-30", 10, RANGE_PARTS, "0-4" },
		{ "bytes=0-99999999999999999999999", 10, RANGE_PARTS, "0-9" },
		{ "bytes=-99999999999999999999999", 10, RANGE_PARTS, "0-9" },
		{ "bytes=4294967296-4294967299", 5000000000, RANGE_PARTS, "4294967296-4294967299" },
		{ "bytes=9223372036854775807-", UINT64_MAX, RANGE_PARTS,
		  "9223372036854775807-18446744073709551614" },

		{ "bytes=10-", 10, RANGE_UNSATISFIABLE, "" },
		{ "bytes=10-20", 10, RANGE_UNSATISFIABLE, "" },
		{ "bytes=-0", 10, RANGE_UNSATISFIABLE, "" },
		{ "bytes=99999999999999999999-", 10, RANGE_UNSATISFIABLE, "" },
		{ "bytes=0-", 0, RANGE_UNSATISFIABLE, "" },
		{ "bytes=-1", 0, RANGE_UNSATISFIABLE, "" },

		{ "bytes=4-0", 10, RANGE_WHOLE, "" },
		{ "bytes=0-4,4-0", 10, RANGE_WHOLE, "" },
		{ "bytes=", 10, RANGE_WHOLE, "" },
		{ "bytes=,", 10, RANGE_WHOLE, "" },
		{ "bytes=-", 10, RANGE_WHOLE, "" },
		{ "bytes=a-b", 10, RANGE_WHOLE, "" },
		{ "bytes=0-4x", 10, RANGE_WHOLE, "" },
		{ "bytes=0 -4", 10, RANGE_WHOLE, "" },
		{ "bytes=0-4 7-9", 10, RANGE_WHOLE, "" },
		{ "bytes=+0-4", 10, RANGE_WHOLE, "" },
		{ "bytes=--4", 10, RANGE_WHOLE, "" },
		{ "bytes 0-4", 10, RANGE_WHOLE, "" },
		{ "bytes =0-4", 10, RANGE_WHOLE, "" },
		{ "lines=0-4", 10, RANGE_WHOLE, "" },
		{ "byte", 10, RANGE_WHOLE, "" },
		{ "", 10, RANGE_WHOLE, "" },
		/* More bytes than there are: overlapping on purpose. */
		{ "bytes=0-,0-", 10, RANGE_WHOLE, "" },
		{ "bytes=0-5,5-9", 10, RANGE_WHOLE, "" },
	};
	struct range_set set;
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum range_answer answer =
			range_parse(rows[i].text, strlen(rows[i].text), rows[i].size, &set);

		shown(&set, text, sizeof text);
		if (answer != rows[i].answer)
			fail_msg("%s: answer %d, want %d", rows[i].text, answer, rows[i].answer);
		if (answer == RANGE_PARTS)
			assert_string_equal(text, rows[i].parts);
	}
	assert_int_equal(range_parse(NULL, 0, 10, &set), RANGE_WHOLE);
}

/* count ranges of one byte each. */
static enum range_answer many(size_t count, struct range_set *set)
{
	static char text[8192];
	size_t len = (size_t)snprintf(text, sizeof text, "bytes=");

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%zu-%zu,", 2 * i, 2 * i);
	return range_parse(text, len, 100000, set);
}

static void the_number_of_ranges_is_limited(void **state)
{
	struct range_set set;

	(void)state;
	assert_int_equal(many(LIMIT_RANGES, &set), RANGE_PARTS);
	assert_int_equal(set.count, LIMIT_RANGES);
	assert_int_equal(many(LIMIT_RANGES + 1, &set), RANGE_WHOLE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_become_parts),
		cmocka_unit_test(the_number_of_ranges_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
