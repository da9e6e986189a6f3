#include "lib/report/report.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define G "00000000-0000-0000-0000-0000000000"

/* One update with an unknown action, one that needs it, and more warnings than are shown. */
static struct catalog *judged(size_t warnings)
{
	struct error err = ERROR_INIT;
	struct catalog *c = catalog_new();
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);
	char *xml = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&xml, &len);

	fprintf(f, "<OfflineSyncPackage"
		   " xmlns=\"http://schemas.microsoft.com/msus/2004/02/OfflineSync\""
		   " PackageVersion=\"1.1\" ProtocolVersion=\"1.0\""
		   " MinimumClientVersion=\"5.8.0.2678\" PackageId=\"" G "aa\""
		   " SourceId=\"802cb907-a558-4033-9844-bbf65cd3481e\""
		   " CreationDate=\"2026-07-14T17:00:00Z\"><Updates>"
		   "<Update UpdateId=\"" G "10\" RevisionNumber=\"1\" RevisionId=\"10\" New=\"1\""
		   " DeploymentAction=\"Explode\xc3\xa4\"/>"
		   "<Update UpdateId=\"" G "11\" RevisionNumber=\"1\" RevisionId=\"11\""
		   " DeploymentAction=\"Evaluate\" IsSoftware=\"false\"><Prerequisites><UpdateId "
		   "Id=\"" G "10\"/></Prerequisites></Update>");
	for (size_t i = 0; i < warnings; i++)
		fprintf(f,
			"<Update UpdateId=\"" G "%02zx\" RevisionNumber=\"1\" RevisionId=\"%zu\""
			" DeploymentAction=\"Install\"/>",
			100 + i, 100 + i);
	fprintf(f, "</Updates></OfflineSyncPackage>");
	fclose(f);
	assert_int_equal(catalog_master_feed(m, xml, len, &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
	free(xml);
	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
	return c;
}

static void text_shows_every_error_and_some_warnings(void **state)
{
	(void)state;
	for (size_t warnings = REPORT_WARNINGS_SHOWN; warnings <= REPORT_WARNINGS_SHOWN + 1;
	     warnings++) {
		CLEANUP(catalog_free) struct catalog *c = judged(warnings);
		struct catalog_summary s;
		char *text = NULL;
		size_t len = 0, shown = 0;
		FILE *f = open_memstream(&text, &len);

		report_findings_text(f, c);
		catalog_summarize(c, &s);
		report_summary_text(f, &s);
		fclose(f);
		assert_non_null(strstr(text, "error GF-C001 revision 10 update " G "10"));
		assert_non_null(
			strstr(text, "Error 0x80004005, Unexpected DeploymentAction for update 10. "
				     "Returned from CreateUpdateNode"));
		assert_non_null(strstr(text, "error GF-C060 revision 11"));
		assert_non_null(strstr(text, "next step: "));
		for (const char *at = text; (at = strstr(at, "warning GF-")); at++)
			shown++;
		assert_int_equal(shown, REPORT_WARNINGS_SHOWN);
		assert_int_equal(strstr(text, "and 1 more warnings") != NULL,
				 warnings > REPORT_WARNINGS_SHOWN);
		assert_non_null(strstr(text, "1 notes"));
		char want[128];
		snprintf(want, sizeof want,
			 "Updates summary: %zu processed, 2 quarantined (1 of them", warnings);
		assert_non_null(strstr(text, want));
		free(text);
	}
}

static void json_has_every_key(void **state)
{
	static const char *const texts[] = { "id",   "severity", "update_id", "kb",
					     "file", "value",    "message",   "next_step" };
	static const char *const numbers[] = { "revision_id", "offset", "cause", "dependents" };
	CLEANUP(catalog_free) struct catalog *c = judged(2);
	json_t *array = json_array();
	struct catalog_summary s, sum = { 0 };

	(void)state;
	report_findings_json(c, array);
	assert_int_equal(json_array_size(array), catalog_finding_count(c));
	for (size_t i = 0; i < json_array_size(array); i++) {
		for (size_t k = 0; k < COUNT(texts); k++)
			assert_true(json_is_string(
				json_object_get(json_array_get(array, i), texts[k])));
		for (size_t k = 0; k < COUNT(numbers); k++)
			assert_true(json_is_integer(
				json_object_get(json_array_get(array, i), numbers[k])));
	}
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(array, 0), "dependents")), 1);
	json_decref(array);
	catalog_summarize(c, &s);
	report_add_summary(&sum, &s);
	report_add_summary(&sum, &s);
	assert_int_equal(sum.updates, 8);
	assert_int_equal(sum.processed, 4);
	assert_int_equal(sum.quarantined, 4);
	json_t *counts = report_counts_json(&sum);
	assert_int_equal(json_integer_value(json_object_get(counts, "error")), 4);
	assert_int_equal(json_integer_value(json_object_get(counts, "warning")), 4);
	assert_int_equal(json_integer_value(json_object_get(counts, "note")), 2);
	json_decref(counts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_shows_every_error_and_some_warnings),
		cmocka_unit_test(json_has_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
