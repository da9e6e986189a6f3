/* What the reader of a cabinet tells of it: one fault a row, exactly the finding it gives. */
#include "exporter/survey.h"

#include "lib/base/error.h"
#include "lib/cab/cab.h"
#include "lib/catalog/catalog.h"
#include "lib/crypto/authenticode.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define G "00000000-0000-0000-0000-0000000000"
#define D "AAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct catalog *judged(const char *created)
{
	struct error err = ERROR_INIT;
	struct catalog *c = catalog_new();
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);
	char xml[1024];
	int len = snprintf(xml, sizeof xml,
			   "<OfflineSyncPackage "
			   "xmlns=\"http://schemas.microsoft.com/msus/2004/02/OfflineSync\" "
			   "PackageVersion=\"1.1\" ProtocolVersion=\"1.0\" "
			   "MinimumClientVersion=\"5.8.0.2678\" PackageId=\"" G "aa\" "
			   "SourceId=\"802cb907-a558-4033-9844-bbf65cd3481e\" CreationDate=\"%s\">"
			   "<Updates><Update UpdateId=\"" G
			   "10\" RevisionNumber=\"1\" RevisionId=\"10\"/>"
			   "</Updates><FileLocations><FileLocation Id=\"" D "\" Url=\"x\" "
			   "IsIncluded=\"true\"/></FileLocations></OfflineSyncPackage>",
			   created);

	assert_int_equal(catalog_master_feed(m, xml, (size_t)len, &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
	assert_int_equal(catalog_finding_count(c), 0);
	return c;
}

/* "GF-C070 package2.cab 60000 @0": every finding, in order. */
static void assert_findings(const struct catalog *c, const char *want)
{
	char got[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < catalog_finding_count(c); i++) {
		const struct catalog_finding *f = catalog_finding_at(c, i);

		n += (size_t)snprintf(got + n, sizeof got - n, "%s%s %s %s @%u", i ? ", " : "",
				      catalog_rule_id(f->rule), f->file, f->value, f->revision_id);
	}
	assert_string_equal(got, want);
}

static void cabinets(void **state)
{
	static const struct {
		struct cab_info info;
		const char *want;
	} rows[] = {
		{ { .members = 58981, .folders = 1, .method = CAB_LZX }, "" },
		{ { .members = 58982, .folders = 1, .method = CAB_LZX },
		  "GF-C070 package2.cab 58982 @0" },
		{ { .members = 9, .folders = 2, .method = CAB_LZX }, "GF-C071 package2.cab 2 @0" },
		{ { .members = 9, .folders = 1, .method = CAB_MSZIP },
		  "GF-C072 package2.cab MSZIP @0" },
		{ { .members = 9, .folders = 1, .method = CAB_STORED },
		  "GF-C072 package2.cab none @0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct index x = { 0 };
		CLEANUP(catalog_free) struct catalog *c = judged("2026-07-14T17:00:00Z");
		CLEANUP(survey_free) struct survey *s = survey_new(c, &x);

		survey_cabinet(s, "package2.cab", &rows[i].info);
		assert_findings(c, rows[i].want);
	}
}

#define INDEX(cabs) "<INDEX VERSION=\"1\"><CABLIST XOR=\"0\">" cabs "</CABLIST></INDEX>"
#define CAB(n, rest) "<CAB NAME=\"package" n ".cab\" " rest "/>"

static void indexes(void **state)
{
	static const struct {
		const char *xml, *member, *want;
	} rows[] = {
		{ INDEX(CAB("", "") CAB("2", "RANGESTART=\"0\" FILESDIR=\"1\"")), "c/10", "" },
		{ INDEX(CAB("", "") CAB("2", "RANGESTART=\"5\" FILESDIR=\"1\"")), "c/10",
		  "GF-C078 index.xml 5 @0" },
		{ INDEX(CAB("", "") CAB("2", "RANGESTART=\"0\"")), "c/10",
		  "GF-C079 index.xml 0 @0" },
		{ INDEX(CAB("2", "RANGESTART=\"0\" FILESDIR=\"1\"")
				CAB("3", "RANGESTART=\"9\" FILESDIR=\"1\"")),
		  "c/8", "GF-C079 index.xml 2 @0" },
		{ INDEX(CAB("2", "RANGESTART=\"0\" FILESDIR=\"1\"") CAB("3", "RANGESTART=\"10\"")),
		  "l/en/10", "GF-C080 package2.cab/l/en/10 package3.cab @10" },
		{ INDEX(CAB("2", "RANGESTART=\"0\" FILESDIR=\"1\"") CAB("3", "RANGESTART=\"11\"")),
		  "x/10", "" },
		{ INDEX(CAB("2", "RANGESTART=\"0\" FILESDIR=\"1\"")), "C/10",
		  "GF-C073 package2.cab/C/10 C/10 @0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		CLEANUP(index_clear) struct index x = { 0 };
		struct index_name n;
		CLEANUP(catalog_free) struct catalog *c = judged("2026-07-14T17:00:00Z");
		CLEANUP(survey_free) struct survey *s = survey_new(c, &x);

		assert_int_equal(index_parse(&x, rows[i].xml, strlen(rows[i].xml), &err), 0);
		survey_index(s);
		enum index_class class = index_classify(rows[i].member, &n);
		survey_member(s, "package2.cab", rows[i].member, class, &n);
		assert_findings(c, rows[i].want);
	}
}

/* Whoever leaves out the revisions of the span leaves out no finding. */
static void spans_hold_no_finding(void **state)
{
	static const struct {
		const char *xml, *label;
		uint32_t first, last;
	} rows[] = {
		{ NULL, "package2.cab", 0, UINT32_MAX },
		{ INDEX(CAB("", "") CAB("2", "FILESDIR=\"1\"")), "package2.cab", 0, UINT32_MAX },
		{ INDEX(CAB("", "") CAB("2", "RANGESTART=\"0\"") CAB("3", "RANGESTART=\"9\"")),
		  "package2.cab", 0, 8 },
		{ INDEX(CAB("", "") CAB("2", "RANGESTART=\"0\"") CAB("3", "RANGESTART=\"9\"")),
		  "package3.cab", 9, UINT32_MAX },
		{ INDEX(CAB("2", "RANGESTART=\"5\"") CAB("4", "") CAB("3", "RANGESTART=\"9\"")),
		  "package2.cab", 5, 8 },
		{ INDEX(CAB("", "") CAB("2", "RANGESTART=\"0\"")), "package.cab", 1, 0 },
		{ INDEX(CAB("", "") CAB("2", "RANGESTART=\"0\"")), "package9.cab", 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		CLEANUP(index_clear) struct index x = { 0 };
		CLEANUP(catalog_free) struct catalog *c = judged("2026-07-14T17:00:00Z");
		CLEANUP(survey_free) struct survey *s = survey_new(c, &x);

		if (rows[i].xml)
			assert_int_equal(index_parse(&x, rows[i].xml, strlen(rows[i].xml), &err),
					 0);
		struct survey_span span = survey_span(s, rows[i].label);
		assert_int_equal(span.first, rows[i].first);
		assert_int_equal(span.last, rows[i].last);
		for (uint32_t revision = 1; revision < 20; revision++) {
			struct index_name n = { .stream = 'c', .revision = revision };

			if (span.first <= revision && revision <= span.last)
				survey_member(s, rows[i].label, "c/1", INDEX_FRAGMENT, &n);
		}
		assert_findings(c, "");
	}
}

static void licences(void **state)
{
	static const unsigned char right[20], wrong[20] = { 1 };
	static const struct {
		const char *name;
		const unsigned char *bytes;
		const char *want;
	} rows[] = {
		{ "files/00/0000000000000000000000000000000000000000", right, "" },
		{ "files/00/0000000000000000000000000000000000000000", wrong,
		  "GF-C081 package2.cab/files/00/0000000000000000000000000000000000000000 "
		  "0100000000000000000000000000000000000000 @0" },
		{ NULL, NULL, "GF-C082 package.xml 0000000000000000000000000000000000000000 @0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct index x = { 0 };
		struct index_name n;
		CLEANUP(catalog_free) struct catalog *c = judged("2026-07-14T17:00:00Z");
		CLEANUP(survey_free) struct survey *s = survey_new(c, &x);

		if (rows[i].name) {
			assert_int_equal(index_classify(rows[i].name, &n), INDEX_LICENCE);
			survey_licence(s, "package2.cab", rows[i].name, &n, rows[i].bytes);
		}
		survey_finish(s, 1800000000);
		assert_findings(c, rows[i].want);
	}
}

static void a_text_nobody_asked_for(void **state)
{
	static const char *const names[] = { "files/00/0000000000000000000000000000000000000000",
					     "files/AA/00000000000000000000000000000000000000AA" };
	struct index x = { 0 };
	CLEANUP(catalog_free) struct catalog *c = judged("2026-07-14T17:00:00Z");
	CLEANUP(survey_free) struct survey *s = survey_new(c, &x);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct index_name n;

		assert_int_equal(index_classify(names[i], &n), INDEX_LICENCE);
		survey_licence(s, "package2.cab", names[i], &n, n.sha1);
	}
	survey_finish(s, 1800000000);
	assert_findings(c, "GF-C083 files/00000000000000000000000000000000000000aa "
			   "00000000000000000000000000000000000000aa @0");
}

static void a_catalog_of_tomorrow(void **state)
{
	static const unsigned char right[20];
	struct index x = { 0 };
	struct index_name n;
	CLEANUP(catalog_free) struct catalog *c = judged("2026-07-14T17:00:00Z");
	CLEANUP(survey_free) struct survey *s = survey_new(c, &x);

	(void)state;
	index_classify("files/00/0000000000000000000000000000000000000000", &n);
	survey_licence(s, "p", "f", &n, right);
	survey_finish(s, 1784048400 - 86401);
	assert_findings(c, "GF-C097 package.xml 2026-07-14T17:00:00Z @0");
}

static void signatures(void **state)
{
	static const struct {
		const char *created;
		enum authenticode_kind kind;
		enum authenticode_digest digest;
		const char *want;
	} rows[] = {
		{ "2026-07-14T17:00:00Z", AUTHENTICODE_SIGNED, AUTHENTICODE_DIGEST_OK, "" },
		{ "2026-07-14T17:00:00Z", AUTHENTICODE_UNSIGNED, AUTHENTICODE_DIGEST_NONE,
		  "GF-C076 a.cab  @0" },
		{ "2020-08-01T00:00:00Z", AUTHENTICODE_SIGNED, AUTHENTICODE_DIGEST_SHA1,
		  "GF-C077 a.cab 2020-08-01T00:00:00Z @0" },
		{ "2020-07-31T23:59:59Z", AUTHENTICODE_SIGNED, AUTHENTICODE_DIGEST_SHA1, "" },
		{ "2026-07-14T17:00:00Z", AUTHENTICODE_OTHER, AUTHENTICODE_DIGEST_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct authenticode_verdict v = { .kind = rows[i].kind,
							.digest = rows[i].digest };
		CLEANUP(catalog_free) struct catalog *c = judged(rows[i].created);

		survey_signature(c, "a.cab", &v);
		assert_findings(c, rows[i].want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cabinets),
		cmocka_unit_test(indexes),
		cmocka_unit_test(spans_hold_no_finding),
		cmocka_unit_test(licences),
		cmocka_unit_test(a_text_nobody_asked_for),
		cmocka_unit_test(a_catalog_of_tomorrow),
		cmocka_unit_test(signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
