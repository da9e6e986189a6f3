#include "lib/base/error.h"
#include "lib/base/str.h"
#include "tests/unit/unit.h"

static void numbers_are_canonical(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
	} rows[] = {
		{ "0", 0, true },
		{ "7", 7, true },
		{ "8", 7, false },
		{ "", 9, false },
		{ "01", 9, false },
		{ "-1", 9, false },
		{ "+1", 9, false },
		{ " 1", 9, false },
		{ "1 ", 9, false },
		{ "18446744073709551615", UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 0;

		assert_int_equal(
			str_to_u64(rows[i].text, strlen(rows[i].text), rows[i].max, &value),
			rows[i].ok);
	}
}

static void times_survive_a_round_trip(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T23:59:59Z", 951868799 },
		{ "2008-06-10T17:00:00Z", 1213117200 },
		{ "2038-01-19T03:14:08Z", 2147483648 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
	};
	static const char *const bad[] = {
		"2001-02-29T00:00:00Z", "2000-13-01T00:00:00Z", "2000-06-31T00:00:00Z",
		"2000-01-01T24:00:00Z", "2000-01-01 00:00:00Z", "2000-01-01T00:00:00z",
		"1969-12-31T23:59:59Z",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[STR_TIME_SIZE];
		int64_t seconds = -1;

		assert_true(str_to_time(rows[i].text, 20, &seconds));
		assert_int_equal(seconds, rows[i].seconds);
		str_from_time(seconds, text);
		assert_string_equal(text, rows[i].text);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t seconds;

		assert_false(str_to_time(bad[i], 20, &seconds));
	}
}

static void base64_is_strict(void **state)
{
	unsigned char out[20];

	(void)state;
	assert_true(str_from_base64("JQmthtt2CKn4BslUnhPl/WTZipI=", 28, out, 20));
	assert_int_equal(out[0], 0x25);
	assert_int_equal(out[19], 0x92);
	/* The same digest with stray bits in the last character. */
	assert_false(str_from_base64("JQmthtt2CKn4BslUnhPl/WTZipJ=", 28, out, 20));
	assert_false(str_from_base64("JQmthtt2CKn4BslUnhPl/WTZipI", 27, out, 20));
	assert_false(str_from_base64("JQmthtt2CKn4BslUnhPl!WTZipI=", 28, out, 20));
}

static void guids_sort_like_their_text(void **state)
{
	unsigned char guid[16];
	char text[STR_GUID_SIZE];

	(void)state;
	assert_true(str_to_guid("0A51549B-4e86-4a26-97d4-9e3567f24ea1", 36, guid));
	assert_int_equal(guid[0], 0x0a);
	str_from_guid(guid, text);
	assert_string_equal(text, "0a51549b-4e86-4a26-97d4-9e3567f24ea1");
	assert_false(str_to_guid("0a51549b-4e86-4a26-97d4-9e3567f24ea", 35, guid));
	assert_false(str_to_guid("{a51549b-4e86-4a26-97d4-9e3567f24ea}", 36, guid));
	assert_false(str_to_guid("0a51549b4e86--4a26-97d4-9e3567f24ea1", 36, guid));
}

static void sizes_take_suffixes(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(str_to_size("4700M", &value));
	assert_int_equal(value, 4700ull << 20);
	assert_true(str_to_size("512", &value));
	assert_int_equal(value, 512);
	assert_false(str_to_size("0", &value));
	assert_false(str_to_size("M", &value));
	assert_false(str_to_size("1k", &value));
	assert_false(str_to_size("16777216T", &value));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_canonical),
		cmocka_unit_test(times_survive_a_round_trip),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(guids_sort_like_their_text),
		cmocka_unit_test(sizes_take_suffixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
