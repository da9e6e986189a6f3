/* What a catalog makes of its pieces: limits, titles, licences, offsets, any order. */
#include "lib/catalog/catalog.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define G "00000000-0000-0000-0000-0000000000"
#define D "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ID(n) " UpdateId=\"" G #n "\" RevisionNumber=\"1\" RevisionId=\"" #n "\""
#define DETECT(n, inner) \
	"<Update" ID(n) " DeploymentAction=\"Evaluate\" IsSoftware=\"false\">" inner "</Update>"
#define HEAD "<OfflineSyncPackage PackageVersion=\"1.1\"><Updates>"
#define TAIL "</Updates></OfflineSyncPackage>"

static void add_master(struct catalog *c, const char *xml)
{
	struct error err = ERROR_INIT;
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);

	assert_int_equal(catalog_master_feed(m, xml, strlen(xml), &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
	assert_no_error(err);
}

static void add(struct catalog *c, char stream, const char *language, uint32_t revision,
		const char *text)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_add_fragment(c, (enum catalog_stream)stream, language, revision,
					      text, strlen(text), &err),
			 0);
	assert_no_error(err);
}

static void judge(struct catalog *c)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
}

static const struct catalog_finding *find(const struct catalog *c, enum catalog_rule rule)
{
	for (size_t i = 0; i < catalog_finding_count(c); i++)
		if (catalog_finding_at(c, i)->rule == rule)
			return catalog_finding_at(c, i);
	fail_msg("no finding %s", catalog_rule_id(rule));
	return NULL;
}

/* The heads of these documents are too short for some rules. */
static bool has_fragment_finding(const struct catalog *c)
{
	for (size_t i = 0; i < catalog_finding_count(c); i++)
		if (strcmp(catalog_finding_at(c, i)->file, "package.xml") != 0)
			return true;
	return false;
}

static void titles_are_chosen_whatever_the_order(void **state)
{
	static const struct {
		const char *default_language, *languages[4], *want;
	} rows[] = {
		{ "de", { "fr", "de", "en", NULL }, "en" },
		{ "de", { "fr", "EN", "de", NULL }, "EN" },
		{ "de", { "fr", "cs", "de", NULL }, "de" },
		{ "De", { "fr", "dE", NULL }, "dE" },
		{ "", { "fr", "cs", "zh", NULL }, "cs" },
		{ "ja", { "fr", "cs", "zh", NULL }, "cs" },
		{ "", { "fr", NULL }, "fr" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t variant = 0; variant < 12; variant++) {
			CLEANUP(catalog_free) struct catalog *c = catalog_new();
			char xml[512], text[128];
			size_t n = 0;

			snprintf(xml, sizeof xml,
				 HEAD "<Update" ID(10) " DefaultLanguage=\"%s\"/>" TAIL,
				 rows[i].default_language);
			while (rows[i].languages[n])
				n++;
			for (size_t k = 0; k <= n; k++) {
				/* the master document in every place, the titles from either end */
				size_t at = variant < 6 ? k : n - k;

				if (at == (variant % 6) % (n + 1))
					add_master(c, xml);
				if (at == n)
					continue;
				const char *l = rows[i].languages[at];
				snprintf(text, sizeof text,
					 "<LocalizedProperties><Title>T-%s</Title></"
					 "LocalizedProperties>",
					 l);
				add(c, 'l', l, 10, text);
			}
			judge(c);
			const struct catalog_revision *r = catalog_by_revision(c, 10);
			if (strcmp(r->title_language, rows[i].want) != 0)
				fail_msg("row %zu.%zu: %s", i, variant, r->title_language);
			assert_string_equal(r->title + 2, rows[i].want);
		}
}

static void licences_are_kept_with_their_digests(void **state)
{
	static const char with[] =
		"<EulaFile Digest=\"" D "\" Language=\"de\"><AdditionalDigest Algorithm=\"SHA256\">"
		"//////////////////////////////////////////8=</AdditionalDigest></EulaFile>";
	static const char without[] = "<EulaFile Digest=\"" D "\"/>";
	CLEANUP(catalog_free) struct catalog *c = catalog_new();

	(void)state;
	add(c, 'e', "fr", 10, without);
	add(c, 'e', "de", 10, with);
	add_master(c, HEAD DETECT(10, "") TAIL);
	add(c, 'e', "cs", 10, without);
	judge(c);
	const struct catalog_revision *r = catalog_by_revision(c, 10);
	assert_int_equal(r->licences_count, 3);
	assert_string_equal(r->licences[0].language, "cs");
	assert_string_equal(r->licences[1].language, "de");
	assert_string_equal(r->licences[2].language, "fr");
	assert_true(r->licences[1].has_sha256);
	assert_int_equal(r->licences[1].sha256[31], 0xff);
	assert_false(r->licences[0].has_sha256);
	assert_false(has_fragment_finding(c));
}

/* One licence more than a revision may have is left out; adding them one by one stays cheap. */
static void licences_have_a_limit(void **state)
{
	CLEANUP(catalog_free) struct catalog *c = catalog_new();

	(void)state;
	add_master(c, HEAD DETECT(10, "") TAIL);
	for (unsigned i = 0; i <= LIMIT_UPDATE_LICENCES; i++) {
		char language[16];

		snprintf(language, sizeof language, "x%06u", i);
		add(c, 'e', language, 10, "<EulaFile Digest=\"" D "\"/>");
	}
	judge(c);
	const struct catalog_revision *r = catalog_by_revision(c, 10);
	assert_int_equal(r->licences_count, LIMIT_UPDATE_LICENCES);
	assert_string_equal(r->licences[0].language, "x000000");
	assert_string_equal(r->licences[LIMIT_UPDATE_LICENCES - 1].language, "x001023");
}

static void relations_have_a_limit(void **state)
{
	(void)state;
	for (unsigned over = 0; over <= 1; over++) {
		CLEANUP(catalog_free) struct catalog *c = catalog_new();
		CLEANUP(buf_clear) struct buf xml = BUF_INIT(LIMIT_FRAGMENT_BYTES);
		struct error err = ERROR_INIT;

		assert_int_equal(buf_printf(&xml, &err, HEAD "<Update" ID(10) "><SupersededBy>"),
				 0);
		for (unsigned i = 0; i < LIMIT_UPDATE_RELATIONS + over; i++)
			assert_int_equal(buf_printf(&xml, &err, "<Revision Id=\"10\"/>"), 0);
		assert_int_equal(buf_printf(&xml, &err, "</SupersededBy></Update>" TAIL "%c", 0),
				 0);
		add_master(c, (const char *)xml.bytes);
		judge(c);
		const struct catalog_revision *r = catalog_by_revision(c, 10);
		assert_int_equal(r->superseded_by_count, LIMIT_UPDATE_RELATIONS);
		assert_int_equal(r->verdict, over ? CATALOG_QUARANTINED : CATALOG_OK);
		if (over)
			assert_int_equal(find(c, CATALOG_RULE_RELATIONS_LIMIT)->revision_id, 10);
	}
}

static void updates_have_a_limit(void **state)
{
	CLEANUP(catalog_free) struct catalog *c = catalog_new();
	struct catalog_update u = { .creation_text = "",
				    .default_language = "",
				    .action_text = "" };
	struct error err = ERROR_INIT;

	(void)state;
	for (uint32_t i = 1; i <= LIMIT_CATALOG_UPDATES; i++) {
		u.revision_id = i;
		if (catalog_add_update(c, &u, i, &err) != 0)
			fail_msg("update %u: %s", i, err.message);
	}
	u.revision_id = LIMIT_CATALOG_UPDATES + 1;
	assert_int_equal(catalog_add_update(c, &u, 0, &err), -1);
	assert_error(err, ERROR_CATALOG_LIMIT, "more than 2000000 updates");
	error_clear(&err);
	assert_int_equal(catalog_add_fragment(c, CATALOG_STREAM_CORE, "", UINT32_MAX, "", 0, &err),
			 -1);
	assert_int_equal(err.id, ERROR_CATALOG_LIMIT);
	error_clear(&err);
	u.revision_id = 1; /* a duplicate needs a record of its own */
	assert_int_equal(catalog_add_update(c, &u, 0, &err), -1);
	assert_int_equal(err.id, ERROR_CATALOG_LIMIT);
	error_clear(&err);
	assert_int_equal(catalog_add_fragment(c, CATALOG_STREAM_COMPLETE, "", 7, "<a/>", 4, &err),
			 0);
}

/* What is not kept is counted, and a flood of notes pushes out no error. */
static void findings_have_a_limit_for_each_severity(void **state)
{
	CLEANUP(catalog_findings_clear) struct catalog_findings l = { .items = NULL };
	struct catalog_finding note = { .rule = CATALOG_RULE_ELEMENT_UNKNOWN, .revision_id = 2 };
	struct catalog_finding error = { .rule = CATALOG_RULE_ACTION_TEXT, .revision_id = 1 };

	(void)state;
	for (unsigned i = 0; i < LIMIT_FINDINGS; i++)
		catalog_finding_add(&l, &note, "");
	assert_int_equal(l.count, LIMIT_FINDINGS);
	catalog_finding_add(&l, &note, "");
	assert_int_equal(l.count, LIMIT_FINDINGS);
	assert_int_equal(l.seen[CATALOG_NOTE], LIMIT_FINDINGS + 1);
	catalog_finding_add(&l, &error, "");
	assert_int_equal(l.count, LIMIT_FINDINGS + 1);
	catalog_finding_sort(&l);
	assert_int_equal(l.items[0].rule, CATALOG_RULE_ACTION_TEXT);
}

static void a_fragment_has_a_limit(void **state)
{
	CLEANUP(catalog_fragment_free) struct catalog_fragment_parser *p = catalog_fragment_new();
	char *text = buf_malloc(LIMIT_FRAGMENT_BYTES + 1);
	struct catalog_fragment f;
	struct error err = ERROR_INIT;

	(void)state;
	memset(text, ' ', LIMIT_FRAGMENT_BYTES + 1);
	/* blanks between elements, in pieces below the limit of one text node */
	for (size_t i = 0; i < LIMIT_FRAGMENT_BYTES; i += LIMIT_XML_TEXT / 2)
		memcpy(text + i, "<Properties/>", 13);
	assert_int_equal(catalog_fragment_parse(p, CATALOG_STREAM_CORE, "c/1", text,
						LIMIT_FRAGMENT_BYTES, &f, &err),
			 0);
	assert_no_error(err);
	assert_int_equal(catalog_fragment_parse(p, CATALOG_STREAM_CORE, "c/1", text,
						LIMIT_FRAGMENT_BYTES + 1, &f, &err),
			 -1);
	assert_error(err, ERROR_XML_LIMIT, "c/1");
	free(text);
}

static void offsets_point_at_the_place(void **state)
{
	static const char xml[] = HEAD "<Update" ID(
		10) " New=\"1\"/>"
		    "<Update" ID(
			    11) "><Strange/></Update>"
				"<Update" ID(
					12) "><PayloadFiles><File "
					    "Id=\"?\"/></PayloadFiles></Update>"
					    "<Update" ID(
						    13) "><Categories><Category Type=\"New\" "
							"Id=\"" G "20\"/></Categories></Update>"
							"<Update" ID(
								14) " CreationDate=\"never\"/>"
								    "<Update" ID(
									    14) "/>"
										"</Updates><Odd/></"
										"OfflineSyncPackage"
										">";
	static const char fragment[] =
		" <UpdateIdentity UpdateID=\"" G "10\" RevisionNumber=\"1\"/> <New/>";
	CLEANUP(catalog_free) struct catalog *c = catalog_new();

	(void)state;
	add_master(c, xml);
	add(c, 'c', "", 10, fragment);
	add(c, 'x', "", 10, "<ExtendedProperties><KBArticleID>");
	judge(c);
	const struct {
		enum catalog_rule rule;
		const char *file, *text, *place;
	} rows[] = {
		{ CATALOG_RULE_ATTRIBUTE_UNKNOWN, "package.xml", xml, "<Update" ID(10) },
		{ CATALOG_RULE_DIGEST_TEXT, "package.xml", xml, "<File Id=\"?\"" },
		{ CATALOG_RULE_CATEGORY_TYPE, "package.xml", xml, "<Category Type=\"New\"" },
		{ CATALOG_RULE_DATE_TEXT, "package.xml", xml, "<Update" ID(14) " C" },
		{ CATALOG_RULE_REVISION_DUPLICATE, "package.xml", xml, "<Update" ID(14) "/>" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct catalog_finding *f = find(c, rows[i].rule);

		assert_string_equal(f->file, rows[i].file);
		if (rows[i].text + f->offset != strstr(rows[i].text, rows[i].place))
			fail_msg("%s: byte %u", catalog_rule_id(f->rule), (unsigned)f->offset);
	}
	const struct catalog_finding *f = find(c, CATALOG_RULE_FRAGMENT_MALFORMED);
	assert_string_equal(f->file, "x/10");
	assert_int_equal(f->offset, strlen("<ExtendedProperties><KBArticleID>"));
	size_t unknown = 0;
	for (size_t i = 0; i < catalog_finding_count(c); i++) {
		f = catalog_finding_at(c, i);
		if (f->rule != CATALOG_RULE_ELEMENT_UNKNOWN)
			continue;
		unknown++;
		const char *text = strcmp(f->file, "c/10") == 0 ? fragment : xml;
		const char *place = f->revision_id == 11  ? "<Strange/>"
				    : f->revision_id == 0 ? "<Odd/>"
							  : "<New/>";
		assert_ptr_equal(text + f->offset, strstr(text, place));
	}
	assert_int_equal(unknown, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles_are_chosen_whatever_the_order),
		cmocka_unit_test(licences_are_kept_with_their_digests),
		cmocka_unit_test(licences_have_a_limit),
		cmocka_unit_test(relations_have_a_limit),
		cmocka_unit_test(updates_have_a_limit),
		cmocka_unit_test(findings_have_a_limit_for_each_severity),
		cmocka_unit_test(a_fragment_has_a_limit),
		cmocka_unit_test(offsets_point_at_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
