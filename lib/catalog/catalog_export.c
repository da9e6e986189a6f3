#include "lib/catalog/catalog_export.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_walk.h"

#include <stdlib.h>
#include <string.h>

enum state {
	IN_PACKAGE = 1,
	IN_LANGUAGES,
	IN_LANGUAGE,
	IN_FILES,
	IN_FILE,
	IN_UPDATES,
	IN_UPDATE,
	IN_UPDATE_FILES,
	IN_UPDATE_FILE,
	IN_CATEGORIES,
	IN_CATEGORY,
	IN_CLASSIFICATIONS,
	IN_CLASSIFICATION,
};

struct catalog_export {
	const struct catalog_export_handler *handler;
	void *ctx;
	struct catalog_walk walk;
	struct catalog_export_file file; /* also Languages */
	struct catalog_export_update update;
	struct catalog_vector files;                     /* struct catalog_sha1 */
	struct catalog_vector products, classifications; /* struct catalog_guid */
};

/* Deliver what was found since the last piece, and begin the next one. */
static int next_piece(struct catalog_export *e, struct error *err)
{
	return catalog_walk_between(&e->walk, e->handler->problem, e->ctx, err);
}

/* An element that only holds others: no attribute of it is known. */
static int list_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_export *e = ctx;

	(void)err;
	catalog_walk_known(&e->walk, at, n, NULL, 0);
	return 0;
}

/* ---- the head ---- */

static int package_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const char *const known[] = { "ServerID", "CreationTime", "FormatVersion",
					     "ProtocolVersion" };
	struct catalog_export *e = ctx;
	struct catalog_export_head h = {
		.server_id = catalog_walk_value(&e->walk, at, n, "ServerID"),
		.creation_text = catalog_walk_value(&e->walk, at, n, "CreationTime"),
		.format_version = catalog_walk_value(&e->walk, at, n, "FormatVersion"),
		.protocol_version = catalog_walk_value(&e->walk, at, n, "ProtocolVersion"),
		.offset = xml_reader_offset(e->walk.reader),
	};

	catalog_walk_known(&e->walk, at, n, known, 4);
	if (!str_to_time(h.creation_text, strlen(h.creation_text), &h.creation)) {
		h.creation = 0;
		catalog_walk_problem(&e->walk, CATALOG_RULE_DATE_TEXT, "CreationTime",
				     h.creation_text, strlen(h.creation_text));
	}
	h.raw = xml_reader_tag(e->walk.reader, &h.raw_len);
	h.problems = catalog_walk_problems(&e->walk);
	e->walk.delivered++;
	int result = e->handler->head ? e->handler->head(e->ctx, &h, err) : 0;
	catalog_walk_next_piece(&e->walk);
	return result;
}

/* ---- languages, files ---- */

static int begin_piece(struct catalog_export *e, struct error *err)
{
	if (next_piece(e, err) < 0)
		return -1;
	xml_reader_capture(e->walk.reader);
	return 0;
}

static int languages_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_export *e = ctx;

	(void)at;
	(void)n;
	if (begin_piece(e, err) < 0)
		return -1;
	e->file = (struct catalog_export_file){ .url = "",
						.name = "",
						.offset = xml_reader_offset(e->walk.reader) };
	return 0;
}

static int deliver_file(struct catalog_export *e,
			int (*deliver)(void *ctx, const struct catalog_export_file *f,
				       struct error *err),
			struct error *err)
{
	e->file.raw = xml_reader_raw(e->walk.reader, &e->file.raw_len);
	e->file.problems = catalog_walk_problems(&e->walk);
	e->walk.delivered++;
	int result = deliver ? deliver(e->ctx, &e->file, err) : 0;
	catalog_walk_next_piece(&e->walk);
	return result;
}

static int languages_end(void *ctx, struct error *err)
{
	struct catalog_export *e = ctx;

	return deliver_file(e, e->handler->languages, err);
}

static int file_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const char *const known[] = { "Digest", "MUUrl", "Name" };
	struct catalog_export *e = ctx;
	const struct xml_attribute *digest = catalog_walk_find(at, n, "Digest");

	if (begin_piece(e, err) < 0)
		return -1;
	catalog_walk_known(&e->walk, at, n, known, 3);
	e->file = (struct catalog_export_file){
		.url = catalog_walk_value(&e->walk, at, n, "MUUrl"),
		.name = catalog_walk_value(&e->walk, at, n, "Name"),
		.offset = xml_reader_offset(e->walk.reader),
	};
	if (digest)
		e->file.has_sha1 = catalog_walk_sha1(&e->walk, digest, &e->file.sha1);
	else
		catalog_walk_missing(&e->walk, "Digest");
	return 0;
}

static int file_end(void *ctx, struct error *err)
{
	struct catalog_export *e = ctx;

	return deliver_file(e, e->handler->file, err);
}

/* ---- updates ---- */

static int update_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	static const char *const known[] = { "UpdateId", "RevisionNumber" };
	struct catalog_export *e = ctx;
	const struct xml_attribute *id = catalog_walk_find(at, n, "UpdateId");
	const struct xml_attribute *number = catalog_walk_find(at, n, "RevisionNumber");
	struct catalog_export_update *u = &e->update;
	uint64_t value = 0;

	if (begin_piece(e, err) < 0)
		return -1;
	catalog_walk_known(&e->walk, at, n, known, 2);
	e->files.count = e->products.count = e->classifications.count = 0;
	*u = (struct catalog_export_update){ .offset = xml_reader_offset(e->walk.reader) };
	if (id)
		u->has_update_id = catalog_walk_guid(&e->walk, id, &u->update_id);
	else
		catalog_walk_missing(&e->walk, "UpdateId");
	if (!number)
		catalog_walk_missing(&e->walk, "RevisionNumber");
	else if (catalog_walk_number(&e->walk, number, UINT32_MAX, &value))
		u->revision_number = (uint32_t)value;
	return 0;
}

static int update_end(void *ctx, struct error *err)
{
	struct catalog_export *e = ctx;
	struct catalog_export_update *u = &e->update;

	u->raw = xml_reader_raw(e->walk.reader, &u->raw_len);
	u->files = e->files.items;
	u->files_count = e->files.count;
	u->products = e->products.items;
	u->products_count = e->products.count;
	u->classifications = e->classifications.items;
	u->classifications_count = e->classifications.count;
	u->problems = catalog_walk_problems(&e->walk);
	e->walk.delivered++;
	int result = e->handler->update ? e->handler->update(e->ctx, u, err) : 0;
	catalog_walk_next_piece(&e->walk);
	return result;
}

static int update_file_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_export *e = ctx;
	const struct xml_attribute *a = catalog_walk_only(&e->walk, at, n, "Digest");
	struct catalog_sha1 sha1;

	(void)err;
	if (a && catalog_walk_sha1(&e->walk, a, &sha1) && catalog_walk_relation(&e->walk))
		memcpy(catalog_vector_add(&e->files, sizeof sha1), &sha1, sizeof sha1);
	return 0;
}

static int add_value(struct catalog_export *e, struct catalog_vector *list,
		     const struct xml_attribute *at, size_t n)
{
	const struct xml_attribute *a = catalog_walk_only(&e->walk, at, n, "Value");
	struct catalog_guid id;

	if (a && catalog_walk_guid(&e->walk, a, &id) && catalog_walk_relation(&e->walk))
		memcpy(catalog_vector_add(list, sizeof id), &id, sizeof id);
	return 0;
}

static int category_begin(void *ctx, const struct xml_attribute *at, size_t n, struct error *err)
{
	struct catalog_export *e = ctx;

	(void)err;
	return add_value(e, &e->products, at, n);
}

static int classification_begin(void *ctx, const struct xml_attribute *at, size_t n,
				struct error *err)
{
	struct catalog_export *e = ctx;

	(void)err;
	return add_value(e, &e->classifications, at, n);
}

/* clang-format off */
#define UPDATE_ROW .name = "Update", .state = IN_UPDATE, .begin = update_begin, .end = update_end
#define FILE_ROW .name = "File", .state = IN_FILE, .begin = file_begin, .end = file_end
#define LANGUAGES_ROW .name = "Languages", .state = IN_LANGUAGES, .begin = languages_begin, \
		.end = languages_end
static const struct catalog_walk_row rows[] = {
	{ .parent = IN_UPDATES, UPDATE_ROW },
	{ .parent = IN_UPDATE, .name = "Files", .state = IN_UPDATE_FILES, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "Categories", .state = IN_CATEGORIES, .begin = list_begin },
	{ .parent = IN_UPDATE, .name = "Classifications", .state = IN_CLASSIFICATIONS, .begin = list_begin },
	{ .parent = IN_UPDATE_FILES, .name = "File", .state = IN_UPDATE_FILE,
	  .begin = update_file_begin },
	{ .parent = IN_CATEGORIES, .name = "Category", .state = IN_CATEGORY,
	  .begin = category_begin },
	{ .parent = IN_CLASSIFICATIONS, .name = "Classification", .state = IN_CLASSIFICATION,
	  .begin = classification_begin },
	{ .parent = IN_FILES, FILE_ROW },
	{ .parent = IN_LANGUAGES, .name = "Language", .state = IN_LANGUAGE },
	{ .parent = CATALOG_WALK_TOP, .name = "ExportPackage", .state = IN_PACKAGE,
	  .begin = package_begin },
	{ .parent = IN_PACKAGE, LANGUAGES_ROW },
	{ .parent = IN_PACKAGE, .name = "Files", .state = IN_FILES, .begin = list_begin },
	{ .parent = IN_PACKAGE, .name = "Updates", .state = IN_UPDATES, .begin = list_begin },
	/* single pieces; in a document these are never roots */
	{ .parent = CATALOG_WALK_TOP, LANGUAGES_ROW },
	{ .parent = CATALOG_WALK_TOP, FILE_ROW },
	{ .parent = CATALOG_WALK_TOP, UPDATE_ROW },
};
/* clang-format on */

enum { SINGLE_ROWS = 3, DOCUMENT_ROWS = sizeof rows / sizeof *rows - SINGLE_ROWS };

struct catalog_export *catalog_export_new(const struct catalog_export_handler *handler, void *ctx)
{
	struct catalog_export *e = buf_calloc(1, sizeof *e);

	e->handler = handler;
	e->ctx = ctx;
	catalog_walk_init(&e->walk, rows, DOCUMENT_ROWS, CATALOG_WALK_ONCE, e);
	e->walk.strict_top = true;
	return e;
}

void catalog_export_free(struct catalog_export *e)
{
	if (!e)
		return;
	catalog_walk_clear(&e->walk);
	catalog_vector_clear(&e->files);
	catalog_vector_clear(&e->products);
	catalog_vector_clear(&e->classifications);
	free(e);
}

int catalog_export_feed(struct catalog_export *e, const void *bytes, size_t len, struct error *err)
{
	return xml_reader_feed(e->walk.reader, bytes, len, err);
}

int catalog_export_finish(struct catalog_export *e, struct error *err)
{
	return xml_reader_finish(e->walk.reader, err) < 0 ? -1 : next_piece(e, err);
}

int catalog_export_piece(struct catalog_export *e, const char *label, const void *bytes, size_t len,
			 struct error *err)
{
	e->walk.rows_count = sizeof rows / sizeof *rows;
	return catalog_walk_piece(&e->walk, "ExportPackage", label, bytes, len, err);
}
