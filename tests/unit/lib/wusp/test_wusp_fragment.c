#include "lib/wusp/fragment.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define MSUS "http://schemas.microsoft.com/msus/2002/12/"

static const char document[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	"<upd:Update xmlns:upd=\"" MSUS "Update\" xmlns:bar=\"" MSUS "BaseApplicabilityRules\"\n"
	"  xmlns:lar=\"" MSUS "LogicalApplicabilityRules\" xmlns:msi=\"" MSUS
	"MsiApplicabilityRules\">\n"
	"  <upd:UpdateIdentity UpdateID=\"AA\" RevisionNumber=\"7\"></upd:UpdateIdentity>\n"
	"  <upd:Properties UpdateType=\"Software\" ExplicitlyDeployable=\"true\" "
	"OSUpgrade=\"false\""
	" AutoSelectOnWebSites=\"0\" EulaID=\"E1\" PublicationState=\"Published\" IsPublic=\"true\""
	" CreationDate=\"2020\" PublisherID=\"P\" LegacyName=\"L\" DefaultPropertiesLanguage=\"en\""
	" Handler=\"H&amp;&quot;\" PerUser=\"false\">\n"
	"    <upd:SupportUrl>http://a/?b&amp;c</upd:SupportUrl>\n"
	"    <upd:Language> </upd:Language>\n"
	"  </upd:Properties>\n"
	"  <upd:LocalizedPropertiesCollection>\n"
	"    <upd:LocalizedProperties><upd:Language>en</upd:Language><upd:Title>A &lt; "
	"B</upd:Title>"
	"</upd:LocalizedProperties>\n"
	"    "
	"<upd:LocalizedProperties><upd:Language>pt-br</upd:Language><upd:Title>\xc3\xa9</upd:Title>"
	"</upd:LocalizedProperties>\n"
	"    <upd:EulaFile Digest=\"D1\" Language=\"en\" /><upd:EulaFile Digest=\"D2\" "
	"Language=\"de\""
	" /><upd:EulaFile Digest=\"D3\" Language=\"en\"/>\n"
	"  </upd:LocalizedPropertiesCollection>\n"
	"  <upd:Relationships><upd:Prerequisites><upd:AtLeastOne IsCategory=\"true\">"
	"<upd:UpdateIdentity UpdateID=\"BB\"/></upd:AtLeastOne></upd:Prerequisites>"
	"<upd:SupersededUpdates><upd:UpdateIdentity UpdateID=\"CC\"/></upd:SupersededUpdates>"
	"</upd:Relationships>\n"
	"  <upd:ApplicabilityRules><upd:IsInstalled><lar:And><bar:WindowsVersion"
	" MajorVersion=\"10\"/><msi:MsiProductInstalled ProductCode=\"{X}\"/>"
	"<RegSz xmlns=\"" MSUS "BaseApplicabilityRules\" Data=\"a&#10;b\"/></lar:And>"
	"</upd:IsInstalled><upd:Metadata><d:WindowsDriverMetaData xmlns:d=\"" MSUS
	"UpdateHandlers/WindowsDriver\" HardwareID=\"PCI\\X\"><d:FeatureScore/>"
	"</d:WindowsDriverMetaData></upd:Metadata></upd:ApplicabilityRules>\n"
	"  <upd:Files><upd:File Digest=\"QkJCQkJCQkJCQkJCQkJCQkJCQkI=\" FileName=\"a.cab\" "
	"Size=\"5\""
	" /></upd:Files>\n"
	"  <upd:HandlerSpecificData xsi:type=\"cbs:Cbs\" xmlns:xsi=\"http://www.w3.org/2001/"
	"XMLSchema-instance\" xmlns:cbs=\"" MSUS "UpdateHandlers/Cbs\"><cbs:CbsData"
	" PackageIdentity=\"\"/></upd:HandlerSpecificData>\n"
	"</upd:Update>\n";

static void fragments_of_a_document(void **state)
{
	static const struct {
		enum wusp_fragment kind;
		const char *locale, *want;
	} table[] = {
		{ WUSP_CORE, NULL,
		  "<UpdateIdentity UpdateID=\"AA\" RevisionNumber=\"7\" />"
		  "<Properties UpdateType=\"Software\" ExplicitlyDeployable=\"true\" EulaID=\"E1\" "
		  "/>"
		  "<Relationships><Prerequisites><AtLeastOne IsCategory=\"true\"><UpdateIdentity "
		  "UpdateID=\"BB\" "
		  "/></AtLeastOne></Prerequisites><SupersededUpdates><UpdateIdentity "
		  "UpdateID=\"CC\" /></SupersededUpdates></Relationships><ApplicabilityRules>"
		  "<IsInstalled><And><b.WindowsVersion MajorVersion=\"10\" />"
		  "<m.MsiProductInstalled ProductCode=\"{X}\" /><b.RegSz Data=\"a&#xA;b\" /></And>"
		  "</IsInstalled><Metadata><d.WindowsDriverMetaData /></Metadata>"
		  "</ApplicabilityRules>" },
		{ WUSP_EXTENDED, NULL,
		  "<ExtendedProperties DefaultPropertiesLanguage=\"en\" Handler=\"H&amp;&quot;\">"
		  "<SupportUrl>http://a/?b&amp;c</SupportUrl><Language> </Language>"
		  "</ExtendedProperties><Files><File Digest=\"QkJCQkJCQkJCQkJCQkJCQkJCQkI=\" "
		  "FileName=\"a.cab\" Size=\"5\" /></Files><HandlerSpecificData type=\"cbs:Cbs\">"
		  "<CbsData PackageIdentity=\"\" /></HandlerSpecificData>" },
		{ WUSP_LOCALIZED, "en",
		  "<LocalizedProperties><Language>en</Language><Title>A &lt; B</Title>"
		  "</LocalizedProperties>" },
		{ WUSP_LOCALIZED, "PT-BR",
		  "<LocalizedProperties><Language>pt-br</Language><Title>\xc3\xa9</Title>"
		  "</LocalizedProperties>" },
		{ WUSP_LOCALIZED, "pt", "" },
		{ WUSP_EULA, "en",
		  "<EulaFile Digest=\"D1\" Language=\"en\" /><EulaFile Digest=\"D3\" "
		  "Language=\"en\" />" },
		{ WUSP_EULA, "fr", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
		struct error err = ERROR_INIT;
		int found;

		assert_int_equal(buf_append(&out, "+", 1, &err), 0);
		found = wusp_fragment_derive(document, sizeof document - 1, "s/1", table[i].kind,
					     table[i].locale, &out, &err);
		assert_no_error(err);
		assert_int_equal(found, *table[i].want != '\0');
		assert_int_equal(buf_append(&out, "", 1, &err), 0);
		assert_string_equal((char *)out.bytes + 1, table[i].want);
	}
}

/* Nothing that a prefix hides makes the result malformed. */
static void odd_names(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "<Update><Relationships a:x='1' b:x='2' x='3' xml:lang='e' "
		  "xmlns:q='u'/></Update>",
		  "<Relationships x=\"1\" xml:lang=\"e\" />" },
		{ "<u:Update><v:Relationships><w:R/>a<w:R></w:R> </v:Relationships></u:Update>",
		  "<Relationships><R />a<R /></Relationships>" },
		{ "<Update><Relationships>&amp;&lt;<![CDATA[<b>]]></Relationships></Update>",
		  "<Relationships>&amp;&lt;&lt;b&gt;</Relationships>" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
		struct error err = ERROR_INIT;

		assert_int_equal(wusp_fragment_derive(table[i].text, strlen(table[i].text), "s/1",
						      WUSP_CORE, NULL, &out, &err),
				 1);
		assert_no_error(err);
		assert_int_equal(buf_append(&out, "", 1, &err), 0);
		assert_string_equal((char *)out.bytes, table[i].want);
	}
}

static void note_language(void *ctx, const char *language)
{
	char *all = ctx;

	strncat(all, language, 60 - strlen(all));
	strncat(all, " ", 60 - strlen(all));
}

static void languages_of_a_document(void **state)
{
	static const struct {
		enum wusp_fragment kind;
		const char *want;
	} table[] = { { WUSP_LOCALIZED, "en pt-br " }, { WUSP_EULA, "en de en " } };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = ERROR_INIT;
		char all[64] = "";

		assert_int_equal(wusp_fragment_languages(document, sizeof document - 1, "s/1",
							 table[i].kind, note_language, all, &err),
				 0);
		assert_string_equal(all, table[i].want);
	}
}

static void documents_that_are_none(void **state)
{
	static const struct {
		const char *text;
		enum error_id want;
	} table[] = {
		{ "<Other/>", ERROR_WUSP_DOCUMENT },
		{ "<Update>", ERROR_XML_SYNTAX },
		{ "<Update><Properties A=\"1\"></Update>", ERROR_XML_SYNTAX },
		{ "<!DOCTYPE x><Update/>", ERROR_XML_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
		struct error err = ERROR_INIT;

		assert_int_equal(wusp_fragment_derive(table[i].text, strlen(table[i].text), "s/1",
						      WUSP_CORE, NULL, &out, &err),
				 -1);
		assert_error(err, table[i].want, "s/1");
		assert_int_equal(out.len, 0);
	}
}

#define B "QkJCQkJCQkJCQkJCQkJCQkJCQkI="
#define C "Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M="
#define ADDED                                     \
	"<AdditionalDigest Algorithm=\"SHA256\">" \
	"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=</AdditionalDigest>"

struct completed {
	const char *text, *want; /* want NULL: as it is */
};

/* Each text with the one file that is known. */
static void complete_each(const struct completed *rows, size_t count,
			  const struct wusp_known_file *known)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
		struct error err = ERROR_INIT;
		int changed = wusp_fragment_complete(rows[i].text, strlen(rows[i].text), "x/1",
						     known, 1, &out, &err);

		assert_no_error(err);
		assert_int_equal(changed, rows[i].want != NULL);
		assert_int_equal(buf_append(&out, "", 1, &err), 0);
		assert_string_equal((char *)out.bytes, rows[i].want ? rows[i].want : rows[i].text);
	}
}

static void additional_digests(void **state)
{
	static const struct completed table[] = {
		{ "<Files><File Digest=\"" B "\" Size=\"1\" /></Files>",
		  "<Files><File Digest=\"" B "\" Size=\"1\">" ADDED "</File></Files>" },
		{ "<Files><File Digest=\"" B "\"/>x<File Digest='" B "' ></File></Files>",
		  "<Files><File Digest=\"" B "\">" ADDED "</File>x<File Digest='" B "' >" ADDED
		  "</File></Files>" },
		{ "<File Digest=\"" B "\"><Z a=\">\"/></File>\r\n",
		  "<File Digest=\"" B "\">" ADDED "<Z a=\">\"/></File>\r\n" },
		{ "<File Digest=\"" B "\"><AdditionalDigest Algorithm=\"SHA1\">x"
		  "</AdditionalDigest></File>",
		  "<File Digest=\"" B "\">" ADDED
		  "<AdditionalDigest Algorithm=\"SHA1\">x</AdditionalDigest></File>" },
		{ "<Files><File Digest=\"" B "\"><AdditionalDigest Algorithm=\"SHA256\">y"
		  "</AdditionalDigest></File></Files>",
		  NULL },
		{ "<Files><File Digest=\"" C "\" /></Files>", NULL },
		{ "<Files><File /><File Digest=\"\" /><Fil Digest=\"" B "\" /></Files>", NULL },
		{ "<A  b = 'c'/>\n<!-- as it was -->\n", NULL },
		{ "", NULL },
	};
	struct wusp_known_file known = { .has_sha256 = true };

	(void)state;
	memset(known.sha1, 'B', sizeof known.sha1);
	memset(known.sha256, 1, sizeof known.sha256);
	complete_each(table, COUNT(table), &known);
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	assert_int_equal(wusp_fragment_complete("<a>", 3, "x/1", &known, 1, &out, &err), -1);
	assert_error(err, ERROR_XML_SYNTAX, "x/1");
	assert_int_equal(out.len, 0);
}

/* An express file that is not here goes, whatever is in it and beside it. */
static void absent_files(void **state)
{
	static const struct completed table[] = {
		{ "<Files><File Digest=\"" B "\" Size=\"1\" /></Files>", "<Files></Files>" },
		{ "<Files><File Digest=\"" C "\"/> <File Digest=\"" B
		  "\"><AdditionalDigest Algorithm=\"SHA256\">y</AdditionalDigest><Z/></File>\r\n"
		  "<File Digest=\"" C "\"/></Files>",
		  "<Files><File Digest=\"" C "\"/> \r\n<File Digest=\"" C "\"/></Files>" },
		{ "<File Digest='" B "'/><File Digest='" B "'></File >x", "x" },
		{ "<Files><File Digest=\"" C "\" /></Files>", NULL },
	};
	struct wusp_known_file known = { .has_sha256 = true, .absent = true };

	(void)state;
	memset(known.sha1, 'B', sizeof known.sha1);
	complete_each(table, COUNT(table), &known);
}

static void locales(void **state)
{
	static const char *const have[] = { "de", "pt", "EN", "pt-br", "zh-cn" };
	static const struct {
		const char *wanted;
		size_t want;
	} table[] = {
		{ "de", 0 },      { "en-US", 2 },     { "PT-BR", 3 },
		{ "pt-PT", 1 },   { "zh", SIZE_MAX }, { "fr", SIZE_MAX },
		{ "", SIZE_MAX }, { "e", SIZE_MAX },  { "-", SIZE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(wusp_fragment_locale(table[i].wanted, have, COUNT(have)),
				 table[i].want);
}

static void drivers_of_a_document(void **state)
{
	static const char text[] =
		"<ApplicabilityRules><d.WindowsDriverMetaData HardwareID=\"PCI\\A\" Provider=\"P\" "
		"Manufacturer=\"M\" Class=\"C\" Model=\"L\" DriverVerDate=\"1970-01-02\" "
		"DriverVerVersion=\"10.2.65535.1\"><d.FeatureScore OperatingSystem=\"AMD64.10.0\" "
		"FeatureScore=\"0F\" /><d.FeatureScore OperatingSystem=\"X\" FeatureScore=\"300\" "
		"/>"
		"<d.TargetComputerHardwareId>11111111-1111-1111-1111-111111111111"
		"</d.TargetComputerHardwareId><d.TargetComputerHardwareId>"
		"22222222-2222-2222-2222-222222222222</d.TargetComputerHardwareId>"
		"<d.DistributionComputerHardwareId>22222222-2222-2222-2222-222222222222"
		"</d.DistributionComputerHardwareId></d.WindowsDriverMetaData>"
		"<drv:WindowsDriverMetaData HardwareID=\"PCI\\B\" DriverVerVersion=\"x\">"
		"<drv:DistributionComputerHardwareId>11111111-1111-1111-1111-111111111111"
		"</drv:DistributionComputerHardwareId></drv:WindowsDriverMetaData>"
		"<WindowsDriverMetaData/></ApplicabilityRules>";
	CLEANUP(wusp_fragment_drivers_clear) struct wusp_drivers d = { NULL, 0, NULL };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(wusp_fragment_drivers(text, sizeof text - 1, "c/1", &d, &err), 0);
	assert_int_equal(d.count, 3);
	assert_string_equal(d.items[0].hardware_id, "PCI\\A");
	assert_string_equal(d.items[0].provider, "P");
	assert_string_equal(d.items[0].manufacturer, "M");
	assert_string_equal(d.items[0].driver_class, "C");
	assert_string_equal(d.items[0].model, "L");
	assert_int_equal(d.items[0].date, 86400);
	assert_true(d.items[0].version == 0x000a0002ffff0001u);
	assert_int_equal(d.items[0].scores_count, 1);
	assert_string_equal(d.items[0].scores[0].system, "AMD64.10.0");
	assert_int_equal(d.items[0].scores[0].score, 15);
	assert_int_equal(d.items[0].computers_count, 1);
	assert_int_equal(d.items[0].computers[0].bytes[0], 0x22);
	assert_int_equal(d.items[1].computers[0].bytes[0], 0x11);
	assert_true(d.items[1].version == 0);
	assert_string_equal(d.items[2].hardware_id, "");
	assert_int_equal(d.items[2].computers_count, 0);
}

/* Documents that Microsoft's server has sent. */
static void genuine_documents(void **state)
{
	static const struct {
		const char *file, *core, *localized;
	} table[] = {
		{ "56309036-4c77-4dd9-951a-99ee9c246a94-r101.xml",
		  "<UpdateIdentity UpdateID=\"56309036-4C77-4DD9-951A-99EE9C246A94\" "
		  "RevisionNumber=\"101\" /><Properties UpdateType=\"Category\" />"
		  "<ApplicabilityRules><IsInstalled><True /></IsInstalled></ApplicabilityRules>",
		  "<LocalizedProperties><Language>en</Language><Title>Microsoft</Title>"
		  "<Description>Microsoft</Description></LocalizedProperties>" },
	};
	const char *shared = getenv("GAPFERRY_SHARED");

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);
		struct error err = ERROR_INIT;
		static char text[1 << 16];
		char path[256];

		snprintf(path, sizeof path, "%s/data/wsusss/docs/%s", shared ? shared : "../shared",
			 table[i].file);
		FILE *f = fopen(path, "rb");
		if (!f)
			skip();
		size_t len = fread(text, 1, sizeof text, f);
		fclose(f);
		assert_int_equal(wusp_fragment_derive(text, len, "s", WUSP_CORE, NULL, &out, &err),
				 1);
		assert_int_equal(out.len, strlen(table[i].core));
		assert_memory_equal(out.bytes, table[i].core, out.len);
		out.len = 0;
		assert_int_equal(
			wusp_fragment_derive(text, len, "s", WUSP_LOCALIZED, "en", &out, &err), 1);
		assert_int_equal(out.len, strlen(table[i].localized));
		assert_memory_equal(out.bytes, table[i].localized, out.len);
	}
}

/* head, then item so many times, then tail. */
static int read_drivers(const char *head, const char *item, unsigned count, const char *tail,
			struct wusp_drivers *out, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_FRAGMENT_BYTES);

	assert_int_equal(buf_append(&text, head, strlen(head), err), 0);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(buf_append(&text, item, strlen(item), err), 0);
	assert_int_equal(buf_append(&text, tail, strlen(tail), err), 0);
	return wusp_fragment_drivers(text.bytes, text.len, "c/1", out, err);
}

static void drivers_of_one_update_have_a_limit(void **state)
{
	CLEANUP(wusp_fragment_drivers_clear) struct wusp_drivers most = { NULL, 0, NULL };
	CLEANUP(wusp_fragment_drivers_clear) struct wusp_drivers more = { NULL, 0, NULL };
	static const char item[] = "<d.WindowsDriverMetaData/>";
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(read_drivers("<A>", item, LIMIT_WUSP_DRIVERS, "</A>", &most, &err), 0);
	assert_int_equal(most.count, LIMIT_WUSP_DRIVERS);
	assert_int_equal(read_drivers("<A>", item, LIMIT_WUSP_DRIVERS + 1, "</A>", &more, &err),
			 -1);
	assert_error(err, ERROR_WUSP_DOCUMENT, "more than 65536 drivers");
}

static void computers_of_one_driver_have_a_limit(void **state)
{
	CLEANUP(wusp_fragment_drivers_clear) struct wusp_drivers most = { NULL, 0, NULL };
	CLEANUP(wusp_fragment_drivers_clear) struct wusp_drivers more = { NULL, 0, NULL };
	static const char head[] = "<d.WindowsDriverMetaData>",
			  tail[] = "</d.WindowsDriverMetaData>",
			  item[] = "<d.TargetComputerHardwareId>11111111-1111-1111-1111-"
				   "111111111111</d.TargetComputerHardwareId>";
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(read_drivers(head, item, LIMIT_WUSP_DEVICE_IDS, tail, &most, &err), 0);
	assert_int_equal(most.count, 1);
	assert_int_equal(most.items[0].computers_count, LIMIT_WUSP_DEVICE_IDS);
	assert_int_equal(read_drivers(head, item, LIMIT_WUSP_DEVICE_IDS + 1, tail, &more, &err),
			 -1);
	assert_error(err, ERROR_WUSP_DOCUMENT, "more than 4096 computers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_of_a_document),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(languages_of_a_document),
		cmocka_unit_test(documents_that_are_none),
		cmocka_unit_test(additional_digests),
		cmocka_unit_test(absent_files),
		cmocka_unit_test(locales),
		cmocka_unit_test(drivers_of_a_document),
		cmocka_unit_test(drivers_of_one_update_have_a_limit),
		cmocka_unit_test(computers_of_one_driver_have_a_limit),
		cmocka_unit_test(genuine_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
