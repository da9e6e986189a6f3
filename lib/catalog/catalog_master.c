#include "lib/catalog/catalog_master.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_walk.h"

#include <stdlib.h>
#include <string.h>

static const char NAMESPACE[] = "http://schemas.microsoft.com/msus/2004/02/OfflineSync";

enum state {
	IN_PACKAGE = 1,
	IN_UPDATES,
	IN_LOCATIONS,
	IN_UPDATE,
	IN_LOCATION,
	IN_PREREQUISITES,
	IN_PREREQUISITE,
	IN_OR,
	IN_ALTERNATIVE,
	IN_SUPERSEDED_BY,
	IN_BUNDLED_BY,
	IN_REVISION,
	IN_PAYLOAD,
	IN_PAYLOAD_FILE,
	IN_CATEGORIES,
	IN_CATEGORY,
	IN_LANGUAGES,
	IN_LANGUAGE,
	IN_LICENCES,
	IN_LICENCE,
	IN_LICENCE_LANGUAGE,
};

struct catalog_master {
	const struct catalog_master_handler *handler;
	void *ctx;
	struct catalog_walk walk;
	struct catalog_update update;
	struct catalog_location location;
	struct catalog_grouping prerequisites;
	struct catalog_vector superseded_by, bundled_by; /* uint32_t */
	struct catalog_vector categories;                /* struct catalog_category */
	struct catalog_vector languages;                 /* const char * */
	struct catalog_vector payload;                   /* struct catalog_sha1 */
	struct catalog_vector licences;                  /* struct catalog_licence */
};

static const char *text_of(struct catalog_master *m, const struct xml_attribute *a)
{
	return a ? catalog_walk_text(&m->walk, a->value, a->len) : "";
}

static int64_t date_of(struct catalog_master *m, const struct xml_attribute *a)
{
	int64_t seconds = 0;

	if (a && !str_to_time(a->value, a->len, &seconds))
		catalog_walk_problem(&m->walk, CATALOG_RULE_DATE_TEXT, a->name, a->value, a->len);
	return seconds;
}

/* An element that only holds others: no attribute of it is known. */
static int list_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_master *m = ctx;

	(void)err;
	catalog_walk_known(&m->walk, at, n, NULL, 0);
	return 0;
}

/* Deliver what was found since the last piece, and begin the next one. */
static int next_piece(struct catalog_master *m, struct error *err)
{
	return catalog_walk_between(&m->walk, m->handler->problem, m->ctx, err);
}

/* ---- package ---- */

static int package_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const char *const known[] = { "xmlns",           "MinimumClientVersion",
					     "ProtocolVersion", "PackageId",
					     "SourceId",        "CreationDate",
					     "PackageVersion" };
	struct catalog_master *m = ctx;

	if (next_piece(m, err) < 0)
		return -1;
	catalog_walk_known(&m->walk, at, n, known, sizeof known / sizeof *known);
	const struct xml_attribute *created = catalog_walk_find(at, n, "CreationDate");
	struct catalog_package p = {
		.xmlns = catalog_walk_value(&m->walk, at, n, "xmlns"),
		.minimum_client_version =
			catalog_walk_value(&m->walk, at, n, "MinimumClientVersion"),
		.package_version = catalog_walk_value(&m->walk, at, n, "PackageVersion"),
		.protocol_version = catalog_walk_value(&m->walk, at, n, "ProtocolVersion"),
		.creation_text = text_of(m, created),
		.creation = date_of(m, created),
		.package_id = catalog_walk_value(&m->walk, at, n, "PackageId"),
		.source_id = catalog_walk_value(&m->walk, at, n, "SourceId"),
		.offset = xml_reader_offset(m->walk.reader),
	};
	if (strcmp(p.xmlns, NAMESPACE) != 0)
		catalog_walk_problem(&m->walk, CATALOG_RULE_NAMESPACE_UNKNOWN, "xmlns", p.xmlns,
				     strlen(p.xmlns));
	p.raw = xml_reader_tag(m->walk.reader, &p.raw_len);
	p.problems = catalog_walk_problems(&m->walk);
	m->walk.delivered++;
	int result = m->handler->package ? m->handler->package(m->ctx, &p, err) : 0;
	catalog_walk_next_piece(&m->walk);
	return result;
}

/* ---- update ---- */

static void read_flags(struct catalog_master *m, const struct xml_attribute *at, size_t n)
{
	struct catalog_update *u = &m->update;
	const struct xml_attribute *leaf = catalog_walk_find(at, n, "IsLeaf");
	const struct xml_attribute *bundle = catalog_walk_find(at, n, "IsBundle");
	const struct xml_attribute *software = catalog_walk_find(at, n, "IsSoftware");
	const struct xml_attribute *action = catalog_walk_find(at, n, "DeploymentAction");

	if (leaf)
		(void)catalog_walk_bool(&m->walk, leaf, CATALOG_RULE_BOOLEAN_TEXT, &u->is_leaf);
	if (bundle)
		(void)catalog_walk_bool(&m->walk, bundle, CATALOG_RULE_BOOLEAN_TEXT, &u->is_bundle);
	u->action =
		action ? catalog_action_parse(action->value, action->len) : CATALOG_ACTION_ABSENT;
	/* of Evaluate EVALUATE_SOFTWARE tells */
	if (software &&
	    catalog_walk_bool(&m->walk, software, CATALOG_RULE_SOFTWARE_TEXT, &u->is_software) &&
	    u->is_software && u->action != CATALOG_ACTION_EVALUATE)
		catalog_walk_problem(&m->walk, CATALOG_RULE_SOFTWARE_STATED, software->name,
				     software->value, software->len);
	u->action_text = text_of(m, action);
	u->action_offset = u->offset;
}

static void read_identity(struct catalog_master *m, const struct xml_attribute *at, size_t n)
{
	struct catalog_update *u = &m->update;
	const struct xml_attribute *id = catalog_walk_find(at, n, "UpdateId");
	const struct xml_attribute *number = catalog_walk_find(at, n, "RevisionNumber");
	const struct xml_attribute *revision = catalog_walk_find(at, n, "RevisionId");
	uint64_t value = 0;

	if (!id)
		catalog_walk_missing(&m->walk, "UpdateId");
	else
		u->has_update_id = catalog_walk_guid(&m->walk, id, &u->update_id);
	if (!number)
		catalog_walk_missing(&m->walk, "RevisionNumber");
	else if (catalog_walk_number(&m->walk, number, UINT32_MAX, &value))
		u->revision_number = (uint32_t)value;
	if (!revision || !str_to_u64(revision->value, revision->len, UINT32_MAX, &value) ||
	    value == 0)
		catalog_walk_problem(&m->walk, CATALOG_RULE_REVISION_UNUSABLE, "RevisionId",
				     revision ? revision->value : "", revision ? revision->len : 0);
	else
		u->revision_id = (uint32_t)value;
}

static int update_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const char *const known[] = { "CreationDate",   "DefaultLanguage",  "UpdateId",
					     "RevisionNumber", "RevisionId",       "IsLeaf",
					     "IsBundle",       "DeploymentAction", "IsSoftware" };
	struct catalog_master *m = ctx;

	if (next_piece(m, err) < 0)
		return -1;
	xml_reader_capture(m->walk.reader);
	catalog_grouping_reset(&m->prerequisites);
	m->superseded_by.count = m->bundled_by.count = m->categories.count = 0;
	m->languages.count = m->payload.count = m->licences.count = 0;
	const struct xml_attribute *created = catalog_walk_find(at, n, "CreationDate");
	m->update = (struct catalog_update){
		.is_software = true,
		.offset = xml_reader_offset(m->walk.reader),
		.creation_text = text_of(m, created),
		.creation = date_of(m, created),
		.default_language = catalog_walk_value(&m->walk, at, n, "DefaultLanguage"),
	};
	catalog_walk_known(&m->walk, at, n, known, sizeof known / sizeof *known);
	read_identity(m, at, n);
	read_flags(m, at, n);
	return 0;
}

static int update_end(void *ctx, struct error *err)
{
	struct catalog_master *m = ctx;
	struct catalog_update *u = &m->update;

	u->raw = xml_reader_raw(m->walk.reader, &u->raw_len);
	u->prerequisites = catalog_grouping_finish(&m->prerequisites, &u->prerequisites_count);
	u->superseded_by = m->superseded_by.items;
	u->superseded_by_count = m->superseded_by.count;
	u->bundled_by = m->bundled_by.items;
	u->bundled_by_count = m->bundled_by.count;
	u->categories = m->categories.items;
	u->categories_count = m->categories.count;
	u->languages = m->languages.items;
	u->languages_count = m->languages.count;
	u->payload = m->payload.items;
	u->payload_count = m->payload.count;
	u->licences = m->licences.items;
	u->licences_count = m->licences.count;
	u->problems = catalog_walk_problems(&m->walk);
	m->walk.delivered++;
	int result = m->handler->update ? m->handler->update(m->ctx, u, err) : 0;
	catalog_walk_next_piece(&m->walk);
	return result;
}

/* ---- children of an update ---- */

static void add_prerequisite(struct catalog_master *m, const struct xml_attribute *at, size_t n,
			     bool own_group)
{
	const struct xml_attribute *id = catalog_walk_only(&m->walk, at, n, "Id");
	struct catalog_guid guid;

	if (!id || !catalog_walk_guid(&m->walk, id, &guid) || !catalog_walk_relation(&m->walk))
		return;
	if (own_group)
		catalog_grouping_open(&m->prerequisites);
	catalog_grouping_add(&m->prerequisites, &guid);
}

static int prerequisite_begin(void *ctx, const struct xml_attribute *at, size_t n,
			      struct error *err)
{
	(void)err;
	add_prerequisite(ctx, at, n, true);
	return 0;
}

static int or_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_master *m = ctx;

	(void)err;
	catalog_walk_known(&m->walk, at, n, NULL, 0);
	if (catalog_walk_relation(&m->walk))
		catalog_grouping_open(&m->prerequisites);
	return 0;
}

static int alternative_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_master *m = ctx;

	(void)err;
	add_prerequisite(m, at, n, m->prerequisites.groups.count == 0);
	return 0;
}

static int add_revision(struct catalog_master *m, struct catalog_vector *list,
			const struct xml_attribute *at, size_t n)
{
	const struct xml_attribute *id = catalog_walk_only(&m->walk, at, n, "Id");
	uint64_t value;

	if (!id || !catalog_walk_number(&m->walk, id, UINT32_MAX, &value) ||
	    !catalog_walk_relation(&m->walk))
		return 0;
	uint32_t *place = catalog_vector_add(list, sizeof *place);
	*place = (uint32_t)value;
	return 0;
}

static int superseded_by_begin(void *ctx, const struct xml_attribute *at, size_t n,
			       struct error *err)
{
	struct catalog_master *m = ctx;

	(void)err;
	return add_revision(m, &m->superseded_by, at, n);
}

static int bundled_by_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_master *m = ctx;

	(void)err;
	return add_revision(m, &m->bundled_by, at, n);
}

static int payload_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_master *m = ctx;
	const struct xml_attribute *id = catalog_walk_only(&m->walk, at, n, "Id");
	struct catalog_sha1 sha1;

	(void)err;
	if (id && catalog_walk_sha1(&m->walk, id, &sha1) && catalog_walk_relation(&m->walk))
		memcpy(catalog_vector_add(&m->payload, sizeof sha1), &sha1, sizeof sha1);
	return 0;
}

static enum catalog_category_type category_type(const struct xml_attribute *a)
{
	static const struct {
		const char *text;
		enum catalog_category_type type;
	} rows[] = {
		{ "UpdateClassification", CATALOG_CATEGORY_CLASSIFICATION },
		{ "Company", CATALOG_CATEGORY_COMPANY },
		{ "ProductFamily", CATALOG_CATEGORY_FAMILY },
		{ "Product", CATALOG_CATEGORY_PRODUCT },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strlen(rows[i].text) == a->len && memcmp(rows[i].text, a->value, a->len) == 0)
			return rows[i].type;
	return CATALOG_CATEGORY_OTHER;
}

static int category_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const char *const known[] = { "Type", "Id" };
	struct catalog_master *m = ctx;
	const struct xml_attribute *type = catalog_walk_find(at, n, "Type");
	const struct xml_attribute *id = catalog_walk_find(at, n, "Id");
	struct catalog_category c = { .type = CATALOG_CATEGORY_OTHER };

	(void)err;
	catalog_walk_known(&m->walk, at, n, known, 2);
	if (!type || !id) {
		catalog_walk_missing(&m->walk, type ? "Id" : "Type");
		return 0;
	}
	c.type = category_type(type);
	if (c.type == CATALOG_CATEGORY_OTHER)
		catalog_walk_problem(&m->walk, CATALOG_RULE_CATEGORY_TYPE, "Type", type->value,
				     type->len);
	if (catalog_walk_guid(&m->walk, id, &c.id) && catalog_walk_relation(&m->walk))
		memcpy(catalog_vector_add(&m->categories, sizeof c), &c, sizeof c);
	return 0;
}

static int language_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_master *m = ctx;
	const struct xml_attribute *name = catalog_walk_only(&m->walk, at, n, "Name");

	(void)err;
	if (name && catalog_walk_relation(&m->walk)) {
		const char **place = catalog_vector_add(&m->languages, sizeof *place);
		*place = text_of(m, name);
	}
	return 0;
}

static int licence_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_master *m = ctx;
	const struct xml_attribute *id = catalog_walk_only(&m->walk, at, n, "Id");
	struct catalog_licence l = { .language = "" };

	(void)err;
	/* kept even when malformed, so that the language that follows finds its licence */
	if (id)
		(void)catalog_walk_sha1(&m->walk, id, &l.sha1);
	if (catalog_walk_relation(&m->walk))
		memcpy(catalog_vector_add(&m->licences, sizeof l), &l, sizeof l);
	return 0;
}

static int licence_language_begin(void *ctx, const struct xml_attribute *at, size_t n,
				  struct error *err)
{
	struct catalog_master *m = ctx;
	const struct xml_attribute *name = catalog_walk_only(&m->walk, at, n, "Name");
	struct catalog_licence *licences = m->licences.items;

	(void)err;
	if (name && m->licences.count > 0)
		licences[m->licences.count - 1].language = text_of(m, name);
	return 0;
}

/* ---- file location ---- */

static int location_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const char *const known[] = { "Id", "Url", "IsIncluded" };
	struct catalog_master *m = ctx;
	const struct xml_attribute *id = catalog_walk_find(at, n, "Id");
	const struct xml_attribute *url = catalog_walk_find(at, n, "Url");
	const struct xml_attribute *included = catalog_walk_find(at, n, "IsIncluded");

	if (next_piece(m, err) < 0)
		return -1;
	xml_reader_capture(m->walk.reader);
	catalog_walk_known(&m->walk, at, n, known, 3);
	m->location = (struct catalog_location){
		.url = text_of(m, url),
		.offset = xml_reader_offset(m->walk.reader),
	};
	if (!id || !url)
		catalog_walk_missing(&m->walk, id ? "Url" : "Id");
	if (id)
		m->location.has_sha1 = catalog_walk_sha1(&m->walk, id, &m->location.sha1);
	if (included)
		(void)catalog_walk_bool(&m->walk, included, CATALOG_RULE_BOOLEAN_TEXT,
					&m->location.is_included);
	return 0;
}

static int location_end(void *ctx, struct error *err)
{
	struct catalog_master *m = ctx;

	m->location.raw = xml_reader_raw(m->walk.reader, &m->location.raw_len);
	m->location.problems = catalog_walk_problems(&m->walk);
	m->walk.delivered++;
	int result = m->handler->location ? m->handler->location(m->ctx, &m->location, err) : 0;
	catalog_walk_next_piece(&m->walk);
	return result;
}

/* clang-format off */
static const struct catalog_walk_row rows[] = {
	{ .parent = IN_UPDATES, .name = "Update", .state = IN_UPDATE, .begin = update_begin,
	  .end = update_end },
	{ .parent = IN_LOCATIONS, .name = "FileLocation", .state = IN_LOCATION,
	  .begin = location_begin, .end = location_end },
	{ .parent = IN_UPDATE, .name = "Prerequisites", .state = IN_PREREQUISITES, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "PayloadFiles", .state = IN_PAYLOAD, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "BundledBy", .state = IN_BUNDLED_BY, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "Categories", .state = IN_CATEGORIES, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "SupersededBy", .state = IN_SUPERSEDED_BY, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "Languages", .state = IN_LANGUAGES, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "EulaFiles", .state = IN_LICENCES, .begin = list_begin },
	{ .parent = IN_PREREQUISITES, .name = "UpdateId", .state = IN_PREREQUISITE,
	  .begin = prerequisite_begin },
	{ .parent = IN_PREREQUISITES, .name = "Or", .state = IN_OR, .begin = or_begin },
	{ .parent = IN_OR, .name = "UpdateId", .state = IN_ALTERNATIVE, .begin = alternative_begin },
	{ .parent = IN_SUPERSEDED_BY, .name = "Revision", .state = IN_REVISION,
	  .begin = superseded_by_begin },
	{ .parent = IN_BUNDLED_BY, .name = "Revision", .state = IN_REVISION,
	  .begin = bundled_by_begin },
	{ .parent = IN_PAYLOAD, .name = "File", .state = IN_PAYLOAD_FILE, .begin = payload_begin },
	{ .parent = IN_CATEGORIES, .name = "Category", .state = IN_CATEGORY,
	  .begin = category_begin },
	{ .parent = IN_LANGUAGES, .name = "Language", .state = IN_LANGUAGE,
	  .begin = language_begin },
	{ .parent = IN_LICENCES, .name = "File", .state = IN_LICENCE, .begin = licence_begin },
	{ .parent = IN_LICENCE, .name = "Language", .state = IN_LICENCE_LANGUAGE,
	  .begin = licence_language_begin },
	{ .parent = CATALOG_WALK_TOP, .name = "OfflineSyncPackage", .state = IN_PACKAGE,
	  .begin = package_begin },
	{ .parent = IN_PACKAGE, .name = "Updates", .state = IN_UPDATES, .begin = list_begin },
	{ .parent = IN_PACKAGE, .name = "FileLocations", .state = IN_LOCATIONS, .begin = list_begin },
	/* single elements; in a document these are never roots */
	{ .parent = CATALOG_WALK_TOP, .name = "Update", .state = IN_UPDATE, .begin = update_begin,
	  .end = update_end },
	{ .parent = CATALOG_WALK_TOP, .name = "FileLocation", .state = IN_LOCATION,
	  .begin = location_begin, .end = location_end },
};
/* clang-format on */

/* A piece that comes again was not delivered: only the head of the document is, at its start. */
static void forget(void *ctx)
{
	struct catalog_master *m = ctx;

	m->walk.delivered = 0;
}

enum { SINGLE_ROWS = 2, DOCUMENT_ROWS = sizeof rows / sizeof *rows - SINGLE_ROWS };

struct catalog_master *catalog_master_new(const struct catalog_master_handler *handler, void *ctx)
{
	struct catalog_master *m = buf_calloc(1, sizeof *m);

	m->handler = handler;
	m->ctx = ctx;
	catalog_walk_init(&m->walk, rows, DOCUMENT_ROWS, CATALOG_WALK_DOCUMENT, m);
	m->walk.strict_top = true;
	m->walk.restart = forget;
	return m;
}

void catalog_master_free(struct catalog_master *m)
{
	if (!m)
		return;
	catalog_walk_clear(&m->walk);
	catalog_grouping_clear(&m->prerequisites);
	catalog_vector_clear(&m->superseded_by);
	catalog_vector_clear(&m->bundled_by);
	catalog_vector_clear(&m->categories);
	catalog_vector_clear(&m->languages);
	catalog_vector_clear(&m->payload);
	catalog_vector_clear(&m->licences);
	free(m);
}

int catalog_master_feed(struct catalog_master *m, const void *bytes, size_t len, struct error *err)
{
	return xml_reader_feed(m->walk.reader, bytes, len, err);
}

int catalog_master_finish(struct catalog_master *m, struct error *err)
{
	if (xml_reader_finish(m->walk.reader, err) < 0)
		return -1;
	return next_piece(m, err);
}

int catalog_master_element(struct catalog_master *m, const char *label, const void *bytes,
			   size_t len, struct error *err)
{
	m->walk.rows_count = sizeof rows / sizeof *rows;
	return catalog_walk_piece(&m->walk, "OfflineSyncPackage", label, bytes, len, err);
}
