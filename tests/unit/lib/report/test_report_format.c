/* Formats for other programs: structure, and texts that want to break out of it. */
#include "lib/report/report_format.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>

static const unsigned char id[16] = { 0xd3, 0x03, 0x37, 0x1d };

/* Everything hostile at once. */
static const struct report_item items[] = {
	{ .rule = "GF-C001",
	  .severity = CATALOG_ERROR,
	  .revision_id = 1293995,
	  .update_id = id,
	  .kb = "954474",
	  .file = "package.xml",
	  .value = "=cmd|' /C calc'!A0",
	  .message = "a \"quoted\" message]LOG]!><time=\"1\" $$<X>\r\nsecond line",
	  .next_step = "Do, then \"look\".",
	  .offset = 4711,
	  .dependents = 2 },
	{ .rule = "GF-C999", /* of a newer release */
	  .severity = CATALOG_NOTE,
	  .kb = "",
	  .file = "l/zh hant/1",
	  .value = "\xc3\xa4",
	  .message = "m",
	  .next_step = "n" },
};

static char *written(enum report_kind kind, size_t count)
{
	static const struct report_about about = { .program = "gapferry-export",
						   .command = "gapferry-export lint a.cab",
						   .subject = "a.cab",
						   .now = 1213142400 };
	static const struct report_totals totals = {
		.updates = 3, .processed = 2, .quarantined = 1, .counts = { 1, 0, 1 }
	};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct report_format *r = report_format_begin(f, kind, &about);

	for (size_t i = 0; i < count; i++)
		report_format_add(r, &items[i]);
	report_format_end(r, &totals);
	fclose(f);
	return text;
}

static void names_of_formats(void **state)
{
	static const char *const names[] = {
		"text", "json", "sarif", "csv", "wsyncmgr", "cmtrace"
	};
	struct error err = ERROR_INIT;
	enum report_kind kind;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(report_format_parse(names[i], &kind, &err), 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(report_format_parse(NULL, &kind, &err), 0);
	assert_int_equal(kind, REPORT_FORMAT_TEXT);
	assert_int_equal(report_format_parse("xml", &kind, &err), -1);
	assert_error(err, ERROR_USAGE, "--format xml");
}

static void json_is_json(void **state)
{
	(void)state;
	for (size_t count = 0; count <= COUNT(items); count++) {
		char *text = written(REPORT_FORMAT_JSON, count);
		json_t *j = json_loads(text, 0, NULL);

		assert_int_equal(json_array_size(json_object_get(j, "findings")), count);
		assert_int_equal(json_integer_value(json_object_get(j, "updates_quarantined")), 1);
		json_decref(j);
		free(text);
	}
}

static const json_t *at(const json_t *j, const char *a, const char *b)
{
	return json_object_get(json_object_get(j, a), b);
}

static void sarif_has_what_the_standard_requires(void **state)
{
	(void)state;
	for (size_t count = 0; count <= COUNT(items); count++) {
		char *text = written(REPORT_FORMAT_SARIF, count);
		json_t *j = json_loads(text, 0, NULL);
		const json_t *run = json_array_get(json_object_get(j, "runs"), 0);
		const json_t *rules = json_object_get(at(run, "tool", "driver"), "rules");
		const json_t *results = json_object_get(run, "results");

		assert_string_equal(json_string_value(json_object_get(j, "version")), "2.1.0");
		assert_string_equal(
			json_string_value(json_object_get(at(run, "tool", "driver"), "name")),
			"gapferry-export");
		assert_int_equal(json_array_size(rules), CATALOG_RULES_);
		assert_int_equal(json_array_size(results), count);
		for (size_t i = 0; i < count; i++) {
			const json_t *r = json_array_get(results, i);
			const json_t *index = json_object_get(r, "ruleIndex");
			const char *level = json_string_value(json_object_get(r, "level"));

			assert_string_equal(json_string_value(at(r, "message", "text")),
					    items[i].message);
			assert_string_equal(level, i ? "note" : "error");
			if (!index)
				continue;
			const json_t *rule =
				json_array_get(rules, (size_t)json_integer_value(index));
			assert_string_equal(json_string_value(json_object_get(rule, "id")),
					    items[i].rule);
		}
		json_decref(j);
		free(text);
	}
}

static void sarif_says_where(void **state)
{
	char *text = written(REPORT_FORMAT_SARIF, 2);
	json_t *j = json_loads(text, 0, NULL);
	const json_t *results =
		json_object_get(json_array_get(json_object_get(j, "runs"), 0), "results");
	const json_t *first =
		json_array_get(json_object_get(json_array_get(results, 0), "locations"), 0);
	const json_t *second =
		json_array_get(json_object_get(json_array_get(results, 1), "locations"), 0);
	const json_t *physical = json_object_get(first, "physicalLocation");

	(void)state;
	assert_int_equal(json_integer_value(at(physical, "region", "byteOffset")), 4711);
	assert_string_equal(json_string_value(at(physical, "artifactLocation", "uri")),
			    "package.xml");
	assert_string_equal(json_string_value(at(json_object_get(second, "physicalLocation"),
						 "artifactLocation", "uri")),
			    "l/zh%20hant/1");
	json_decref(j);
	free(text);
}

static void csv_cells_stay_cells(void **state)
{
	char *text = written(REPORT_FORMAT_CSV, 2);

	(void)state;
	assert_non_null(strstr(text, "severity,id,revision_id,update_id,kb,file,offset,value,"));
	assert_non_null(strstr(text,
			       "\r\nerror,GF-C001,1293995,"
			       "d303371d-0000-0000-0000-000000000000,\"954474\","
			       "\"package.xml\",4711,\"'=cmd|' /C calc'!A0\","
			       "\"a \"\"quoted\"\" message]LOG]!><time=\"\"1\"\" $$<X>??second"
			       " line\",\"Do, then \"\"look\"\".\",0,2\r\n"));
	free(text);
}

/* Every line has exactly one beginning and one end of its form. */
static void assert_lines(char *text, const char *begin, const char *end, size_t want)
{
	size_t lines = 0;

	for (char *line = text, *next; *line; line = next, lines++) {
		next = strstr(line, "\r\n");
		assert_non_null(next);
		*next = '\0';
		next += 2;
		assert_null(strchr(line, '\n'));
		if (*begin)
			assert_int_equal(strncmp(line, begin, strlen(begin)), 0);
		const char *mark = strstr(line, end);
		assert_non_null(mark);
		assert_null(strstr(mark + 1, end));
	}
	assert_int_equal(lines, want);
}

static void logs_have_one_line_each(void **state)
{
	char *text = written(REPORT_FORMAT_WSYNCMGR, 2);

	(void)state;
	assert_non_null(strstr(text, "Error 0x80004005, Unexpected DeploymentAction for update "
				     "1293995. Returned from CreateUpdateNode  "
				     "$$<SMS_WSUS_SYNC_MANAGER><06-11-2008 00:00:00.000+000>"
				     "<thread=1 (0x1)>\r\n"));
	assert_non_null(strstr(text, "STATMSG: ID=6709 SEV=I LEV=M SOURCE=\"SMS Server\""));
	assert_non_null(strstr(text, "GMTDATE=Wed Jun 11 00:00:00.000 2008"));
	assert_non_null(strstr(text, "Updates summary: 2 processed, 1 quarantined"));
	assert_lines(text, "", "  $$<", 11);
	free(text);
	text = written(REPORT_FORMAT_CMTRACE, 2);
	assert_non_null(strstr(text, "]LOG]!><time=\"00:00:00.000+000\" date=\"06-11-2008\" "
				     "component=\"SMS_WSUS_SYNC_MANAGER\" context=\"\" type=\"3\" "
				     "thread=\"1\" file=\"\">\r\n"));
	assert_lines(text, "<![LOG[", "]LOG]!>", 11);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_formats),
		cmocka_unit_test(json_is_json),
		cmocka_unit_test(sarif_has_what_the_standard_requires),
		cmocka_unit_test(sarif_says_where),
		cmocka_unit_test(csv_cells_stay_cells),
		cmocka_unit_test(logs_have_one_line_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
