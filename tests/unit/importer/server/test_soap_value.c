#include "importer/server/soap_value.h"

#include "tests/unit/unit.h"

#include <string.h>

static void numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int32_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "7", true, 7 },
		{ "+7", true, 7 },
		{ "-7", true, -7 },
		{ "007", true, 7 },
		{ " \t\r\n42\n", true, 42 },
		{ "2147483647", true, INT32_MAX },
		{ "-2147483648", true, INT32_MIN },
		{ "2147483648", false, 0 },
		{ "-2147483649", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "", false, 0 },
		{ " ", false, 0 },
		{ "-", false, 0 },
		{ "+-1", false, 0 },
		{ "1 2", false, 0 },
		{ "1.0", false, 0 },
		{ "0x1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int32_t value = 0;

		assert_int_equal(soap_value_int(rows[i].text, strlen(rows[i].text), &value),
				 rows[i].good);
		assert_int_equal(value, rows[i].value);
	}
}

static void long_numbers(void **state)
{
	int64_t value = 0;

	(void)state;
	assert_true(soap_value_long("9223372036854775807", 19, &value));
	assert_true(value == INT64_MAX);
	assert_true(soap_value_long("-9223372036854775808", 20, &value));
	assert_true(value == INT64_MIN);
	assert_false(soap_value_long("9223372036854775808", 19, &value));
	assert_false(soap_value_long("-9223372036854775809", 20, &value));
	assert_true(value == INT64_MIN);
}

static void truths(void **state)
{
	static const char *const good[] = { "true", "1", " true ", "TRUE", "True" };
	static const char *const bad[] = { "", " ", "2", "yes", "truex", "tru", "01" };
	bool value;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		value = false;
		assert_true(soap_value_bool(good[i], strlen(good[i]), &value) && value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(soap_value_bool(bad[i], strlen(bad[i]), &value));
	assert_true(soap_value_bool("0", 1, &value) && !value);
	assert_true(soap_value_bool("false", 5, &value) && !value);
}

static void times(void **state)
{
	static const struct {
		const char *text;
		int64_t value; /* -1: refused */
	} rows[] = {
		{ "2024-02-29T12:00:00Z", 1709208000 },
		{ "2024-02-29T12:00:00", 1709208000 },
		{ "2024-02-29T12:00:00.1234567Z", 1709208000 },
		{ "2024-02-29T12:00:00.9", 1709208000 },
		{ "2024-02-29T13:30:00+01:30", 1709208000 },
		{ "2024-02-29T04:00:00.0000000-08:00", 1709208000 },
		{ "\n 2024-02-29T12:00:00Z ", 1709208000 },
		{ "0001-01-01T00:00:00", 0 },
		{ "1969-12-31T23:59:59Z", 0 },
		{ "1970-01-01T00:30:00+01:00", 0 },
		{ "9999-12-31T23:59:59.9999999", 253402300799 },
		{ "2023-02-29T12:00:00Z", -1 },
		{ "2024-02-29", -1 },
		{ "2024-02-29T12:00", -1 },
		{ "2024-02-29 12:00:00Z", -1 },
		{ "2024-02-29T12:00:00.Z", -1 },
		{ "2024-02-29T12:00:00.1234567890Z", -1 },
		{ "2024-02-29T12:00:00+1:00", -1 },
		{ "2024-02-29T12:00:00+15:00", -1 },
		{ "2024-02-29T12:00:00ZZ", -1 },
		{ "2024-02-29T24:00:00Z", -1 },
		{ "x", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t value = -1;
		bool good = soap_value_time(rows[i].text, strlen(rows[i].text), &value);

		if (good != (rows[i].value >= 0) || value != rows[i].value)
			fail_msg("%s: %d %lld", rows[i].text, good, (long long)value);
	}
}

static void bytes(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: refused */
	} rows[] = {
		{ "", "" },           { "TQ==", "M" },   { "TWE=", "Ma" }, { "TWFu", "Man" },
		{ "T W\nFu", "Man" }, { "TWE", NULL },   { "TW=u", NULL }, { "====", NULL },
		{ "TR==", NULL },     { "TWFu=", NULL }, { "!WFu", NULL }, { "TWFuTQ==", "ManM" },
	};
	unsigned char out[64];
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool good = soap_value_base64(rows[i].text, strlen(rows[i].text), out, &size);

		if (good != (rows[i].value != NULL))
			fail_msg("%s", rows[i].text);
		if (good) {
			assert_int_equal(size, strlen(rows[i].value));
			assert_memory_equal(out, rows[i].value, size);
		}
	}
}

static void versions(void **state)
{
	static const char *const bad[] = { "", "2", "2.", ".9", "2.x", "x.2", "65536.0", "2,9" };
	uint16_t major, minor;

	(void)state;
	assert_true(soap_value_version(" 2.90 ", 6, &major, &minor));
	assert_int_equal(major, 2);
	assert_int_equal(minor, 90);
	assert_true(soap_value_version("1.8.0.1", 7, &major, &minor));
	assert_int_equal(minor, 8);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(soap_value_version(bad[i], strlen(bad[i]), &major, &minor));
}

static void guids(void **state)
{
	static const char *const good[] = { "0123abcd-4567-89ab-cdef-0123456789ab",
					    "{0123ABCD-4567-89AB-CDEF-0123456789AB}",
					    "\n {0123abcd-4567-89ab-cdef-0123456789AB}\t" };
	static const char *const bad[] = { "",
					   " ",
					   "{}",
					   "{0123abcd-4567-89ab-cdef-0123456789ab",
					   "0123abcd-4567-89ab-cdef-0123456789ab}",
					   "{{0123abcd-4567-89ab-cdef-0123456789ab}}",
					   "{ 0123abcd-4567-89ab-cdef-0123456789ab }",
					   "0123abcd456789abcdef0123456789ab" };
	static const unsigned char want[16] = { 0x01, 0x23, 0xab, 0xcd, 0x45, 0x67, 0x89, 0xab,
						0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab };
	unsigned char guid[16];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		memset(guid, 0, sizeof guid);
		assert_true(soap_value_guid(good[i], strlen(good[i]), guid));
		assert_memory_equal(guid, want, sizeof want);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(soap_value_guid(bad[i], strlen(bad[i]), guid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers), cmocka_unit_test(long_numbers),
		cmocka_unit_test(truths),  cmocka_unit_test(times),
		cmocka_unit_test(bytes),   cmocka_unit_test(versions),
		cmocka_unit_test(guids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
