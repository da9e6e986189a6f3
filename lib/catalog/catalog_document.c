#include "lib/catalog/catalog_document.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char NAMESPACE[] = "http://schemas.microsoft.com/msus/2002/12/Update";

enum state {
	IN_LEAF = 1, /* an element without children of interest */
	IN_UPDATE,
	IN_PROPERTIES,
	IN_COLLECTION,
	IN_LOCALIZED,
	IN_LICENCES,
	IN_LICENCE,
	IN_LICENCE_SHA256,
	IN_RELATIONSHIPS,
	IN_SUPERSEDED,
	IN_PREREQUISITES,
	IN_PREREQUISITE_OR,
	IN_BUNDLED,
	IN_BUNDLED_OR,
	IN_FILES,
	IN_FILE,
	IN_FILE_SHA256,
	IN_HANDLER,
};

enum { IGNORE = CATALOG_WALK_IGNORE, TOP = CATALOG_WALK_TOP };

struct catalog_document_parser {
	struct catalog_walk walk;
	struct catalog_document out;
	struct catalog_document_title title; /* of the open LocalizedProperties */
	struct catalog_grouping prerequisites;
	struct catalog_vector titles, languages, superseded, bundled, files, licences;
	size_t updates;     /* roots so far */
	bool digest_wanted; /* the open AdditionalDigest is SHA256 */
	bool file_open, licence_open;
};

/* ---- the update itself ---- */

/* The prefix of the root must be bound to the namespace of updates, on the root. */
static int update_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	size_t len = 0;
	const char *tag = xml_reader_tag(p->walk.reader, &len), *colon;
	char name[64] = "xmlns";

	(void)err;
	p->updates++;
	size_t end = 1;
	while (end < len && !strchr(" \t\r\n/>", tag[end]))
		end++;
	colon = memchr(tag, ':', end);
	if (colon && (size_t)(colon - tag) < sizeof name - 8)
		snprintf(name, sizeof name, "xmlns:%.*s", (int)(colon - tag - 1), tag + 1);
	const char *bound = catalog_walk_value(&p->walk, at, n, name);
	if (strcmp(bound, NAMESPACE) != 0)
		catalog_walk_problem(&p->walk, CATALOG_RULE_NAMESPACE_UNKNOWN, name, bound,
				     strlen(bound));
	return 0;
}

static int identity_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	const struct xml_attribute *id = catalog_walk_find(at, n, "UpdateID");
	const struct xml_attribute *number = catalog_walk_find(at, n, "RevisionNumber");
	uint64_t value = 0;

	(void)err;
	if (id)
		p->out.has_update_id = catalog_walk_guid(&p->walk, id, &p->out.update_id);
	else
		catalog_walk_missing(&p->walk, "UpdateID");
	if (!number)
		catalog_walk_missing(&p->walk, "RevisionNumber");
	else if (catalog_walk_number(&p->walk, number, UINT32_MAX, &value))
		p->out.revision_number = (uint32_t)value;
	return 0;
}

static int properties_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_document *d = &p->out;
	const struct xml_attribute *deployable = catalog_walk_find(at, n, "ExplicitlyDeployable");
	const struct xml_attribute *created = catalog_walk_find(at, n, "CreationDate");

	(void)err;
	d->update_type = catalog_walk_value(&p->walk, at, n, "UpdateType");
	d->publication_state = catalog_walk_value(&p->walk, at, n, "PublicationState");
	d->default_language = catalog_walk_value(&p->walk, at, n, "DefaultPropertiesLanguage");
	d->severity = catalog_walk_value(&p->walk, at, n, "MsrcSeverity");
	if (deployable)
		(void)catalog_walk_bool(&p->walk, deployable, CATALOG_RULE_BOOLEAN_TEXT,
					&d->explicitly_deployable);
	if (created)
		(void)catalog_walk_time(&p->walk, created, &d->creation);
	return 0;
}

static int kb_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)err;
	if (!*p->out.kb)
		p->out.kb = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int bulletin_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)err;
	if (!*p->out.bulletin)
		p->out.bulletin = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int language_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)err;
	if (catalog_walk_relation(&p->walk)) {
		const char **place = catalog_vector_add(&p->languages, sizeof *place);

		*place = catalog_walk_trimmed(&p->walk);
	}
	return 0;
}

/* ---- titles ---- */

static int localized_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)err;
	if (catalog_walk_relation(&p->walk))
		memcpy(catalog_vector_add(&p->titles, sizeof p->title), &p->title, sizeof p->title);
	p->title = (struct catalog_document_title){ .language = "", .title = "" };
	return 0;
}

static int title_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)err;
	p->title.title = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int title_language_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)err;
	p->title.language = catalog_walk_trimmed(&p->walk);
	return 0;
}

/* ---- relationships ---- */

/* The UpdateID of a reference; false with a problem. */
static bool reference(struct catalog_document_parser *p, const struct xml_attribute *at, size_t n,
		      struct catalog_guid *out)
{
	const struct xml_attribute *id = catalog_walk_find(at, n, "UpdateID");

	if (!id) {
		catalog_walk_missing(&p->walk, "UpdateID");
		return false;
	}
	return catalog_walk_guid(&p->walk, id, out) && catalog_walk_relation(&p->walk);
}

static int superseded_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_guid id;

	(void)err;
	if (reference(p, at, n, &id))
		memcpy(catalog_vector_add(&p->superseded, sizeof id), &id, sizeof id);
	return 0;
}

static int bundled_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	const struct xml_attribute *number = catalog_walk_find(at, n, "RevisionNumber");
	struct catalog_document_child child = { .revision_number = 0 };
	uint64_t value;

	(void)err;
	if (!number) {
		catalog_walk_missing(&p->walk, "RevisionNumber");
		return 0;
	}
	if (!catalog_walk_number(&p->walk, number, UINT32_MAX, &value) ||
	    !reference(p, at, n, &child.update_id))
		return 0;
	child.revision_number = (uint32_t)value;
	memcpy(catalog_vector_add(&p->bundled, sizeof child), &child, sizeof child);
	return 0;
}

static int prerequisite_begin(void *ctx, const struct xml_attribute *at, size_t n,
			      struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_guid id;

	(void)err;
	if (reference(p, at, n, &id)) {
		catalog_grouping_open(&p->prerequisites);
		catalog_grouping_add(&p->prerequisites, &id);
	}
	return 0;
}

static int or_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)at;
	(void)n;
	(void)err;
	catalog_grouping_open(&p->prerequisites);
	return 0;
}

static int or_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_group *groups = p->prerequisites.groups.items;

	(void)err;
	if (groups[p->prerequisites.groups.count - 1].count == 0)
		p->prerequisites.groups.count--;
	return 0;
}

static int alternative_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_guid id;

	(void)err;
	if (reference(p, at, n, &id))
		catalog_grouping_add(&p->prerequisites, &id);
	return 0;
}

/* ---- files and licences ---- */

/* SHA1 or nothing; another algorithm is a digest we cannot use. */
static bool read_digest(struct catalog_document_parser *p, const struct xml_attribute *at, size_t n,
			struct catalog_sha1 *out)
{
	const struct xml_attribute *digest = catalog_walk_find(at, n, "Digest");
	const struct xml_attribute *algorithm = catalog_walk_find(at, n, "DigestAlgorithm");

	if (!digest) {
		catalog_walk_missing(&p->walk, "Digest");
		return false;
	}
	if (algorithm && (algorithm->len != 4 || memcmp(algorithm->value, "SHA1", 4) != 0)) {
		catalog_walk_problem(&p->walk, CATALOG_RULE_DIGEST_TEXT, "DigestAlgorithm",
				     algorithm->value, algorithm->len);
		return false;
	}
	return catalog_walk_sha1(&p->walk, digest, out) && catalog_walk_relation(&p->walk);
}

static bool read_size(struct catalog_document_parser *p, const struct xml_attribute *at, size_t n,
		      uint64_t *out)
{
	const struct xml_attribute *size = catalog_walk_find(at, n, "Size");

	return size && catalog_walk_number(&p->walk, size, INT64_MAX, out);
}

static int file_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_file f = { .name = catalog_walk_value(&p->walk, at, n, "FileName"),
				  .modified = catalog_walk_value(&p->walk, at, n, "Modified"),
				  .patching_type =
					  catalog_walk_value(&p->walk, at, n, "PatchingType") };

	(void)err;
	if (!*f.patching_type)
		f.patching_type = catalog_walk_value(&p->walk, at, n, "PatchingTypePreferred");
	f.has_size = read_size(p, at, n, &f.size);
	p->file_open = read_digest(p, at, n, &f.sha1);
	if (p->file_open)
		memcpy(catalog_vector_add(&p->files, sizeof f), &f, sizeof f);
	return 0;
}

static int licence_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_licence l = { .language = catalog_walk_value(&p->walk, at, n, "Language") };

	(void)err;
	if (!*l.language)
		l.language = p->title.language;
	l.has_size = read_size(p, at, n, &l.size);
	p->licence_open = read_digest(p, at, n, &l.sha1);
	if (p->licence_open)
		memcpy(catalog_vector_add(&p->licences, sizeof l), &l, sizeof l);
	return 0;
}

static int licence_language_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_licence *all = p->licences.items;

	(void)err;
	if (p->licence_open)
		all[p->licences.count - 1].language = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int sha256_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_document_parser *p = ctx;

	(void)err;
	p->digest_wanted = strcmp(catalog_walk_value(&p->walk, at, n, "Algorithm"), "SHA256") == 0;
	return 0;
}

/* The text of the open AdditionalDigest; false with a problem. */
static int file_sha256_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_file *all = p->files.items;

	(void)err;
	if (p->digest_wanted && p->file_open)
		all[p->files.count - 1].has_sha256 =
			catalog_walk_sha256(&p->walk, all[p->files.count - 1].sha256);
	return 0;
}

static int licence_sha256_end(void *ctx, struct error *err)
{
	struct catalog_document_parser *p = ctx;
	struct catalog_licence *all = p->licences.items;

	(void)err;
	if (p->digest_wanted && p->licence_open)
		all[p->licences.count - 1].has_sha256 =
			catalog_walk_sha256(&p->walk, all[p->licences.count - 1].sha256);
	return 0;
}

/* ---- categories ---- */

static int category_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const struct {
		const char *text;
		enum catalog_category_type type;
	} types[] = {
		{ "UpdateClassification", CATALOG_CATEGORY_CLASSIFICATION },
		{ "Company", CATALOG_CATEGORY_COMPANY },
		{ "ProductFamily", CATALOG_CATEGORY_FAMILY },
		{ "Product", CATALOG_CATEGORY_PRODUCT },
	};
	struct catalog_document_parser *p = ctx;
	const char *type = catalog_walk_value(&p->walk, at, n, "CategoryType");

	(void)err;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(type, types[i].text) == 0)
			p->out.category = types[i].type;
	if (p->out.category == CATALOG_CATEGORY_OTHER)
		catalog_walk_problem(&p->walk, CATALOG_RULE_CATEGORY_TYPE, "CategoryType", type,
				     strlen(type));
	return 0;
}

/* clang-format off */
#define SKIP(where, what) { .parent = (where), .name = (what), .state = IGNORE }
#define TEXT(where, what, function) \
	{ .parent = (where), .name = (what), .state = IN_LEAF, .text = true, .end = (function) }
#define LICENCE(where) \
	{ .parent = (where), .name = "EulaFile", .state = IN_LICENCE, .begin = licence_begin }
static const struct catalog_walk_row rows[] = {
	{ .parent = TOP, .name = "Update", .state = IN_UPDATE, .begin = update_begin },
	{ .parent = IN_UPDATE, .name = "UpdateIdentity", .state = IN_LEAF, .begin = identity_begin },
	{ .parent = IN_UPDATE, .name = "Properties", .state = IN_PROPERTIES,
	  .begin = properties_begin },
	{ .parent = IN_UPDATE, .name = "LocalizedPropertiesCollection", .state = IN_COLLECTION },
	{ .parent = IN_UPDATE, .name = "Relationships", .state = IN_RELATIONSHIPS },
	SKIP(IN_UPDATE, "ApplicabilityRules"),
	{ .parent = IN_UPDATE, .name = "Files", .state = IN_FILES },
	{ .parent = IN_UPDATE, .name = "EulaFiles", .state = IN_LICENCES },
	{ .parent = IN_UPDATE, .name = "HandlerSpecificData", .state = IN_HANDLER },
	TEXT(IN_PROPERTIES, "KBArticleID", kb_end),
	TEXT(IN_PROPERTIES, "SecurityBulletinID", bulletin_end),
	TEXT(IN_PROPERTIES, "Language", language_end),
	SKIP(IN_PROPERTIES, "InstallationBehavior"),
	SKIP(IN_PROPERTIES, "UninstallationBehavior"),
	SKIP(IN_PROPERTIES, "MoreInfoUrl"),
	SKIP(IN_PROPERTIES, "SupportUrl"),
	SKIP(IN_PROPERTIES, "CveID"),
	SKIP(IN_PROPERTIES, "CVEID"),
	SKIP(IN_PROPERTIES, "SecuredFragment"),
	{ .parent = IN_PROPERTIES, .name = "EulaFiles", .state = IN_LICENCES },
	LICENCE(IN_PROPERTIES),
	{ .parent = IN_COLLECTION, .name = "LocalizedProperties", .state = IN_LOCALIZED,
	  .end = localized_end },
	LICENCE(IN_COLLECTION),
	TEXT(IN_LOCALIZED, "Language", title_language_end),
	TEXT(IN_LOCALIZED, "Title", title_end),
	SKIP(IN_LOCALIZED, "Description"),
	SKIP(IN_LOCALIZED, "UninstallNotes"),
	SKIP(IN_LOCALIZED, "MoreInfoUrl"),
	SKIP(IN_LOCALIZED, "SupportUrl"),
	LICENCE(IN_LOCALIZED),
	LICENCE(IN_LICENCES),
	TEXT(IN_LICENCE, "Language", licence_language_end),
	{ .parent = IN_LICENCE, .name = "AdditionalDigest", .state = IN_LICENCE_SHA256, .text = true,
	  .begin = sha256_begin, .end = licence_sha256_end },
	{ .parent = IN_RELATIONSHIPS, .name = "Prerequisites", .state = IN_PREREQUISITES },
	{ .parent = IN_RELATIONSHIPS, .name = "SupersededUpdates", .state = IN_SUPERSEDED },
	{ .parent = IN_RELATIONSHIPS, .name = "BundledUpdates", .state = IN_BUNDLED },
	{ .parent = IN_PREREQUISITES, .name = "UpdateIdentity", .state = IN_LEAF,
	  .begin = prerequisite_begin },
	{ .parent = IN_PREREQUISITES, .name = "AtLeastOne", .state = IN_PREREQUISITE_OR,
	  .begin = or_begin, .end = or_end },
	{ .parent = IN_PREREQUISITE_OR, .name = "UpdateIdentity", .state = IN_LEAF,
	  .begin = alternative_begin },
	{ .parent = IN_SUPERSEDED, .name = "UpdateIdentity", .state = IN_LEAF,
	  .begin = superseded_begin },
	{ .parent = IN_BUNDLED, .name = "UpdateIdentity", .state = IN_LEAF, .begin = bundled_begin },
	{ .parent = IN_BUNDLED, .name = "AtLeastOne", .state = IN_BUNDLED_OR },
	{ .parent = IN_BUNDLED_OR, .name = "UpdateIdentity", .state = IN_LEAF,
	  .begin = bundled_begin },
	{ .parent = IN_FILES, .name = "File", .state = IN_FILE, .begin = file_begin },
	{ .parent = IN_FILE, .name = "AdditionalDigest", .state = IN_FILE_SHA256, .text = true,
	  .begin = sha256_begin, .end = file_sha256_end },
	SKIP(IN_FILE, "PiecesHashDigest"),
	SKIP(IN_FILE, "BlockMapDigest"),
	{ .parent = IN_HANDLER, .name = "CategoryInformation", .state = IN_LEAF,
	  .begin = category_begin },
	SKIP(IN_HANDLER, "InstallCommand"),
	SKIP(IN_HANDLER, "UninstallCommand"),
	SKIP(IN_HANDLER, "CbsData"),
	SKIP(IN_HANDLER, "WindowsPatchData"),
	SKIP(IN_HANDLER, "MspData"),
	SKIP(IN_HANDLER, "MsiData"),
	SKIP(IN_HANDLER, "OSInstallData"),
	SKIP(IN_HANDLER, "WindowsDriverMetaData"),
};
/* clang-format on */

/* Nothing leaves the parser before the document ends. */
static void forget(void *ctx)
{
	struct catalog_document_parser *p = ctx;

	catalog_grouping_reset(&p->prerequisites);
	p->titles.count = p->languages.count = p->superseded.count = p->bundled.count = 0;
	p->files.count = p->licences.count = p->updates = 0;
	p->digest_wanted = p->file_open = p->licence_open = false;
	p->title = (struct catalog_document_title){ .language = "", .title = "" };
	p->out = (struct catalog_document){
		.update_type = "",
		.publication_state = "",
		.default_language = "",
		.severity = "",
		.kb = "",
		.bulletin = "",
	};
}

struct catalog_document_parser *catalog_document_new(void)
{
	struct catalog_document_parser *p = buf_calloc(1, sizeof *p);

	catalog_walk_init(&p->walk, rows, sizeof rows / sizeof *rows, CATALOG_WALK_FRAGMENT, p);
	p->walk.restart = forget;
	p->walk.strict_top = p->walk.local_names = true;
	return p;
}

void catalog_document_free(struct catalog_document_parser *p)
{
	if (!p)
		return;
	catalog_walk_clear(&p->walk);
	catalog_grouping_clear(&p->prerequisites);
	catalog_vector_clear(&p->titles);
	catalog_vector_clear(&p->languages);
	catalog_vector_clear(&p->superseded);
	catalog_vector_clear(&p->bundled);
	catalog_vector_clear(&p->files);
	catalog_vector_clear(&p->licences);
	free(p);
}

int catalog_document_parse(struct catalog_document_parser *p, const char *label, const void *bytes,
			   size_t len, struct catalog_document *out, struct error *err)
{
	struct catalog_document *d = &p->out;

	catalog_walk_restart(&p->walk);
	forget(p);
	if (xml_reader_fragment(p->walk.reader, label, bytes, len, err) < 0)
		return -1;
	if (p->updates != 1)
		return error_set(err, ERROR_CATALOG_ROOT, "%s: %zu updates where one is expected",
				 label, p->updates);
	d->titles = p->titles.items;
	d->titles_count = p->titles.count;
	d->languages = p->languages.items;
	d->languages_count = p->languages.count;
	d->superseded = p->superseded.items;
	d->superseded_count = p->superseded.count;
	d->bundled = p->bundled.items;
	d->bundled_count = p->bundled.count;
	d->files = p->files.items;
	d->files_count = p->files.count;
	d->licences = p->licences.items;
	d->licences_count = p->licences.count;
	d->prerequisites = catalog_grouping_finish(&p->prerequisites, &d->prerequisites_count);
	d->problems = catalog_walk_problems(&p->walk);
	*out = *d;
	return 0;
}

uint64_t catalog_document_fault(const struct catalog_document_parser *p)
{
	return xml_reader_fault(p->walk.reader);
}
