/*
 * Makes export packages of WSUS for tests, with the files that belong to them: the same ones for
 * the same options.  It shares no code with what reads or writes packages in the product.
 *
 *	mkwsusutil --out DIR [--updates N] [--products N] [--drivers N] [--express] [--rules]
 *		[--seed N] [--lzx] [--reversed] [--mark] [--no-package-mark] [--newlines] [--fault
 *KIND]
 *
 * makes DIR/package.cab and DIR/WsusContent.  One in four updates is a bundle of the two before
 * it.  Drivers come in fours: see put_driver().  With --express each file of an update has an
 * express file beside it, with --rules each update has rules and a handler.  Kinds of faults: see
 *enum fault.
 */
#include "lib/base/base64.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"
#include "tests/tools/cab_write.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fault {
	FAULT_NONE,
	FAULT_LENGTH,     /* a length of one unit too many */
	FAULT_HUGE,       /* a length of ffffffff */
	FAULT_CUT,        /* metadata.txt ends inside of a record */
	FAULT_ASTRAL,     /* a length that ends between the halves of a character */
	FAULT_UTF8,       /* a byte that is no UTF-8 */
	FAULT_CASE,       /* a revision in upper-case hex */
	FAULT_ABSENT,     /* a record that package.xml does not list */
	FAULT_MISSING,    /* a record too few */
	FAULT_TWICE,      /* a record twice */
	FAULT_LISTED,     /* an update listed twice */
	FAULT_IDENTITY,   /* a document that names another update: quarantined */
	FAULT_DOCTYPE,    /* a document type in package.xml */
	FAULT_VERSION,    /* another FormatVersion */
	FAULT_ROOT,       /* another root */
	FAULT_GARBAGE,    /* 10 MB of anything for metadata.txt */
	FAULT_CHILD,      /* a bundle of an update that is not there */
	FAULT_DEPENDENCY, /* an update with a prerequisite that is not there */
	FAULTS_
};

static const char *const fault_names[FAULTS_] = {
	"none",    "length",  "huge",    "cut",     "astral", "utf8",
	"case",    "absent",  "missing", "twice",   "listed", "identity",
	"doctype", "version", "root",    "garbage", "child",  "dependency",
};

struct make {
	const char *out;
	uint64_t updates, products, drivers, seed;
	bool express, rules, lzx, reversed, mark, no_package_mark, newlines;
	enum fault fault;
	struct buf files, list, records; /* of package.xml, twice, and metadata.txt */
	uint64_t made;
	int content;
	struct error err;
};

enum { CLASSIFICATION = 1, DETECTOID = 2, PRODUCT = 100, UPDATE = 10000, DRIVER = 20000 };

static void die(struct make *m, const char *what)
{
	fprintf(stderr, "mkwsusutil: %s: %s\n", what, m->err.message);
	exit(1);
}

static void put(struct make *m, struct buf *out, const char *text)
{
	if (buf_append(out, text, strlen(text), &m->err) < 0)
		die(m, "text");
}

#define PRINT(m, out, ...)                                       \
	do {                                                     \
		if (buf_printf(out, &(m)->err, __VA_ARGS__) < 0) \
			die(m, "text");                          \
	} while (0)

/* The same number always has the same GUID. */
enum { GUID_SIZE = 48 };

static const char *guid(uint64_t number, char text[GUID_SIZE])
{
	snprintf(text, GUID_SIZE, "%08x-0000-4000-8000-%012" PRIx64, 0xA0000000u, number);
	return text;
}

/* UTF-16 units: counted the slow way, from the first byte of each character. */
static size_t units(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += (b->bytes[i] & 0xC0) == 0x80 ? 0u : b->bytes[i] >= 0xF0 ? 2u : 1u;
	return n;
}

static void put_record(struct make *m, uint64_t number, uint32_t revision, const struct buf *xml,
		       bool broken)
{
	enum fault fault = broken ? m->fault : FAULT_NONE;
	uint64_t length = units(xml);
	char id[GUID_SIZE];

	if (fault == FAULT_MISSING)
		return;
	length += fault == FAULT_LENGTH;
	if (fault == FAULT_HUGE)
		length = UINT32_MAX;
	if (fault == FAULT_ASTRAL) {
		struct buf before = *xml;

		before.len =
			(size_t)((unsigned char *)memchr(xml->bytes, 0xF0, xml->len) - xml->bytes);
		length = units(&before) + 1;
	}
	PRINT(m, &m->records, "%s,", guid(fault == FAULT_ABSENT ? 9999999 : number, id));
	PRINT(m, &m->records, fault == FAULT_CASE ? "%08" PRIX32 "," : "%08" PRIx32 ",",
	      fault == FAULT_CASE ? 0xABCDEF : revision);
	PRINT(m, &m->records, "%08" PRIx64 ",", length);
	size_t len = fault == FAULT_CUT ? xml->len / 2 : xml->len;
	if (buf_append(&m->records, xml->bytes, len, &m->err) < 0)
		die(m, "record");
	if (fault == FAULT_UTF8)
		m->records.bytes[m->records.len - 20] = 0xC0;
	if (fault != FAULT_CUT)
		put(m, &m->records, m->newlines ? "\n" : "\r\n");
}

/* The record of a document, and its row in package.xml. */
static void put_update(struct make *m, uint64_t number, uint32_t revision, const struct buf *xml,
		       const char *files, const char *categories)
{
	bool broken = number == UPDATE + 1;
	char id[GUID_SIZE];

	for (int times = 1 + (broken && m->fault == FAULT_LISTED); times > 0; times--)
		PRINT(m, &m->list,
		      "<Update UpdateId=\"%s\" RevisionNumber=\"%" PRIu32 "\">%s%s</Update>",
		      guid(number, id), revision, files, categories);
	for (int times = 1 + (broken && m->fault == FAULT_TWICE); times > 0; times--)
		put_record(m, number, revision, xml, broken);
	m->made++;
}

static void begin(struct make *m, struct buf *xml, uint64_t number, uint32_t revision,
		  const char *type, const char *title)
{
	char id[GUID_SIZE];

	xml->len = 0;
	/* Upper case in one of five, as in genuine documents. */
	guid(number, id);
	for (char *p = id; number % 5 == 0 && *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'f' ? *p - 32 : *p);
	if (m->fault == FAULT_IDENTITY && number == UPDATE + 1)
		guid(77, id);
	PRINT(m, xml,
	      "<upd:Update xmlns:cat=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/"
	      "Category\" xmlns:upd=\"http://schemas.microsoft.com/msus/2002/12/Update\">"
	      "<upd:UpdateIdentity UpdateID=\"%s\" RevisionNumber=\"%" PRIu32 "\" />"
	      "<upd:Properties DefaultPropertiesLanguage=\"en\" UpdateType=\"%s\" "
	      "ExplicitlyDeployable=\"%s\" PublicationState=\"Published\" "
	      "CreationDate=\"2004-02-28T18:17:34.1032476-08:00\">",
	      id, revision, type, number % 4 == 3 || number >= DRIVER ? "true" : "false");
	if (strcmp(type, "Software") == 0)
		PRINT(m, xml, "<upd:KBArticleID>%" PRIu64 "</upd:KBArticleID>", 4000000 + number);
	PRINT(m, xml,
	      "</upd:Properties><upd:LocalizedPropertiesCollection><upd:LocalizedProperties>"
	      "<upd:Language>en</upd:Language><upd:Title>%s %" PRIu64 "</upd:Title>"
	      "</upd:LocalizedProperties><upd:LocalizedProperties><upd:Language>de</upd:Language>"
	      "<upd:Title>\xC3\x9C"
	      "bung \xF0\x9F\x92\xBE\r\n%" PRIu64 "</upd:Title>"
	      "</upd:LocalizedProperties>",
	      title, number, number);
}

static void put_category(struct make *m, struct buf *xml, uint64_t number, const char *type,
			 const char *title)
{
	begin(m, xml, number, 1, "Category", title);
	PRINT(m, xml,
	      "</upd:LocalizedPropertiesCollection><upd:HandlerSpecificData "
	      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"cat:Category\">"
	      "<cat:CategoryInformation CategoryType=\"%s\" /></upd:HandlerSpecificData>"
	      "</upd:Update>",
	      type);
	put_update(m, number, 1, xml, "<Files />", "<Categories /><Classifications />");
}

/* ---- files ---- */

struct made_file {
	unsigned char sha1[20];
	char sha1_text[32], sha256_text[48];
	size_t size;
};

static void make_file(struct make *m, uint64_t number, const char *extension, struct made_file *f)
{
	unsigned char bytes[4096], sha256[32];
	uint64_t state = m->seed * 0x9E3779B97F4A7C15ull + number;
	char folder[3], name[64];

	f->size = 500 + number % 3000;
	for (size_t i = 0; i < f->size; i++) {
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		bytes[i] = (unsigned char)(state >> 56);
	}
	digest_sha1(bytes, f->size, f->sha1);
	digest_sha256(bytes, f->size, sha256);
	base64_encode(f->sha1, sizeof f->sha1, f->sha1_text);
	base64_encode(sha256, sizeof sha256, f->sha256_text);
	for (size_t i = 0; i < 20; i++)
		snprintf(name + 2 * i, 3, "%02X", f->sha1[i]);
	snprintf(folder, sizeof folder, "%02X", f->sha1[19]);
	snprintf(name + 40, sizeof name - 40, "%s", extension);
	CLEANUP(file_close) int dir = file_open_subdir(m->content, folder, true, &m->err);
	if (dir < 0 || file_save(dir, name, bytes, f->size, 0644, &m->err) < 0)
		die(m, "file");
}

static void list_file(struct make *m, const struct made_file *f, const char *name)
{
	PRINT(m, &m->files,
	      "<File Digest=\"%s\" MUUrl=\"http://download.windowsupdate.com/d/%s?a=1&amp;b=2\" "
	      "Name=\"%s\" />",
	      f->sha1_text, name, name);
}

/* A <File> of a document, and the same in package.xml. */
static void put_file(struct make *m, struct buf *xml, const struct made_file *f, const char *name,
		     const char *patching)
{
	list_file(m, f, name);
	PRINT(m, xml,
	      "<upd:File Digest=\"%s\" DigestAlgorithm=\"SHA1\" FileName=\"%s\" Size=\"%zu\" "
	      "Modified=\"2026-01-01T00:00:00Z\"%s><upd:AdditionalDigest Algorithm=\"SHA256\">%s"
	      "</upd:AdditionalDigest></upd:File>",
	      f->sha1_text, name, f->size, patching, f->sha256_text);
}

/* ---- updates ---- */

static void put_relations(struct make *m, struct buf *xml, uint64_t number, bool bundle)
{
	char id[GUID_SIZE];

	PRINT(m, xml,
	      "<upd:Relationships><upd:SupersededUpdates><upd:UpdateIdentity "
	      "UpdateID=\"%s\" /></upd:SupersededUpdates><upd:Prerequisites>",
	      guid(number > UPDATE + 8 ? number - 8 : 555, id));
	PRINT(m, xml, "<upd:UpdateIdentity UpdateID=\"%s\" />", guid(DETECTOID, id));
	if (m->fault == FAULT_DEPENDENCY && number == UPDATE + 1)
		PRINT(m, xml, "<upd:UpdateIdentity UpdateID=\"%s\" />", guid(666, id));
	PRINT(m, xml,
	      "<upd:AtLeastOne IsCategory=\"true\"><upd:UpdateIdentity UpdateID=\"%s\" />"
	      "</upd:AtLeastOne>",
	      guid(CLASSIFICATION, id));
	PRINT(m, xml,
	      "<upd:AtLeastOne IsCategory=\"true\"><upd:UpdateIdentity UpdateID=\"%s\" />"
	      "</upd:AtLeastOne></upd:Prerequisites>",
	      guid(PRODUCT + number / 4 % m->products, id));
	if (bundle) {
		put(m, xml, "<upd:BundledUpdates><upd:AtLeastOne>");
		PRINT(m, xml, "<upd:UpdateIdentity UpdateID=\"%s\" RevisionNumber=\"200\" />",
		      guid(number - 1, id));
		PRINT(m, xml, "<upd:UpdateIdentity UpdateID=\"%s\" RevisionNumber=\"200\" />",
		      guid(m->fault == FAULT_CHILD && number == UPDATE + 3 ? 667 : number - 2, id));
		put(m, xml, "</upd:AtLeastOne></upd:BundledUpdates>");
	}
	put(m, xml, "</upd:Relationships>");
}

/* In four namespaces, of which clients want one told apart. */
static void put_rules(struct make *m, struct buf *xml)
{
	put(m, xml,
	    "<upd:ApplicabilityRules xmlns:bar=\"http://schemas.microsoft.com/msus/2002/12/"
	    "BaseApplicabilityRules\" xmlns:lar=\"http://schemas.microsoft.com/msus/2002/12/"
	    "LogicalApplicabilityRules\"><upd:IsInstalled><lar:And><bar:WindowsVersion "
	    "Comparison=\"EqualTo\" MajorVersion=\"10\" /><lar:True /></lar:And></upd:IsInstalled>"
	    "</upd:ApplicabilityRules>");
}

static void put_handler(struct make *m, struct buf *xml, const char *file)
{
	PRINT(m, xml,
	      "<upd:HandlerSpecificData xmlns:cmd=\"http://schemas.microsoft.com/msus/2002/12/"
	      "UpdateHandlers/CommandLineInstallation\" xmlns:xsi=\"http://www.w3.org/2001/"
	      "XMLSchema-instance\" xsi:type=\"cmd:CommandLineInstallation\"><cmd:InstallCommand "
	      "Program=\"%s\" Arguments=\"/q\" /></upd:HandlerSpecificData>",
	      file);
}

static void put_software(struct make *m, struct buf *xml, uint64_t number)
{
	bool bundle = number % 4 == 3;
	struct made_file file, licence;
	char files[256] = "<Files />", categories[256], product[GUID_SIZE],
	     classification[GUID_SIZE], name[32];

	begin(m, xml, number, 200, "Software", bundle ? "Bundle" : "Update");
	if (number % 4 == 0) {
		make_file(m, number + 500000, ".txt", &licence);
		PRINT(m, xml,
		      "<upd:EulaFile Digest=\"%s\" DigestAlgorithm=\"SHA1\" FileName=\"e.txt\" "
		      "Size=\"%zu\" Language=\"en\"><upd:AdditionalDigest Algorithm=\"SHA256\">%s"
		      "</upd:AdditionalDigest></upd:EulaFile>",
		      licence.sha1_text, licence.size, licence.sha256_text);
	}
	put(m, xml, "</upd:LocalizedPropertiesCollection>");
	put_relations(m, xml, number, bundle);
	if (m->rules)
		put_rules(m, xml);
	if (!bundle) {
		make_file(m, number, ".cab", &file);
		snprintf(name, sizeof name, "u%" PRIu64 ".cab", number);
		put(m, xml, "<upd:Files>");
		put_file(m, xml, &file, name, m->express ? " PatchingType=\"SelfContained\"" : "");
		int len = snprintf(files, sizeof files, "<Files><File Digest=\"%s\" />",
				   file.sha1_text);
		if (m->express) {
			make_file(m, number + 700000, ".psf", &file);
			snprintf(name, sizeof name, "u%" PRIu64 ".psf", number);
			put_file(m, xml, &file, name, " PatchingType=\"Express\"");
			len += snprintf(files + len, sizeof files - (size_t)len,
					"<File Digest=\"%s\" />", file.sha1_text);
		}
		snprintf(files + len, sizeof files - (size_t)len, "</Files>");
		put(m, xml, "</upd:Files>");
		if (m->rules)
			put_handler(m, xml, name);
	}
	put(m, xml, "</upd:Update>");
	snprintf(categories, sizeof categories,
		 "<Categories><Category Value=\"%s\" /></Categories><Classifications>"
		 "<Classification Value=\"%s\" /></Classifications>",
		 guid(PRODUCT + number / 4 % m->products, product),
		 guid(CLASSIFICATION, classification));
	put_update(m, number, 200, xml, files, categories);
}

/*
 * Of four drivers for one device: an old one, a newer one, the oldest for one kind of computer, and
 * one for the exact device, which has the better feature score.
 */
static void put_driver(struct make *m, struct buf *xml, uint64_t i)
{
	static const char *const dates[] = { "2020-01-01", "2021-01-01", "2019-01-01",
					     "2018-01-01" };
	uint64_t number = DRIVER + i;
	unsigned kind = (unsigned)(i % 4);
	struct made_file file;
	char name[32], files[128], id[GUID_SIZE];

	begin(m, xml, number, 200, "Driver", "Driver");
	PRINT(m, xml,
	      "</upd:LocalizedPropertiesCollection><upd:Relationships><upd:Prerequisites>"
	      "<upd:UpdateIdentity UpdateID=\"%s\" /></upd:Prerequisites></upd:Relationships>",
	      guid(DETECTOID, id));
	PRINT(m, xml,
	      "<upd:ApplicabilityRules xmlns:drv=\"http://schemas.microsoft.com/msus/2002/12/"
	      "UpdateHandlers/WindowsDriver\"><upd:IsInstalled><drv:WindowsDriverInstalled />"
	      "</upd:IsInstalled><upd:IsInstallable><drv:WindowsDriver /></upd:IsInstallable>"
	      "<upd:Metadata><drv:WindowsDriverMetaData "
	      "HardwareID=\"pci\\ven_8086&amp;dev_%04" PRIx64
	      "%s\" DriverVerDate=\"%s\" DriverVerVersion=\"%u.0.0.1\" Class=\"Net\" "
	      "Manufacturer=\"Acme\" Provider=\"Acme\" Company=\"Acme\" Model=\"Net %" PRIu64 "\">",
	      i / 4, kind == 3 ? "&amp;subsys_1" : "", dates[kind], kind + 1, i / 4);
	if (kind == 2)
		PRINT(m, xml, "<drv:TargetComputerHardwareId>%s</drv:TargetComputerHardwareId>",
		      guid(900000, id));
	PRINT(m, xml,
	      "<drv:FeatureScore OperatingSystem=\"AMD64.10.0\" FeatureScore=\"%s\" />"
	      "</drv:WindowsDriverMetaData></upd:Metadata></upd:ApplicabilityRules>",
	      kind == 3 ? "10" : "FF");
	make_file(m, number, ".cab", &file);
	snprintf(name, sizeof name, "d%" PRIu64 ".cab", i);
	put(m, xml, "<upd:Files>");
	put_file(m, xml, &file, name, "");
	put(m, xml, "</upd:Files></upd:Update>");
	snprintf(files, sizeof files, "<Files><File Digest=\"%s\" /></Files>", file.sha1_text);
	put_update(m, number, 200, xml, files, "<Categories /><Classifications />");
}

static void make_documents(struct make *m)
{
	CLEANUP(buf_clear) struct buf xml = BUF_INIT(1 << 20);

	put_category(m, &xml, CLASSIFICATION, "UpdateClassification", "Classification");
	begin(m, &xml, DETECTOID, 1, "Detectoid", "Detectoid");
	put(m, &xml, "</upd:LocalizedPropertiesCollection></upd:Update>");
	put_update(m, DETECTOID, 1, &xml, "<Files />", "<Categories /><Classifications />");
	for (uint64_t i = 0; i < m->products; i++)
		put_category(m, &xml, PRODUCT + i, "Product", "Product");
	for (uint64_t i = 0; i < m->updates; i++)
		put_software(m, &xml, UPDATE + i);
	for (uint64_t i = 0; i < m->drivers; i++)
		put_driver(m, &xml, i);
}

/* ---- the cabinet ---- */

static void make_package(struct make *m, struct buf *out)
{
	const char *root = m->fault == FAULT_ROOT ? "Export" : "ExportPackage";

	PRINT(m, out, "%s<?xml version=\"1.0\" encoding=\"utf-8\"?>%s",
	      m->no_package_mark ? "" : "\xEF\xBB\xBF",
	      m->fault == FAULT_DOCTYPE ? "<!DOCTYPE a [<!ENTITY b \"c\">]>" : "");
	PRINT(m, out,
	      "<%s ServerID=\"a0000000-0000-4000-8000-00000000000a\" "
	      "CreationTime=\"2026-02-03T04:05:06Z\" FormatVersion=\"%s\" "
	      "ProtocolVersion=\"1.20\"><Languages><Language Id=\"0\" ShortName=\"all\" "
	      "LongName=\"all\" Enabled=\"1\" /></Languages>",
	      root, m->fault == FAULT_VERSION ? "2.0" : "1.0");
	PRINT(m, out, m->files.len > 0 ? "<Files>" : "<Files />");
	if (buf_append(out, m->files.bytes, m->files.len, &m->err) < 0)
		die(m, "files");
	PRINT(m, out, "%s<Updates>", m->files.len > 0 ? "</Files>" : "");
	if (buf_append(out, m->list.bytes, m->list.len, &m->err) < 0)
		die(m, "updates");
	PRINT(m, out, "</Updates></%s>", root);
}

static void make_garbage(struct make *m)
{
	m->records.len = 0;
	for (uint64_t i = 0; i < 10000000; i += 20)
		PRINT(m, &m->records, "%020llu", (unsigned long long)(i * 0x9E3779B97F4A7C15ull));
}

static void write_cabinet(struct make *m, int dirfd)
{
	struct cab_write_options o = { .dirfd = dirfd,
				       .name = "package.cab",
				       .lzx = m->lzx,
				       .reserve = 6144,
				       .time = 1600000000 };
	CLEANUP(cab_write_free) struct cab_write *w = cab_write_new(&o, &m->err);
	CLEANUP(buf_clear) struct buf package = BUF_INIT(1 << 30);
	CLEANUP(buf_clear) struct buf records = BUF_INIT(1 << 30);

	make_package(m, &package);
	if (m->fault == FAULT_GARBAGE)
		make_garbage(m);
	put(m, &records, m->mark ? "\xEF\xBB\xBF" : "");
	if (buf_append(&records, m->records.bytes, m->records.len, &m->err) < 0 || !w)
		die(m, "cabinet");
	for (int i = 0; i < 2; i++) {
		bool first = (i == 0) != m->reversed;
		const struct buf *b = first ? &package : &records;

		if (cab_write_add(w, first ? "package.xml" : "metadata.txt", b->bytes, b->len,
				  &m->err) < 0)
			die(m, "cabinet");
	}
	if (cab_write_finish(w, &m->err) < 0)
		die(m, "cabinet");
}

static uint64_t number(const char *text)
{
	uint64_t value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	return value;
}

static enum fault fault_of(const char *name)
{
	for (int i = 0; i < FAULTS_; i++)
		if (strcmp(fault_names[i], name) == 0)
			return (enum fault)i;
	fprintf(stderr, "mkwsusutil: --fault %s: unknown\n", name);
	exit(1);
}

static void parse(struct make *m, int argc, char **argv)
{
	static const struct option options[] = {
		{ "out", 1, NULL, 'o' },      { "updates", 1, NULL, 'u' },
		{ "products", 1, NULL, 'p' }, { "seed", 1, NULL, 's' },
		{ "fault", 1, NULL, 'f' },    { "lzx", 0, NULL, 'l' },
		{ "reversed", 0, NULL, 'r' }, { "mark", 0, NULL, 'm' },
		{ "newlines", 0, NULL, 'n' }, { "no-package-mark", 0, NULL, 'x' },
		{ "drivers", 1, NULL, 'd' },  { "express", 0, NULL, 'e' },
		{ "rules", 0, NULL, 'c' },    { NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (c) {
		case 'o':
			m->out = optarg;
			break;
		case 'u':
			m->updates = number(optarg);
			break;
		case 'p':
			m->products = number(optarg);
			break;
		case 'd':
			m->drivers = number(optarg);
			break;
		case 'e':
			m->express = true;
			break;
		case 'c':
			m->rules = true;
			break;
		case 's':
			m->seed = number(optarg);
			break;
		case 'f':
			m->fault = fault_of(optarg);
			break;
		case 'l':
			m->lzx = true;
			break;
		case 'r':
			m->reversed = true;
			break;
		case 'm':
			m->mark = true;
			break;
		case 'n':
			m->newlines = true;
			break;
		case 'x':
			m->no_package_mark = true;
			break;
		default:
			exit(1);
		}
	if (!m->out || optind != argc || m->products == 0) {
		fprintf(stderr, "mkwsusutil: --out DIR is missing\n");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct make m = { .updates = 40,
			  .products = 3,
			  .seed = 1,
			  .files = BUF_INIT(1 << 30),
			  .list = BUF_INIT(1 << 30),
			  .records = BUF_INIT(1 << 30),
			  .err = ERROR_INIT };

	parse(&m, argc, argv);
	if (file_make_dirs(m.out, &m.err) < 0)
		die(&m, m.out);
	CLEANUP(file_close) int dir = file_open_dir(m.out, &m.err);
	CLEANUP(file_close)
	int content = dir < 0 ? -1 : file_open_subdir(dir, "WsusContent", true, &m.err);
	if (content < 0)
		die(&m, m.out);
	m.content = content;
	make_documents(&m);
	write_cabinet(&m, dir);
	printf("%" PRIu64 " documents\n", m.made);
	buf_clear(&m.files);
	buf_clear(&m.list);
	buf_clear(&m.records);
	return 0;
}
