/* Parts that are joined give the catalog that one after the other gives. */
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "tests/unit/unit.h"

#define G "00000000-0000-0000-0000-0000000000"
#define ID(n) " UpdateId=\"" G #n "\" RevisionNumber=\"1\" RevisionId=\"" #n "\""
#define DETECT(n)     \
	"<Update" ID( \
		n) " DefaultLanguage=\"fr\" DeploymentAction=\"Evaluate\" IsSoftware=\"false\" />"
#define CORE(n) "<UpdateIdentity UpdateID=\"" G #n "\" RevisionNumber=\"1\" />"
#define TITLE(t) "<LocalizedProperties><Title>" t "</Title></LocalizedProperties>"
#define EULA "<EulaFile Digest=\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\" Language=\"de\" />"

static const char master[] = "<OfflineSyncPackage PackageVersion=\"1.1\"><Updates>" DETECT(11)
	DETECT(12) DETECT(13) DETECT(14) "</Updates></OfflineSyncPackage>";

static const struct row {
	unsigned part;
	char stream;
	const char *language;
	uint32_t revision;
	const char *text;
} rows[] = {
	{ 0, 'c', "", 11, CORE(11) },
	{ 0, 'l', "de", 11, TITLE("eins") },
	{ 0, 'l', "en", 11, TITLE("one") },
	{ 0, 'l', "de", 12, TITLE("zwei") },
	{ 0, 'e', "de", 12, EULA },
	{ 0, 'c', "", 13, CORE(12) }, /* another identity */
	{ 1, 'c', "", 11, CORE(11) }, /* a second time */
	{ 1, 'l', "fr", 12, TITLE("deux") },
	{ 1, 'e', "de", 12, EULA }, /* a second time */
	{ 1, 'l', "de", 13, TITLE("drei") },
	{ 1, 'l', "de", 13, TITLE("a second one") },
	{ 1, 'c', "", 12, CORE(12) "<" }, /* malformed */
	{ 1, 'c', "", 99, CORE(99) },     /* of nobody */
	{ 1, 'x', "", 13,
	  "<ExtendedProperties MsrcSeverity=\"Low\"><KBArticleID>5</KBArticleID>"
	  "</ExtendedProperties><Odd />" },
	{ 1, 'x', "", 14, "<Files><File Digest=\"bad\" FileName=\"f\" Size=\"7\" /></Files>" },
};

static void add(struct catalog *c, const struct row *r)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_add_fragment(c, (enum catalog_stream)r->stream, r->language,
					      r->revision, r->text, strlen(r->text), &err),
			 0);
}

static void add_master(struct catalog *c)
{
	struct error err = ERROR_INIT;
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);

	assert_int_equal(catalog_master_feed(m, master, sizeof master - 1, &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
}

static void judge(struct catalog *c)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
}

static void assert_same_revision(const struct catalog_revision *a, const struct catalog_revision *b)
{
	assert_int_equal(a->revision_id, b->revision_id);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->cause, b->cause);
	assert_int_equal(a->has_core, b->has_core);
	assert_int_equal(a->has_extended, b->has_extended);
	assert_string_equal(a->title, b->title);
	assert_string_equal(a->title_language, b->title_language);
	assert_string_equal(a->kb, b->kb);
	assert_string_equal(a->severity, b->severity);
	assert_int_equal(a->files_count, b->files_count);
	assert_int_equal(a->licences_count, b->licences_count);
	for (uint32_t i = 0; i < a->files_count; i++)
		assert_string_equal(a->files[i].name, b->files[i].name);
	for (uint32_t i = 0; i < a->licences_count; i++)
		assert_string_equal(a->licences[i].language, b->licences[i].language);
}

static void assert_same_findings(const struct catalog *a, const struct catalog *b)
{
	assert_int_equal(catalog_finding_count(a), catalog_finding_count(b));
	for (size_t i = 0; i < catalog_finding_count(a); i++) {
		const struct catalog_finding *x = catalog_finding_at(a, i);
		const struct catalog_finding *y = catalog_finding_at(b, i);

		assert_int_equal(x->rule, y->rule);
		assert_int_equal(x->revision_id, y->revision_id);
		assert_int_equal(x->offset, y->offset);
		assert_string_equal(x->file, y->file);
		assert_string_equal(x->value, y->value);
		assert_string_equal(x->message, y->message);
	}
}

static void parts_make_the_same_catalog(void **state)
{
	(void)state;
	for (int master_first = 0; master_first < 2; master_first++) {
		CLEANUP(catalog_free) struct catalog *whole = catalog_new();
		CLEANUP(catalog_free) struct catalog *joined = catalog_new();
		struct error err = ERROR_INIT;

		add_master(whole);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			add(whole, &rows[i]);
		judge(whole);
		if (master_first)
			add_master(joined);
		for (unsigned part = 0; part < 2; part++) {
			CLEANUP(catalog_free) struct catalog *p = catalog_new();

			for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
				if (rows[i].part == part)
					add(p, &rows[i]);
			assert_int_equal(catalog_merge(joined, p, &err), 0);
		}
		if (!master_first)
			add_master(joined);
		judge(joined);
		assert_int_equal(catalog_count(whole), 4);
		assert_int_equal(catalog_count(joined), 4);
		for (size_t i = 0; i < 4; i++)
			assert_same_revision(catalog_at(whole, i), catalog_at(joined, i));
		assert_same_findings(whole, joined);
		assert_string_equal(catalog_at(joined, 0)->title, "one");
		assert_string_equal(catalog_at(joined, 1)->title, "deux");
		assert_int_equal(catalog_at(joined, 1)->licences_count, 1);
		assert_string_equal(catalog_at(joined, 2)->title, "drei");
	}
}

/* Of cores that come again, with the same bytes, only those are taken over that nothing is wrong
 * with. */
static void a_past_tells_what_is_beyond_doubt(void **state)
{
	static const struct row told[] = {
		{ 0, 'c', "", 11, CORE(11) },
		{ 0, 'c', "", 12, CORE(12) "<" },
		{ 0, 'c', "", 13, "<UpdateIdentity UpdateID=\"none\" RevisionNumber=\"1\" />" },
		{ 0, 'c', "", 14, CORE(14) },
		{ 0, 'x', "", 14,
		  "<Files><File Digest=\"bad\" FileName=\"f\" Size=\"7\" /></Files>" },
		{ 0, 'l', "de", 15, TITLE("ohne Kern") },
	};
	static const struct {
		uint32_t revision;
		int want;
	} rows_wanted[] = { { 11, 1 }, { 12, 0 }, { 13, 0 }, { 14, 0 }, { 15, 0 }, { 16, 0 } };
	CLEANUP(catalog_free) struct catalog *past = catalog_new();
	CLEANUP(catalog_free) struct catalog *c = catalog_new(), *parsed = catalog_new();
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(told); i++)
		add(past, &told[i]);
	catalog_merge_trust(past);
	for (size_t i = 0; i < COUNT(rows_wanted); i++)
		assert_int_equal(catalog_merge_core(c, past, rows_wanted[i].revision, &err),
				 rows_wanted[i].want);
	add(parsed, &told[0]);
	add_master(c);
	add_master(parsed);
	judge(c);
	judge(parsed);
	assert_same_revision(catalog_at(c, 0), catalog_at(parsed, 0));
	assert_same_findings(c, parsed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_make_the_same_catalog),
		cmocka_unit_test(a_past_tells_what_is_beyond_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
