#include "lib/catalog/catalog_fragment.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_internal.h"
#include "lib/catalog/catalog_walk.h"

#include <stdlib.h>
#include <string.h>

enum state {
	IN_LEAF = 1, /* an element without children of interest */
	IN_RELATIONSHIPS,
	IN_SUPERSEDED,
	IN_PREREQUISITES,
	IN_PREREQUISITE_OR,
	IN_BUNDLED,
	IN_BUNDLED_OR,
	IN_EXTENDED,
	IN_FILES,
	IN_FILE,
	IN_SHA256,
	IN_LOCALIZED,
	IN_EULA,
};

enum { IGNORE = CATALOG_WALK_IGNORE, TOP = CATALOG_WALK_TOP };

struct catalog_fragment_parser {
	struct catalog_walk walk;
	struct catalog_fragment out;
	struct catalog_grouping prerequisites;
	struct catalog_vector superseded, bundled; /* struct catalog_guid */
	struct catalog_vector files;               /* struct catalog_file */
	struct catalog_vector licences;            /* struct catalog_licence */
	bool digest_wanted;                        /* the open AdditionalDigest is SHA256 */
	bool licence_open;                         /* the open EulaFile is the last of licences */
};

/* ---- core ---- */

static int identity_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	const struct xml_attribute *id = catalog_walk_find(at, n, "UpdateID");
	const struct xml_attribute *number = catalog_walk_find(at, n, "RevisionNumber");
	uint64_t value = 0;

	(void)err;
	if (!id)
		catalog_walk_missing(&p->walk, "UpdateID");
	else
		p->out.core.has_update_id = catalog_walk_guid(&p->walk, id, &p->out.core.update_id);
	if (number && catalog_walk_number(&p->walk, number, UINT32_MAX, &value))
		p->out.core.revision_number = (uint32_t)value;
	return 0;
}

static int properties_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	const struct xml_attribute *deployable = catalog_walk_find(at, n, "ExplicitlyDeployable");

	(void)err;
	p->out.core.update_type = catalog_walk_value(&p->walk, at, n, "UpdateType");
	p->out.core.licence_id = catalog_walk_value(&p->walk, at, n, "EulaID");
	if (deployable)
		(void)catalog_walk_bool(&p->walk, deployable, CATALOG_RULE_BOOLEAN_TEXT,
					&p->out.core.explicitly_deployable);
	return 0;
}

/* The UpdateID of a reference; false with a problem. */
static bool reference(struct catalog_fragment_parser *p, const struct xml_attribute *at, size_t n,
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
	struct catalog_fragment_parser *p = ctx;
	struct catalog_guid id;

	(void)err;
	if (reference(p, at, n, &id))
		memcpy(catalog_vector_add(&p->superseded, sizeof id), &id, sizeof id);
	return 0;
}

static int bundled_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	struct catalog_guid id;

	(void)err;
	if (reference(p, at, n, &id))
		memcpy(catalog_vector_add(&p->bundled, sizeof id), &id, sizeof id);
	return 0;
}

static int prerequisite_begin(void *ctx, const struct xml_attribute *at, size_t n,
			      struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
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
	struct catalog_fragment_parser *p = ctx;

	(void)at;
	(void)n;
	(void)err;
	if (catalog_walk_relation(&p->walk))
		catalog_grouping_open(&p->prerequisites);
	return 0;
}

static int or_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	struct catalog_group *groups = p->prerequisites.groups.items;

	/* The master document leaves an empty AtLeastOne out; one exists in genuine data. */
	(void)err;
	if (p->prerequisites.groups.count > 0 &&
	    groups[p->prerequisites.groups.count - 1].count == 0)
		p->prerequisites.groups.count--;
	return 0;
}

static int alternative_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	struct catalog_guid id;

	(void)err;
	if (reference(p, at, n, &id)) {
		if (p->prerequisites.groups.count == 0)
			catalog_grouping_open(&p->prerequisites);
		catalog_grouping_add(&p->prerequisites, &id);
	}
	return 0;
}

/* clang-format off */
static const struct catalog_walk_row core_rows[] = {
	{ .parent = TOP, .name = "UpdateIdentity", .state = IN_LEAF, .begin = identity_begin },
	{ .parent = TOP, .name = "Properties", .state = IN_LEAF, .begin = properties_begin },
	{ .parent = TOP, .name = "Relationships", .state = IN_RELATIONSHIPS },
	{ .parent = TOP, .name = "ApplicabilityRules", .state = IGNORE },
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
};
/* clang-format on */

/* ---- extended ---- */

static int extended_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	struct catalog_extended *x = &p->out.extended;
	const struct xml_attribute *size = catalog_walk_find(at, n, "MaxDownloadSize");

	(void)err;
	x->severity = catalog_walk_value(&p->walk, at, n, "MsrcSeverity");
	x->handler = catalog_walk_value(&p->walk, at, n, "Handler");
	x->default_language = catalog_walk_value(&p->walk, at, n, "DefaultPropertiesLanguage");
	if (size)
		x->has_max_size = catalog_walk_number(&p->walk, size, INT64_MAX, &x->max_size);
	return 0;
}

static int kb_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->out.extended.kb = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int bulletin_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->out.extended.bulletin = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int support_url_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->out.extended.support_url = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int more_info_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->out.extended.more_info_url = catalog_walk_trimmed(&p->walk);
	return 0;
}

/* Old files say SHA1 or nothing; another algorithm is a digest we cannot use. */
static bool is_sha1(const struct xml_attribute *algorithm)
{
	return !algorithm || (algorithm->len == 4 && memcmp(algorithm->value, "SHA1", 4) == 0);
}

static int file_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	const struct xml_attribute *digest = catalog_walk_find(at, n, "Digest");
	const struct xml_attribute *algorithm = catalog_walk_find(at, n, "DigestAlgorithm");
	const struct xml_attribute *size = catalog_walk_find(at, n, "Size");
	struct catalog_file f = { .name = catalog_walk_value(&p->walk, at, n, "FileName") };

	(void)err;
	f.modified = catalog_walk_value(&p->walk, at, n, "Modified");
	f.patching_type = catalog_walk_value(&p->walk, at, n, "PatchingType");
	if (!*f.patching_type)
		f.patching_type = catalog_walk_value(&p->walk, at, n, "PatchingTypePreferred");
	if (!digest)
		catalog_walk_missing(&p->walk, "Digest");
	else if (!is_sha1(algorithm))
		catalog_walk_problem(&p->walk, CATALOG_RULE_DIGEST_TEXT, "DigestAlgorithm",
				     algorithm->value, algorithm->len);
	else
		(void)catalog_walk_sha1(&p->walk, digest, &f.sha1);
	if (size)
		f.has_size = catalog_walk_number(&p->walk, size, INT64_MAX, &f.size);
	if (catalog_walk_relation(&p->walk))
		memcpy(catalog_vector_add(&p->files, sizeof f), &f, sizeof f);
	return 0;
}

static int sha256_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->digest_wanted = strcmp(catalog_walk_value(&p->walk, at, n, "Algorithm"), "SHA256") == 0;
	return 0;
}

/* The text of the open AdditionalDigest; false with a problem. */
static int sha256_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	struct catalog_file *files = p->files.items;

	(void)err;
	if (!p->digest_wanted || p->files.count == 0)
		return 0;
	struct catalog_file *f = &files[p->files.count - 1];
	f->has_sha256 = catalog_walk_sha256(&p->walk, f->sha256);
	return 0;
}

/* clang-format off */
static const struct catalog_walk_row extended_rows[] = {
	{ .parent = TOP, .name = "ExtendedProperties", .state = IN_EXTENDED, .begin = extended_begin },
	{ .parent = TOP, .name = "Files", .state = IN_FILES },
	{ .parent = TOP, .name = "HandlerSpecificData", .state = IGNORE },
	{ .parent = IN_EXTENDED, .name = "KBArticleID", .state = IN_LEAF, .text = true, .end = kb_end },
	{ .parent = IN_EXTENDED, .name = "SecurityBulletinID", .state = IN_LEAF, .text = true,
	  .end = bulletin_end },
	{ .parent = IN_EXTENDED, .name = "SupportUrl", .state = IN_LEAF, .text = true,
	  .end = support_url_end },
	{ .parent = IN_EXTENDED, .name = "MoreInfoUrl", .state = IN_LEAF, .text = true,
	  .end = more_info_end },
	{ .parent = IN_EXTENDED, .name = "InstallationBehavior", .state = IGNORE },
	{ .parent = IN_EXTENDED, .name = "UninstallationBehavior", .state = IGNORE },
	{ .parent = IN_EXTENDED, .name = "Language", .state = IGNORE },
	{ .parent = IN_EXTENDED, .name = "CveID", .state = IGNORE },
	{ .parent = IN_EXTENDED, .name = "CVEID", .state = IGNORE },
	{ .parent = IN_FILES, .name = "File", .state = IN_FILE, .begin = file_begin },
	{ .parent = IN_FILE, .name = "AdditionalDigest", .state = IN_SHA256, .text = true,
	  .begin = sha256_begin, .end = sha256_end },
};
/* clang-format on */

/* ---- localized ---- */

static int title_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->out.localized.title = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int description_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->out.localized.description = catalog_walk_trimmed(&p->walk);
	return 0;
}

static int language_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;

	(void)err;
	p->out.localized.language = catalog_walk_trimmed(&p->walk);
	return 0;
}

/* clang-format off */
static const struct catalog_walk_row localized_rows[] = {
	{ .parent = TOP, .name = "LocalizedProperties", .state = IN_LOCALIZED },
	{ .parent = IN_LOCALIZED, .name = "Language", .state = IN_LEAF, .text = true,
	  .end = language_end },
	{ .parent = IN_LOCALIZED, .name = "Title", .state = IN_LEAF, .text = true, .end = title_end },
	{ .parent = IN_LOCALIZED, .name = "Description", .state = IN_LEAF, .text = true,
	  .end = description_end },
	{ .parent = IN_LOCALIZED, .name = "UninstallNotes", .state = IGNORE },
	{ .parent = IN_LOCALIZED, .name = "MoreInfoUrl", .state = IGNORE },
	{ .parent = IN_LOCALIZED, .name = "SupportUrl", .state = IGNORE },
};
/* clang-format on */

/* ---- licences ---- */

static int eula_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	const struct xml_attribute *digest = catalog_walk_find(at, n, "Digest");
	struct catalog_licence l = { .language = catalog_walk_value(&p->walk, at, n, "Language") };

	(void)err;
	p->licence_open = false;
	if (!digest)
		catalog_walk_missing(&p->walk, "Digest");
	else if (catalog_walk_sha1(&p->walk, digest, &l.sha1) && catalog_walk_relation(&p->walk)) {
		memcpy(catalog_vector_add(&p->licences, sizeof l), &l, sizeof l);
		p->licence_open = true;
	}
	return 0;
}

static int licence_sha256_end(void *ctx, struct error *err)
{
	struct catalog_fragment_parser *p = ctx;
	unsigned char ignored[32];

	(void)err;
	if (!p->digest_wanted)
		return 0;
	/* The digest of an EulaFile that could not be kept is judged all the same. */
	struct catalog_licence *all = p->licences.items;
	struct catalog_licence *l = p->licence_open ? &all[p->licences.count - 1] : NULL;
	bool good = catalog_walk_sha256(&p->walk, l ? l->sha256 : ignored);
	if (l)
		l->has_sha256 = good;
	return 0;
}

/* clang-format off */
static const struct catalog_walk_row licence_rows[] = {
	{ .parent = TOP, .name = "EulaFile", .state = IN_EULA, .begin = eula_begin },
	{ .parent = IN_EULA, .name = "AdditionalDigest", .state = IN_SHA256, .text = true,
	  .begin = sha256_begin, .end = licence_sha256_end },
};
/* clang-format on */

/* The complete update: everything is somebody else's. */
/* clang-format off */
static const struct catalog_walk_row complete_rows[] = {
	{ .parent = TOP, .name = "Update", .state = IGNORE },
	{ .parent = TOP, .name = "upd:Update", .state = IGNORE },
};
/* clang-format on */

/* ---- public ---- */

/* Everything but which stream it is. */
static void forget(void *ctx)
{
	struct catalog_fragment_parser *p = ctx;

	catalog_grouping_reset(&p->prerequisites);
	p->superseded.count = p->bundled.count = p->files.count = p->licences.count = 0;
	p->digest_wanted = p->licence_open = false;
	p->out = (struct catalog_fragment){
		.stream = p->out.stream,
		.core = { .update_type = "", .licence_id = "" },
		.extended = { .kb = "",
			      .severity = "",
			      .bulletin = "",
			      .support_url = "",
			      .more_info_url = "",
			      .handler = "",
			      .default_language = "" },
		.localized = { .language = "", .title = "", .description = "" },
		.eula = { .language = "" },
	};
}

struct catalog_fragment_parser *catalog_fragment_new(void)
{
	struct catalog_fragment_parser *p = buf_calloc(1, sizeof *p);

	catalog_walk_init(&p->walk, core_rows, 0, CATALOG_WALK_FRAGMENT, p);
	p->walk.restart = forget;
	return p;
}

void catalog_fragment_free(struct catalog_fragment_parser *p)
{
	if (!p)
		return;
	catalog_walk_clear(&p->walk);
	catalog_grouping_clear(&p->prerequisites);
	catalog_vector_clear(&p->superseded);
	catalog_vector_clear(&p->bundled);
	catalog_vector_clear(&p->files);
	catalog_vector_clear(&p->licences);
	free(p);
}

static void choose_rows(struct catalog_walk *w, enum catalog_stream stream)
{
#define ROWS(table) ((w->rows = (table)), (w->rows_count = sizeof(table) / sizeof *(table)))
	switch (stream) {
	case CATALOG_STREAM_CORE:
		ROWS(core_rows);
		break;
	case CATALOG_STREAM_EXTENDED:
		ROWS(extended_rows);
		break;
	case CATALOG_STREAM_LOCALIZED:
		ROWS(localized_rows);
		break;
	case CATALOG_STREAM_LICENCE:
		ROWS(licence_rows);
		break;
	case CATALOG_STREAM_COMPLETE:
		ROWS(complete_rows);
		break;
	}
#undef ROWS
}

int catalog_fragment_parse(struct catalog_fragment_parser *p, enum catalog_stream stream,
			   const char *label, const void *bytes, size_t len,
			   struct catalog_fragment *out, struct error *err)
{
	choose_rows(&p->walk, stream);
	catalog_walk_restart(&p->walk);
	p->out.stream = stream;
	forget(p);
	if (xml_reader_fragment(p->walk.reader, label, bytes, len, err) < 0)
		return -1;
	struct catalog_core *c = &p->out.core;
	c->superseded = p->superseded.items;
	c->superseded_count = p->superseded.count;
	c->bundled = p->bundled.items;
	c->bundled_count = p->bundled.count;
	c->prerequisites = catalog_grouping_finish(&p->prerequisites, &c->prerequisites_count);
	p->out.extended.files = p->files.items;
	p->out.extended.files_count = p->files.count;
	p->out.eula.files = p->licences.items;
	p->out.eula.files_count = p->licences.count;
	if (p->licences.count > 0)
		p->out.eula.language = p->out.eula.files[0].language;
	p->out.problems = catalog_walk_problems(&p->walk);
	if (stream == CATALOG_STREAM_CORE)
		catalog_applicability_scan(bytes, len, &c->applicability);
	*out = p->out;
	return 0;
}

uint64_t catalog_fragment_fault(const struct catalog_fragment_parser *p)
{
	return xml_reader_fault(p->walk.reader);
}
