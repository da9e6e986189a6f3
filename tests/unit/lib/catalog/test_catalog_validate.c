/* One seeded fault per row, and exactly the findings it must give. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define G "00000000-0000-0000-0000-0000000000"
#define NS " xmlns=\"http://schemas.microsoft.com/msus/2004/02/OfflineSync\""
#define PACKAGE                                                                               \
	" PackageVersion=\"1.1\" ProtocolVersion=\"1.0\" MinimumClientVersion=\"5.8.0.2678\"" \
	" PackageId=\"" G "aa\" SourceId=\"802cb907-a558-4033-9844-bbf65cd3481e\""            \
	" CreationDate=\"2026-07-14T17:00:00Z\">"
#define HEAD "<OfflineSyncPackage" NS PACKAGE "<Updates>"
#define TAIL                                                                                       \
	"</Updates><FileLocations><FileLocation Id=\"" D "\" Url=\"http://d/u\"/></FileLocations>" \
	"</OfflineSyncPackage>"
#define D "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ID(n) " UpdateId=\"" G #n "\" RevisionNumber=\"1\" RevisionId=\"" #n "\""
#define PAYLOAD "<PayloadFiles><File Id=\"" D "\"/></PayloadFiles>"
#define BY(n) "<BundledBy><Revision Id=\"" #n "\"/></BundledBy>"
#define NEEDS(n) "<Prerequisites><UpdateId Id=\"" G #n "\"/></Prerequisites>"
/* Its own category: one that exists, and whose kind nobody knows. */
#define SORT(type, n) "<Category Type=\"" type "\" Id=\"" G #n "\"/>"
#define SORTS(n) "<Categories>" SORT("UpdateClassification", n) SORT("Product", n) "</Categories>"
#define BUNDLE(n, inner) "<Update" ID(n) " IsBundle=\"true\">" SORTS(n) inner "</Update>"
#define LEAF(n, inner) "<Update" ID(n) " DeploymentAction=\"Bundle\">" inner "</Update>"
#define DETECT(n, inner) \
	"<Update" ID(n) " DeploymentAction=\"Evaluate\" IsSoftware=\"false\">" inner "</Update>"
#define WRONG(n, inner) "<Update" ID(n) " DeploymentAction=\"install\">" inner "</Update>"

#define S "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define EULA(inner) "<EulaFile Digest=\"" D "\">" inner "</EulaFile>"

static struct catalog *judge(const char *xml)
{
	struct error err = ERROR_INIT;
	struct catalog *c = catalog_new();
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);

	assert_int_equal(catalog_master_feed(m, xml, strlen(xml), &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
	assert_no_error(err);
	return c;
}

/* "GF-C001@10 GF-C060@11": every finding, in order. */
static void assert_findings(const struct catalog *c, const char *body, const char *want)
{
	char got[512] = "";
	size_t n = 0;

	for (size_t i = 0; i < catalog_finding_count(c); i++)
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%s@%u", i ? " " : "",
				      catalog_rule_id(catalog_finding_at(c, i)->rule),
				      catalog_finding_at(c, i)->revision_id);
	if (strcmp(got, want) != 0)
		fail_msg("%s\ngives \"%s\", want \"%s\"", body, got, want);
}

static void each_rule_fires_alone(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
		{ BUNDLE(10, "") LEAF(11, PAYLOAD BY(10)) DETECT(12, ""), "" },
		{ WRONG(10, ""), "GF-C001@10" },
		{ "<Update" ID(10) " DeploymentAction=\"\"/>", "GF-C001@10" },
		{ "<Update" ID(10) " DeploymentAction=\"Install \"/>", "GF-C001@10" },
		{ "<Update" ID(10) " DeploymentAction=\"Install\"/>", "GF-C002@10" },
		{ "<Update" ID(10) " DeploymentAction=\"Uninstall\"/>", "GF-C002@10" },
		{ "<Update" ID(10) " DeploymentAction=\"PreDeploymentCheck\"/>", "GF-C002@10" },
		{ "<Update" ID(10) " DeploymentAction=\"Block\"/>", "GF-C002@10" },
		{ "<Update" ID(10) " DeploymentAction=\"OptionalInstall\"/>", "GF-C002@10" },
		{ DETECT(10, PAYLOAD), "GF-C003@10" },
		{ BUNDLE(10, PAYLOAD), "GF-C004@10" },
		{ BUNDLE(10, "") "<Update" ID(
			  11) " IsBundle=\"true\" DeploymentAction=\"Bundle\">" SORTS(11)
			  BY(10) "</Update>",
		  "GF-C060@10 GF-C005@11" },
		{ LEAF(10, ""), "GF-C006@10" },
		{ "<Update" ID(10) " IsSoftware=\"False\"/>", "GF-C007@10" },
		{ "<Update" ID(10) " IsLeaf=\"1\"/>", "GF-C008@10" },
		{ "<Update" ID(10) " DeploymentAction=\"Evaluate\"/>", "GF-C009@10" },
		{ "<Update" ID(10) " IsSoftware=\"false\"/>", "GF-C009@10" },
		{ BUNDLE(10, "") "<Update" ID(11) ">" BY(10) "</Update>", "GF-C010@11" },
		{ "<Update" ID(10) " IsSoftware=\"true\"/>", "GF-C016@10" },
		{ "<Update" ID(10) " DeploymentAction=\"Evaluate\" IsSoftware=\"true\"/>",
		  "GF-C009@10" },
		{ BUNDLE(10, "") LEAF(11, BY(10)), "GF-C017@11" },
		{ BUNDLE(10, "") LEAF(11, PAYLOAD BY(10) SORTS(10)), "GF-C017@11" },
		{ DETECT(10, SORTS(10)), "GF-C017@10" },
		{ "<Update UpdateId=\"x\" RevisionNumber=\"1\" RevisionId=\"10\"/>", "GF-C020@10" },
		{ "<Update UpdateId=\"" G "10\" RevisionNumber=\"-1\" RevisionId=\"10\"/>",
		  "GF-C021@10" },
		{ "<Update" ID(10) "><PayloadFiles><File Id=\"AA==\"/></PayloadFiles></Update>",
		  "GF-C022@10" },
		{ "<Update" ID(10) " CreationDate=\"today\"/>", "GF-C023@10" },
		{ "<Update RevisionNumber=\"1\" RevisionId=\"10\"/>", "GF-C024@10" },
		{ "<Update" ID(10) "><Categories>" SORT("New", 10) "</Categories></Update>",
		  "GF-C026@10" },
		{ "<Update" ID(10) "><New><Deep/></New></Update>", "GF-C027@10" },
		{ "<Update" ID(10) " New=\"1\"/>", "GF-C028@10" },
		{ DETECT(10, "") "<Update UpdateId=\"" G
				 "11\" RevisionNumber=\"1\" RevisionId=\"10\"/>",
		  "GF-C030@10" },
		{ DETECT(11, "") "<Update UpdateId=\"" G
				 "11\" RevisionNumber=\"1\" RevisionId=\"10\"/>",
		  "GF-C031@10" },
		/* the first stays in the bundle, which stays whole; another bundle does not */
		{ BUNDLE(10, "")
			  LEAF(11, PAYLOAD BY(10)) "<Update UpdateId=\"" G
						   "11\" RevisionNumber=\"1\" RevisionId=\"12\" "
						   "DeploymentAction=\"Bundle\">" PAYLOAD BY(
							   10) "</Update>",
		  "GF-C031@12" },
		{ BUNDLE(10, "") BUNDLE(13, "")
			  LEAF(11, PAYLOAD BY(10)) "<Update UpdateId=\"" G
						   "11\" RevisionNumber=\"1\" RevisionId=\"12\" "
						   "DeploymentAction=\"Bundle\">" PAYLOAD BY(
							   13) "</Update>",
		  "GF-C031@12 GF-C060@13" },
		{ DETECT(10, NEEDS(99)), "GF-C040@10" },
		{ LEAF(10, PAYLOAD BY(99)), "GF-C041@10" },
		{ BUNDLE(10, "<SupersededBy><Revision Id=\"99\"/></SupersededBy>"), "GF-C042@10" },
		{ "<Update" ID(10) "><PayloadFiles><File Id=\"AAAAAAAAAAAAAAAAAAAAAAAAAAB=\"/>"
				   "</PayloadFiles></Update>",
		  "GF-C022@10" /* left-over bits */ },
		{ "<Update" ID(10) "><PayloadFiles><File Id=\"AAAAAAAAAAAAAAAAAAAAAAAAAAQ=\"/>"
				   "</PayloadFiles></Update>",
		  "GF-C043@10" },
		{ LEAF(10, PAYLOAD BY(11)) LEAF(11, PAYLOAD BY(10)),
		  "GF-C044@10 GF-C064@10 GF-C044@11 GF-C064@11" },
		{ DETECT(10, NEEDS(11)) DETECT(11, NEEDS(10)), "GF-C045@10 GF-C045@11" },
		{ DETECT(10, NEEDS(10)), "GF-C045@10" },
		{ BUNDLE(10, "<SupersededBy><Revision Id=\"10\"/></SupersededBy>"), "GF-C046@10" },
		{ DETECT(10, "") "</Updates><FileLocations><FileLocation Id=\"" D
				 "\" Url=\"http://d/v\"/>"
				 "</FileLocations><Updates>",
		  "GF-C032@0" },
		{ "", "GF-C061@0" },
		{ "<Update UpdateId=\"" G "10\" RevisionNumber=\"1\" RevisionId=\"x\"/>",
		  "GF-C061@0 GF-C062@0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char xml[4096];

		snprintf(xml, sizeof xml, "%s%s%s", HEAD, rows[i].body, TAIL);
		CLEANUP(catalog_free) struct catalog *c = judge(xml);
		assert_findings(c, rows[i].body, rows[i].want);
	}
}

static void closure_follows_every_kind_of_dependence(void **state)
{
	static const struct {
		const char *body, *want; /* quarantined revisions */
	} rows[] = {
		{ WRONG(10, "") DETECT(11, NEEDS(10)) DETECT(12, NEEDS(11)) DETECT(13, ""),
		  "10 11 12" },
		/* an alternative that lives, or was never there, keeps the group */
		{ WRONG(10, "") DETECT(11, "")
			  DETECT(12, "<Prerequisites><Or><UpdateId Id=\"" G "10\"/>"
				     "<UpdateId Id=\"" G "11\"/></Or></Prerequisites>"),
		  "10" },
		{ WRONG(10, "") DETECT(12, "<Prerequisites><Or><UpdateId Id=\"" G "10\"/>"
					   "<UpdateId Id=\"" G "99\"/></Or></Prerequisites>"),
		  "10" },
		{ WRONG(10, "") WRONG(11, "")
			  DETECT(12, "<Prerequisites><Or><UpdateId Id=\"" G "10\"/>"
				     "<UpdateId Id=\"" G "11\"/></Or></Prerequisites>"),
		  "10 11 12" },
		/* an older revision of the same update still meets the prerequisite */
		{ WRONG(10, "") "<Update UpdateId=\"" G
				"10\" RevisionNumber=\"2\" RevisionId=\"11\"/>" DETECT(12,
										       NEEDS(10)),
		  "10" },
		/* child -> bundle -> the other child; a child with a second bundle stays */
		{ BUNDLE(10, "") WRONG(11, BY(10)) LEAF(12, BY(10)), "10 11 12" },
		{ BUNDLE(10, "") BUNDLE(20, "") WRONG(11, BY(10)) LEAF(
			  12, "<BundledBy><Revision Id=\"10\"/><Revision Id=\"20\"/></BundledBy>"),
		  "10 11" },
		/* merely superseded: stays */
		{ WRONG(10, "") BUNDLE(11, "<SupersededBy><Revision Id=\"10\"/></SupersededBy>"),
		  "10" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char xml[4096], got[256] = "";
		size_t n = 0;

		snprintf(xml, sizeof xml, "%s%s%s", HEAD, rows[i].body, TAIL);
		CLEANUP(catalog_free) struct catalog *c = judge(xml);
		for (size_t k = 0; k < catalog_count(c); k++)
			if (catalog_at(c, k)->verdict != CATALOG_OK)
				n += (size_t)snprintf(got + n, sizeof got - n, "%s%u", n ? " " : "",
						      catalog_at(c, k)->revision_id);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: quarantined \"%s\", want \"%s\"", i, got, rows[i].want);
	}
}

static void findings_say_where_and_what(void **state)
{
	static const char xml[] = HEAD BUNDLE(10, "") WRONG(12, "") DETECT(13, NEEDS(12)) TAIL;
	char line[CATALOG_HISTORIC_SIZE];
	struct catalog_summary s;

	(void)state;
	CLEANUP(catalog_free) struct catalog *c = judge(xml);
	const struct catalog_finding *f = catalog_finding_at(c, 0);
	assert_int_equal(f->rule, CATALOG_RULE_ACTION_TEXT);
	assert_string_equal(f->file, "package.xml");
	assert_int_equal(f->offset, strstr(xml, "<Update" ID(12)) - xml);
	assert_string_equal(f->value, "install");
	assert_int_equal(f->dependents, 1);
	assert_string_equal(catalog_historic_line(12, line),
			    "Error 0x80004005, Unexpected DeploymentAction for update 12. "
			    "Returned from CreateUpdateNode");
	assert_non_null(strstr(f->message, line));
	assert_non_null(strstr(f->message, "1 dependent revisions quarantined with it"));
	f = catalog_finding_at(c, 1);
	assert_int_equal(f->rule, CATALOG_RULE_DEPENDENT);
	assert_int_equal(f->cause, 12);
	catalog_summarize(c, &s);
	assert_int_equal(s.updates, 3);
	assert_int_equal(s.processed, 1);
	assert_int_equal(s.quarantined, 2);
	assert_int_equal(s.dependents, 1);
}

static void fragments_are_judged(void **state)
{
	static const struct {
		enum catalog_stream stream;
		const char *text, *want;
	} rows[] = {
		{ 'c',
		  "<UpdateIdentity UpdateID=\"" G "10\" RevisionNumber=\"1\"/>"
		  "<Properties UpdateType=\"Detectoid\"/>",
		  "" },
		{ 'c', "<UpdateIdentity UpdateID=\"" G "11\" RevisionNumber=\"1\"/>",
		  "GF-C050@10" },
		{ 'c',
		  "<UpdateIdentity UpdateID=\"" G "10\" RevisionNumber=\"1\"/><Relationships>"
		  "<Prerequisites><UpdateIdentity UpdateID=\"" G "77\"/></Prerequisites>"
		  "</Relationships>",
		  "GF-C051@10" },
		{ 'c',
		  "<UpdateIdentity UpdateID=\"" G "10\" RevisionNumber=\"1\"/>"
		  "<Properties UpdateType=\"Software\"/>",
		  "GF-C011@10" },
		{ 'x', "<ExtendedProperties>", "GF-C053@10" },
		{ 'x', "<Files><File Digest=\"x\"/></Files>", "GF-C022@10" },
		{ 's', "<upd:Update><b:c/></upd:Update>", "" },
		{ 'l', "</root>", "GF-C053@10" },
		{ 'e', EULA("<AdditionalDigest Algorithm=\"SHA256\">" S "</AdditionalDigest>"),
		  "" },
		{ 'e', EULA("<AdditionalDigest Algorithm=\"SHA512\">x</AdditionalDigest>"), "" },
		{ 'e', EULA("<AdditionalDigest Algorithm=\"SHA256\">x</AdditionalDigest>"),
		  "GF-C022@10" },
		{ 'e', EULA("<Other/>"), "GF-C027@10" },
		{ 'e',
		  "<EulaFile><AdditionalDigest Algorithm=\"SHA256\">" S
		  "</AdditionalDigest></EulaFile>",
		  "GF-C024@10" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static const char xml[] = HEAD DETECT(10, "") TAIL;
		struct error err = ERROR_INIT;
		CLEANUP(catalog_free) struct catalog *c = catalog_new();
		CLEANUP(catalog_master_free)
		struct catalog_master *m = catalog_master_new(&catalog_fill, c);

		assert_int_equal(catalog_add_fragment(c, rows[i].stream, "", 10, rows[i].text,
						      strlen(rows[i].text), &err),
				 0);
		assert_int_equal(catalog_master_feed(m, xml, sizeof xml - 1, &err), 0);
		assert_int_equal(catalog_master_finish(m, &err), 0);
		assert_int_equal(catalog_finish(c, &err), 0);
		catalog_validate(c);
		catalog_quarantine(c);
		assert_findings(c, rows[i].text, rows[i].want);
	}
}

/* Rules about a revision as a whole: each from its own set of fragments. */
static void sets_of_fragments_are_judged(void **state)
{
	static const char core[] = "<UpdateIdentity UpdateID=\"" G "10\" RevisionNumber=\"1\"/>";
	static const char file[] = "<Files><File Digest=\"AAAAAAAAAAAAAAAAAAAAAAAAAAQ=\"/></Files>";
	static const struct {
		const char *body;
		struct {
			enum catalog_stream stream;
			uint32_t revision;
			const char *text;
		} fragments[3];
		const char *want;
	} rows[] = {
		{ DETECT(10, "") DETECT(11, ""), { { 'c', 10, core } }, "GF-C052@11" },
		{ DETECT(10, ""), { { 'c', 10, core }, { 'c', 99, core } }, "GF-C054@99" },
		{ DETECT(10, ""),
		  { { 'x', 98, file }, { 'x', 99, file } },
		  "GF-C054@98 GF-C054@99" },
		{ DETECT(10, ""), { { 'c', 10, core }, { 'c', 10, "<Other/>" } }, "GF-C055@10" },
		{ DETECT(10, ""), { { 'x', 10, "" }, { 'x', 10, file } }, "GF-C055@10" },
		{ "<Update" ID(10) ">" PAYLOAD "</Update>", { { 'x', 10, file } }, "GF-C056@10" },
		{ "<Update" ID(10) "/>",
		  { { 'x', 10, file } },
		  "" /* no payload to compare with */ },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		CLEANUP(catalog_free) struct catalog *c = catalog_new();
		CLEANUP(catalog_master_free)
		struct catalog_master *m = catalog_master_new(&catalog_fill, c);
		char xml[4096];
		int len = snprintf(xml, sizeof xml, "%s%s%s", HEAD, rows[i].body, TAIL);

		for (size_t k = 0; k < 3 && rows[i].fragments[k].text; k++)
			assert_int_equal(catalog_add_fragment(c, rows[i].fragments[k].stream, "",
							      rows[i].fragments[k].revision,
							      rows[i].fragments[k].text,
							      strlen(rows[i].fragments[k].text),
							      &err),
					 0);
		assert_int_equal(catalog_master_feed(m, xml, (size_t)len, &err), 0);
		assert_int_equal(catalog_master_finish(m, &err), 0);
		assert_int_equal(catalog_finish(c, &err), 0);
		catalog_validate(c);
		catalog_quarantine(c);
		assert_findings(c, rows[i].body, rows[i].want);
	}
}

/* Every value of the protocol in every role: understood, and the rest of the catalog goes on. */
static void every_action_is_understood_everywhere(void **state)
{
	static const char *const actions[] = { "OptionalInstall", "Install",
					       "Uninstall",       "PreDeploymentCheck",
					       "Block",           "Evaluate",
					       "Bundle" };
	static const struct {
		const char *flags, *inner;
		const char *wrong; /* the actions that are an error here */
	} roles[] = {
		{ "", "", "Bundle" },
		{ "", PAYLOAD, "Evaluate Bundle" },
		{ "", BY(20), "" },
		{ "", BY(20) PAYLOAD, "Evaluate" },
		{ " IsBundle=\"true\"", SORTS(10), "Evaluate Bundle" },
		{ " IsBundle=\"true\"", SORTS(10) BY(20), "Evaluate Bundle" },
		{ " IsSoftware=\"false\"", "", "Bundle" },
		{ " IsLeaf=\"true\"", "", "Bundle" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(actions) * COUNT(roles); i++) {
		const char *action = actions[i % COUNT(actions)];
		size_t role = i / COUNT(actions);
		struct catalog_summary sum;
		char xml[4096];

		snprintf(xml, sizeof xml,
			 HEAD "%s<Update" ID(10) " DeploymentAction=\"%s\"%s>%s</Update>%s" TAIL,
			 BUNDLE(20, ""), action, roles[role].flags, roles[role].inner,
			 DETECT(30, ""));
		CLEANUP(catalog_free) struct catalog *c = judge(xml);
		const struct catalog_revision *r = catalog_by_revision(c, 10);
		bool wrong = strstr(roles[role].wrong, action) && strcmp(action, "Install") != 0;
		assert_non_null(r);
		assert_string_equal(r->action_text, action);
		if ((r->verdict == CATALOG_QUARANTINED) != wrong)
			fail_msg("%s in role %zu", action, role);
		catalog_summarize(c, &sum);
		assert_int_equal(sum.updates, 3);
		assert_int_equal(catalog_by_revision(c, 30)->verdict, CATALOG_OK);
		for (size_t k = 0; k < catalog_finding_count(c); k++)
			assert_int_not_equal(catalog_finding_at(c, k)->rule,
					     CATALOG_RULE_ACTION_TEXT);
	}
}

static void a_foreign_namespace_or_none_is_a_warning(void **state)
{
	static const char *const rows[] = {
		"<OfflineSyncPackage xmlns=\"urn:other\"" PACKAGE "<Updates>" DETECT(10, "") TAIL,
		"<OfflineSyncPackage" PACKAGE "<Updates>" DETECT(10, "") TAIL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(catalog_free) struct catalog *c = judge(rows[i]);

		assert_findings(c, rows[i], "GF-C029@0");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_fires_alone),
		cmocka_unit_test(closure_follows_every_kind_of_dependence),
		cmocka_unit_test(findings_say_where_and_what),
		cmocka_unit_test(fragments_are_judged),
		cmocka_unit_test(sets_of_fragments_are_judged),
		cmocka_unit_test(every_action_is_understood_everywhere),
		cmocka_unit_test(a_foreign_namespace_or_none_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
