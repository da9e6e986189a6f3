#include "exporter/index.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define INDEX(cabs) "<INDEX VERSION=\"1\"><CABLIST XOR=\"0\">" cabs "</CABLIST></INDEX>"
#define CAB(n, start) "<CAB NAME=\"package" n ".cab\" RANGESTART=\"" start "\"/>"

static void indexes_are_read(void **state)
{
	static const char text[] = INDEX(
		CAB("2", "0") CAB("3", "4294967295") "<CAB NAME=\"package.cab\" FILESDIR=\"1\"/>");
	CLEANUP(index_clear) struct index x = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(index_parse(&x, text, sizeof text - 1, &err), 0);
	assert_int_equal(x.count, 3);
	assert_true(x.shards[0].has_range && !x.shards[0].has_files);
	assert_int_equal(x.shards[1].range_start, UINT32_MAX);
	assert_true(!x.shards[2].has_range && x.shards[2].has_files);
	assert_int_equal(index_package(&x, "package9.cab", &err), -1);
	assert_error(err, ERROR_SCAN_INDEX, "does not list package9.cab");
	error_clear(&err);
	assert_int_equal(index_package(&x, "package2.cab", &err), 0);
	assert_int_equal(index_package(&x, "package.cab", &err), 0);
	assert_int_equal(index_finish(&x, &err), -1);
	assert_error(err, ERROR_SCAN_INDEX, "lists package3.cab, which is not there");
	error_clear(&err);
	assert_int_equal(index_package(&x, "package3.cab", &err), 0);
	assert_int_equal(index_finish(&x, &err), 0);
}

static void wrong_indexes_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum error_id id;
		const char *want;
	} rows[] = {
		{ "", ERROR_XML_SYNTAX, "" },
		{ INDEX(""), ERROR_SCAN_INDEX, "lists no cabinet" },
		{ "<INDEX VERSION=\"1\"/>", ERROR_SCAN_INDEX, "lists no cabinet" },
		{ "<INDEX VERSION=\"2\"/>", ERROR_SCAN_INDEX, "VERSION is not 1" },
		{ "<INDEX/>", ERROR_SCAN_INDEX, "VERSION is not 1" },
		{ "<INDEX VERSION=\"1\"><CABLIST XOR=\"1\"/></INDEX>", ERROR_SCAN_INDEX,
		  "XOR is not 0" },
		{ "<INDEX VERSION=\"1\"><CABLIST/></INDEX>", ERROR_SCAN_INDEX, "XOR is not 0" },
		{ "<index VERSION=\"1\"/>", ERROR_SCAN_INDEX, "unexpected element index" },
		{ "<INDEX VERSION=\"1\"><CAB NAME=\"a\"/></INDEX>", ERROR_SCAN_INDEX,
		  "unexpected element CAB" },
		{ INDEX("<CAB NAME=\"a\"><CAB NAME=\"b\"/></CAB>"), ERROR_SCAN_INDEX,
		  "unexpected element" },
		{ INDEX("<CAB/>"), ERROR_SCAN_INDEX, "without a usable NAME" },
		{ INDEX("<CAB NAME=\"\"/>"), ERROR_SCAN_INDEX, "without a usable NAME" },
		{ INDEX("<CAB NAME=\"package1234567890abc.cab\"/>"), ERROR_SCAN_INDEX,
		  "usable NAME" },
		{ INDEX(CAB("2", "x")), ERROR_SCAN_INDEX,
		  "package2.cab: RANGESTART 'x' is no number" },
		{ INDEX(CAB("2", "4294967296")), ERROR_SCAN_INDEX, "is no number" },
		{ INDEX(CAB("2", "-1")), ERROR_SCAN_INDEX, "is no number" },
		{ INDEX(CAB("2", "5") CAB("3", "5")), ERROR_SCAN_INDEX,
		  "package3.cab: RANGESTART does not rise" },
		{ INDEX(CAB("2", "5") CAB("3", "4")), ERROR_SCAN_INDEX, "does not rise" },
		{ INDEX(CAB("2", "5") CAB("2", "6")), ERROR_SCAN_INDEX,
		  "package2.cab is listed twice" },
		{ "<!DOCTYPE a>" INDEX(CAB("2", "5")), ERROR_XML_REFUSED, "" },
		{ "<INDEX VERSION=\"1\">", ERROR_XML_SYNTAX, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(index_clear) struct index x = { 0 };
		struct error err = ERROR_INIT;

		if (index_parse(&x, rows[i].text, strlen(rows[i].text), &err) == 0)
			fail_msg("accepted: %s", rows[i].text);
		assert_error(err, rows[i].id, rows[i].want);
	}
}

#define SHA "0123456789abcdef0123456789ABCDEF01234567"

static void members_are_classified_by_their_names(void **state)
{
	static const struct {
		const char *name;
		enum index_class class;
		char stream;
		uint32_t revision;
		const char *language;
	} rows[] = {
		{ "c/1", INDEX_FRAGMENT, 'c', 1, "" },
		{ "x/4294967295", INDEX_FRAGMENT, 'x', UINT32_MAX, "" },
		{ "s/7", INDEX_FRAGMENT, 's', 7, "" },
		{ "l/en/7", INDEX_FRAGMENT, 'l', 7, "en" },
		{ "e/pt-br/7", INDEX_FRAGMENT, 'e', 7, "pt-br" },
		{ "core/7", INDEX_FRAGMENT, 'c', 7, "" },
		{ "extended/7", INDEX_FRAGMENT, 'x', 7, "" },
		{ "localized/zh-TW/7", INDEX_FRAGMENT, 'l', 7, "zh-TW" },
		{ "eula/en/7", INDEX_FRAGMENT, 'e', 7, "en" },
		{ "files/67/" SHA, INDEX_LICENCE, 0, 0, "" },
		{ "", INDEX_UNKNOWN, 0, 0, NULL },
		{ "c/", INDEX_UNKNOWN, 0, 0, NULL },
		{ "c/0", INDEX_UNKNOWN, 0, 0, NULL },
		{ "c/01", INDEX_UNKNOWN, 0, 0, NULL },
		{ "c/4294967296", INDEX_UNKNOWN, 0, 0, NULL },
		{ "c/1/2", INDEX_UNKNOWN, 0, 0, NULL },
		{ "c/1 ", INDEX_UNKNOWN, 0, 0, NULL },
		{ "C/1", INDEX_UNKNOWN, 0, 0, NULL },
		{ "l/7", INDEX_UNKNOWN, 0, 0, NULL },
		{ "l//7", INDEX_UNKNOWN, 0, 0, NULL },
		{ "l/../7", INDEX_UNKNOWN, 0, 0, NULL },
		{ "l/en/x/7", INDEX_UNKNOWN, 0, 0, NULL },
		{ "l/0123456789012345678901234567890123456789012/7", INDEX_FRAGMENT, 'l', 7,
		  "0123456789012345678901234567890123456789012" },
		{ "l/01234567890123456789012345678901234567890123/7", INDEX_UNKNOWN, 0, 0, NULL },
		{ "files/", INDEX_UNKNOWN, 0, 0, NULL },
		{ "files/67", INDEX_UNKNOWN, 0, 0, NULL },
		{ "files/67/" SHA "0", INDEX_UNKNOWN, 0, 0, NULL },
		{ "files/66/" SHA, INDEX_UNKNOWN, 0, 0, NULL },
		{ "files/66/" SHA, INDEX_UNKNOWN, 0, 0, NULL },
		{ "files/67-" SHA, INDEX_UNKNOWN, 0, 0, NULL },
		{ "files/67/g123456789abcdef0123456789abcdef01234567", INDEX_UNKNOWN, 0, 0, NULL },
		{ "package.xml", INDEX_UNKNOWN, 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct index_name n;

		if (index_classify(rows[i].name, &n) != rows[i].class)
			fail_msg("%s", rows[i].name);
		if (rows[i].class != INDEX_FRAGMENT)
			continue;
		assert_int_equal(n.stream, rows[i].stream);
		assert_int_equal(n.revision, rows[i].revision);
		assert_string_equal(n.language, rows[i].language);
	}
}

/* Ids that shared a slot of the unseeded table, and digests that share their first bytes. */
static void what_was_seen_is_known(void **state)
{
	CLEANUP(index_clear) struct index x = { 0 };
	unsigned char sha1[20] = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= 50000; i++)
		assert_false(index_seen(&x, i * 4096));
	for (uint32_t i = 1; i <= 50000; i++)
		assert_true(index_seen(&x, i * 4096));
	assert_false(index_seen(&x, 1));
	assert_true(index_seen_location(&x, sha1)); /* all zero: named by its place */
	for (uint32_t i = 1; i <= 50000; i++) {
		memcpy(sha1 + 16, &i, sizeof i);
		assert_false(index_seen_location(&x, sha1));
	}
	for (uint32_t i = 1; i <= 50000; i++) {
		memcpy(sha1 + 16, &i, sizeof i);
		assert_true(index_seen_location(&x, sha1));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(indexes_are_read),
		cmocka_unit_test(wrong_indexes_are_refused),
		cmocka_unit_test(members_are_classified_by_their_names),
		cmocka_unit_test(what_was_seen_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
