/* Full documents: what one says, and what a catalog makes of many. */
#include "lib/catalog/catalog_full.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_document.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define NS "xmlns:upd=\"http://schemas.microsoft.com/msus/2002/12/Update\""
#define GUID(n) "a0000000-0000-4000-8000-0000000000" n
#define IDENTITY(n) "<upd:UpdateIdentity UpdateID=\"" GUID(n) "\" RevisionNumber=\"1\" />"
#define REF(n) "<upd:UpdateIdentity UpdateID=\"" GUID(n) "\" />"
#define CHILD(n, r) "<upd:UpdateIdentity UpdateID=\"" GUID(n) "\" RevisionNumber=\"" r "\" />"
#define SHA1 "h/W9BGlYUAaqXTp30cZi/SiV3c0="
#define SHA256 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define DOCUMENT(n, properties, rest)                                                            \
	"<upd:Update " NS ">" IDENTITY(n) "<upd:Properties " properties "</upd:Properties>" rest \
					  "</upd:Update>"

static void parse(const char *text, struct catalog_document_parser *p, struct catalog_document *d)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_document_parse(p, "s/1", text, strlen(text), d, &err), 0);
	assert_no_error(err);
}

static void everything_of_interest_is_read(void **state)
{
	static const char text[] = DOCUMENT(
		"01",
		"UpdateType=\"Software\" ExplicitlyDeployable=\"true\" MsrcSeverity=\"Critical\" "
		"DefaultPropertiesLanguage=\"en\" PublicationState=\"Expired\" "
		"CreationDate=\"2004-02-28T18:17:34.1032476-08:00\">"
		"<upd:SupportUrl>u</upd:SupportUrl><upd:KBArticleID> 77 </upd:KBArticleID>"
		"<upd:SecurityBulletinID>MS1</upd:SecurityBulletinID><upd:Language>de</"
		"upd:Language>",
		"<upd:LocalizedPropertiesCollection><upd:LocalizedProperties>"
		"<upd:Language>en</upd:Language><upd:Title>T &amp; t</upd:Title>"
		"<upd:EulaFile Digest=\"" SHA1 "\" DigestAlgorithm=\"SHA1\" Size=\"9\">"
		"<upd:AdditionalDigest Algorithm=\"SHA256\">" SHA256 "</upd:AdditionalDigest>"
		"</upd:EulaFile></upd:LocalizedProperties></upd:LocalizedPropertiesCollection>"
		"<upd:Relationships><upd:SupersededUpdates>" REF(
			"02") "</upd:SupersededUpdates>"
			      "<upd:Prerequisites>" REF(
				      "03") "<upd:AtLeastOne IsCategory=\"true\">" REF("04")
				      REF("05") "</upd:AtLeastOne><upd:AtLeastOne></"
						"upd:AtLeastOne></upd:Prerequisites>"
						"<upd:BundledUpdates>" CHILD(
							"06",
							"2") "<upd:AtLeastOne>" CHILD("07",
										      "3") "</"
											   "upd:"
											   "AtLeast"
											   "One></"
											   "upd:"
											   "Bundled"
											   "Updates"
											   "></"
											   "upd:"
											   "Relatio"
											   "nships>"
											   "<upd:"
											   "Applica"
											   "bilityR"
											   "ules><"
											   "x:"
											   "Anythin"
											   "g "
											   "/></"
											   "upd:"
											   "Applica"
											   "bilityR"
											   "ules>"
											   "<upd:"
											   "Files><"
											   "upd:"
											   "File "
											   "Digest="
											   "\"" SHA1
											   "\" "
											   "FileNam"
											   "e=\"a."
											   "cab\" "
											   "Size="
											   "\"12\">"
											   "<upd:"
											   "Additio"
											   "nalDige"
											   "st "
											   "Algorit"
											   "hm="
											   "\"SHA25"
											   "6\""
											   ">" SHA256
											   "</"
											   "upd:"
											   "Additio"
											   "nalDige"
											   "st>"
											   "</"
											   "upd:"
											   "File></"
											   "upd:"
											   "Files"
											   ">");
	CLEANUP(catalog_document_free)
	struct catalog_document_parser *p = catalog_document_new();
	struct catalog_document d;

	(void)state;
	parse(text, p, &d);
	assert_int_equal(d.problems.count, 0);
	assert_true(d.has_update_id && d.explicitly_deployable);
	assert_int_equal(d.revision_number, 1);
	assert_string_equal(d.update_type, "Software");
	assert_string_equal(d.kb, "77");
	assert_string_equal(d.bulletin, "MS1");
	assert_string_equal(d.severity, "Critical");
	assert_string_equal(d.publication_state, "Expired");
	assert_int_equal(d.creation, 1078021054); /* 2004-02-29T02:17:34Z */
	assert_int_equal(d.titles_count, 1);
	assert_string_equal(d.titles[0].title, "T & t");
	assert_int_equal(d.languages_count, 1);
	assert_int_equal(d.superseded_count, 1);
	assert_int_equal(d.prerequisites_count, 2);
	assert_int_equal(d.prerequisites[1].count, 2);
	assert_int_equal(d.bundled_count, 2);
	assert_int_equal(d.bundled[1].revision_number, 3);
	assert_int_equal(d.files_count, 1);
	assert_true(d.files[0].has_sha256 && d.files[0].has_size);
	assert_int_equal(d.licences_count, 1);
	assert_true(d.licences[0].has_sha256 && d.licences[0].size == 9);
	assert_string_equal(d.licences[0].language, "en");
}

static void prefixes_are_free(void **state)
{
	static const struct {
		const char *root;
		size_t problems;
	} rows[] = {
		{ "<Update xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\">%s</Update>",
		  0 },
		{ "<u:Update "
		  "xmlns:u=\"http://schemas.microsoft.com/msus/2002/12/Update\">%s</u:Update>",
		  0 },
		{ "<u:Update xmlns:u=\"http://example.org\">%s</u:Update>", 1 },
		{ "<u:Update>%s</u:Update>", 1 },
	};
	CLEANUP(catalog_document_free)
	struct catalog_document_parser *p = catalog_document_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct catalog_document d;
		char head[256], tail[32], text[512];
		const char *hole = strstr(rows[i].root, "%s");

		snprintf(head, sizeof head, "%.*s", (int)(hole - rows[i].root), rows[i].root);
		snprintf(tail, sizeof tail, "%s", hole + 2);
		snprintf(text, sizeof text, "%s%s%s", head, IDENTITY("01"), tail);
		parse(text, p, &d);
		assert_true(d.has_update_id);
		assert_int_equal(d.problems.count, rows[i].problems);
		if (d.problems.count > 0)
			assert_int_equal(d.problems.items[0].rule, CATALOG_RULE_NAMESPACE_UNKNOWN);
	}
}

static void values_that_are_wrong_are_problems(void **state)
{
	static const struct {
		const char *text;
		enum catalog_rule rule;
	} rows[] = {
		{ "<upd:Update " NS "><upd:UpdateIdentity RevisionNumber=\"1\" /></upd:Update>",
		  CATALOG_RULE_ATTRIBUTE_MISSING },
		{ "<upd:Update " NS
		  "><upd:UpdateIdentity UpdateID=\"" GUID("01") "\" /></upd:Update>",
		  CATALOG_RULE_ATTRIBUTE_MISSING },
		{ "<upd:Update " NS "><upd:UpdateIdentity UpdateID=\"x\" RevisionNumber=\"1\" />"
		  "</upd:Update>",
		  CATALOG_RULE_GUID_TEXT },
		{ DOCUMENT("01", "CreationDate=\"2004-02-28T18:17:34+99:00\">", ""),
		  CATALOG_RULE_DATE_TEXT },
		{ DOCUMENT("01", "CreationDate=\"2004-02-28T18:17:34.5x\">", ""),
		  CATALOG_RULE_DATE_TEXT },
		{ DOCUMENT("01", "CreationDate=\"\">", ""), CATALOG_RULE_DATE_TEXT },
		{ DOCUMENT("01", "ExplicitlyDeployable=\"1\">", ""), CATALOG_RULE_BOOLEAN_TEXT },
		{ DOCUMENT("01", ">", "<upd:Files><upd:File Digest=\"x\" /></upd:Files>"),
		  CATALOG_RULE_DIGEST_TEXT },
		{ DOCUMENT("01", ">",
			   "<upd:Files><upd:File Digest=\"" SHA1
			   "\" DigestAlgorithm=\"MD5\" /></upd:Files>"),
		  CATALOG_RULE_DIGEST_TEXT },
		{ DOCUMENT("01", ">",
			   "<upd:Relationships><upd:BundledUpdates>" REF(
				   "02") "</upd:BundledUpdates></upd:Relationships>"),
		  CATALOG_RULE_ATTRIBUTE_MISSING },
		{ DOCUMENT("01", ">", "<upd:New />"), CATALOG_RULE_ELEMENT_UNKNOWN },
	};
	CLEANUP(catalog_document_free)
	struct catalog_document_parser *p = catalog_document_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct catalog_document d;

		parse(rows[i].text, p, &d);
		assert_int_equal(d.problems.count, 1);
		assert_int_equal(d.problems.items[0].rule, rows[i].rule);
	}
}

static void other_documents_are_refused(void **state)
{
	static const char *const rows[] = { "", "<a/>", "<upd:Update/><upd:Update/>", "text",
					    "<upd:Update>" };
	CLEANUP(catalog_document_free)
	struct catalog_document_parser *p = catalog_document_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct catalog_document d;

		assert_int_equal(
			catalog_document_parse(p, "s/1", rows[i], strlen(rows[i]), &d, &err), -1);
		assert_int_not_equal(err.id, ERROR_NONE);
	}
}

/* ---- a catalog ---- */

static void add(struct catalog *c, char stream, uint32_t revision, const char *text)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_full_add(c, stream, revision, revision, text, strlen(text), &err),
			 0);
	assert_no_error(err);
}

static void list_with(struct catalog *c, uint32_t revision, const char *guid, const char *number,
		      const char *categories)
{
	char text[400];

	snprintf(text, sizeof text,
		 "<Update UpdateId=\"%s\" RevisionNumber=\"%s\"><Files />%s</Update>", guid, number,
		 categories);
	add(c, 'u', revision, text);
}

static void list(struct catalog *c, uint32_t revision, const char *guid, const char *number)
{
	list_with(c, revision, guid, number, "<Categories /><Classifications />");
}

/* Of a product 01 and a classification 04, as every bundle is. */
static void list_bundle(struct catalog *c, uint32_t revision, const char *guid)
{
	list_with(c, revision, guid, "1",
		  "<Categories><Category Value=\"" GUID(
			  "01") "\" /></Categories>"
				"<Classifications><Classification Value=\"" GUID(
					"04") "\" />"
					      "</Classifications>");
}

static void judge(struct catalog *c)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
}

#define CATEGORY_OF(n, type)                                                                      \
	DOCUMENT(n, "UpdateType=\"Category\">",                                                   \
		 "<upd:HandlerSpecificData><cat:CategoryInformation CategoryType=\"" type "\" />" \
		 "</upd:HandlerSpecificData>")
#define CATEGORY(n) CATEGORY_OF(n, "Product")
#define CLASSIFICATION(n) CATEGORY_OF(n, "UpdateClassification")
#define LEAF(n)                                                                            \
	DOCUMENT(n, "UpdateType=\"Software\">",                                            \
		 "<upd:Relationships><upd:Prerequisites>" REF("01") "</upd:Prerequisites>" \
								    "</upd:Relationships>")
#define BUNDLE(n, child)                                                      \
	DOCUMENT(n, "UpdateType=\"Software\" ExplicitlyDeployable=\"true\">", \
		 "<upd:Relationships><upd:SupersededUpdates>" REF(            \
			 "02") "</upd:SupersededUpdates>"                     \
			       "<upd:BundledUpdates>" child                   \
			       "</upd:BundledUpdates></upd:Relationships>")

static void relations_are_turned_round(void **state)
{
	(void)state;
	/* In either order of pieces and documents. */
	for (int late = 0; late < 2; late++) {
		CLEANUP(catalog_free) struct catalog *c = catalog_new();

		for (int round = 0; round < 2; round++)
			if (round == late) {
				list(c, 10, GUID("01"), "1");
				list(c, 20, GUID("02"), "1");
				list_bundle(c, 30, GUID("03"));
				list(c, 40, GUID("04"), "1");
			} else {
				add(c, 's', 30, BUNDLE("03", CHILD("02", "1")));
				add(c, 's', 20, LEAF("02"));
				add(c, 's', 10, CATEGORY("01"));
				add(c, 's', 40, CLASSIFICATION("04"));
			}
		judge(c);
		const struct catalog_revision *category = catalog_by_revision(c, 10);
		const struct catalog_revision *leaf = catalog_by_revision(c, 20);
		const struct catalog_revision *bundle = catalog_by_revision(c, 30);
		assert_int_equal(catalog_finding_count(c), 0);
		assert_int_equal(category->action, CATALOG_ACTION_EVALUATE);
		assert_false(category->is_leaf || category->is_software);
		assert_int_equal(leaf->action, CATALOG_ACTION_BUNDLE);
		assert_int_equal(leaf->bundled_by_count, 1);
		assert_int_equal(leaf->bundled_by[0], 30);
		assert_int_equal(leaf->superseded_by_count, 1);
		assert_int_equal(leaf->superseded_by[0], 30);
		assert_int_equal(leaf->categories_count, 1);
		assert_int_equal(leaf->categories[0].type, CATALOG_CATEGORY_PRODUCT);
		assert_true(leaf->is_leaf);
		assert_int_equal(bundle->action, CATALOG_ACTION_ABSENT);
		assert_true(bundle->is_bundle);
	}
}

/* The rules that an error finding names, in their order; how many errors. */
static size_t errors(struct catalog *c, enum catalog_rule *first)
{
	size_t count = 0;

	for (size_t i = 0; i < catalog_finding_count(c); i++)
		if (catalog_finding_at(c, i)->severity == CATALOG_ERROR && count++ == 0)
			*first = catalog_finding_at(c, i)->rule;
	return count;
}

static void what_does_not_fit_is_quarantined(void **state)
{
	static const struct {
		const char *document; /* of revision 20, listed as 02.1; NULL: none */
	} rows[] = {
		{ NULL },
		{ "garbage" },
		{ LEAF("09") },
		{ DOCUMENT("02", ">", "<upd:Files><upd:File Digest=\"x\" /></upd:Files>") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(catalog_free) struct catalog *c = catalog_new();
		enum catalog_rule rule = CATALOG_RULES_;

		list(c, 10, GUID("01"), "1");
		add(c, 's', 10, CATEGORY("01"));
		list(c, 20, GUID("02"), "1");
		if (rows[i].document)
			add(c, 's', 20, rows[i].document);
		judge(c);
		assert_true(errors(c, &rule) > 0);
		assert_int_equal(rule, i == 3 ? CATALOG_RULE_DIGEST_TEXT
					      : CATALOG_RULE_FRAGMENT_MALFORMED);
		assert_int_equal(catalog_by_revision(c, 20)->verdict, CATALOG_QUARANTINED);
		assert_int_equal(catalog_by_revision(c, 10)->verdict, CATALOG_OK);
	}
}

static void a_child_that_is_not_here_is_told(void **state)
{
	CLEANUP(catalog_free) struct catalog *c = catalog_new();

	(void)state;
	list(c, 10, GUID("01"), "1");
	add(c, 's', 10, CATEGORY("01"));
	list(c, 20, GUID("02"), "1");
	add(c, 's', 20, LEAF("02"));
	list(c, 40, GUID("04"), "1");
	add(c, 's', 40, CLASSIFICATION("04"));
	list_bundle(c, 30, GUID("03"));
	add(c, 's', 30, BUNDLE("03", CHILD("02", "2")));
	judge(c);
	assert_int_equal(catalog_finding_count(c), 1);
	assert_int_equal(catalog_finding_at(c, 0)->rule, CATALOG_RULE_BUNDLE_DANGLING);
	assert_string_equal(catalog_finding_at(c, 0)->value, GUID("02") ".2");
}

static void numbers_are_unique_and_stay(void **state)
{
	enum { COUNT_ALL = 5000 };
	struct catalog_full_identity *all = buf_calloc(COUNT_ALL, sizeof *all);
	struct catalog_full_identity one;

	(void)state;
	for (uint32_t i = 0; i < COUNT_ALL; i++) {
		memcpy(all[i].update_id.bytes, &(uint32_t){ i / 3 }, 4);
		all[i].revision_number = i % 3;
	}
	catalog_full_number(all, COUNT_ALL);
	for (uint32_t i = 0; i < COUNT_ALL; i += 7) {
		one = (struct catalog_full_identity){ .update_id = all[i].update_id,
						      .revision_number = all[i].revision_number };
		catalog_full_number(&one, 1);
		assert_int_equal(one.revision_id, all[i].revision_id);
		assert_true(one.revision_id > 0);
	}
	/* Two that ask for the same place get different ones. */
	all[1] = all[0];
	catalog_full_number(all, 2);
	assert_int_not_equal(all[0].revision_id, all[1].revision_id);
	free(all);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_interest_is_read),
		cmocka_unit_test(prefixes_are_free),
		cmocka_unit_test(values_that_are_wrong_are_problems),
		cmocka_unit_test(other_documents_are_refused),
		cmocka_unit_test(relations_are_turned_round),
		cmocka_unit_test(what_does_not_fit_is_quarantined),
		cmocka_unit_test(a_child_that_is_not_here_is_told),
		cmocka_unit_test(numbers_are_unique_and_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
