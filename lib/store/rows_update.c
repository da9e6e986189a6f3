/* Rows of updates: what is known about each revision of one source. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "lib/select/select.h"
#include "lib/store/db.h"
#include "lib/store/relation.h"
#include "lib/store/rows_internal.h"
#include "lib/store/store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_PAYLOAD = 0, FILE_LICENCE = 1, RELATIONS_MAX = 1 << 20 };
enum { FLAG_LEAF = 1, FLAG_BUNDLE = 2, FLAG_SOFTWARE = 4 };

/* GUIDs of the catalog with their rows, sorted by GUID. */
struct identity {
	struct catalog_guid guid;
	int64_t id;
};

struct inserter {
	struct store *store;
	const struct catalog *catalog;
	int64_t source_id;
	struct identity *identities;
	size_t count, capacity;
	struct db_statement *update, *file, *express, *location, *find_revision, *add_revision;
};

static void inserter_clear(struct inserter *in)
{
	free(in->identities);
	db_finalize(in->update);
	db_finalize(in->file);
	db_finalize(in->express);
	db_finalize(in->location);
	db_finalize(in->find_revision);
	db_finalize(in->add_revision);
}
DEFINE_CLEANUP_IN_PLACE(struct inserter, inserter_clear);

static int compare_identities(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;

	return memcmp(x->guid.bytes, y->guid.bytes, sizeof x->guid.bytes);
}

static void note_guid(struct inserter *in, const struct catalog_guid *guid)
{
	in->identities = buf_grow(in->identities, &in->capacity, in->count, sizeof *in->identities);
	in->identities[in->count++] = (struct identity){ .guid = *guid };
}

/* Every GUID the catalog mentions, each once. */
static void collect_identities(struct inserter *in)
{
	for (size_t i = 0; i < catalog_count(in->catalog); i++) {
		const struct catalog_revision *r = catalog_at(in->catalog, i);

		note_guid(in, &r->update_id);
		for (size_t g = 0; g < r->prerequisites_count; g++)
			for (size_t k = 0; k < r->prerequisites[g].count; k++)
				note_guid(in, &r->prerequisites[g].any_of[k]);
		for (size_t k = 0; k < r->categories_count; k++)
			note_guid(in, &r->categories[k].id);
	}
	if (in->count == 0)
		return;
	qsort(in->identities, in->count, sizeof *in->identities, compare_identities);
	size_t kept = 1;
	for (size_t i = 1; i < in->count; i++)
		if (compare_identities(&in->identities[kept - 1], &in->identities[i]) != 0)
			in->identities[kept++] = in->identities[i];
	in->count = kept;
}

static int store_identities(struct inserter *in, struct error *err)
{
	struct db *db = store_db(in->store);
	CLEANUP(db_finalize)
	struct db_statement *find =
		db_prepare(db, "SELECT id FROM identity WHERE update_id=?", err);
	CLEANUP(db_finalize)
	struct db_statement *add =
		find ? db_prepare(db, "INSERT INTO identity(update_id) VALUES(?)", err) : NULL;

	if (!add)
		return -1;
	for (size_t i = 0; i < in->count; i++) {
		struct identity *identity = &in->identities[i];

		db_bind_blob(find, 1, identity->guid.bytes, sizeof identity->guid.bytes);
		int row = db_step(find, err);
		if (row < 0)
			return -1;
		if (row == 1) {
			identity->id = db_int(find, 0);
			db_reset(find);
			continue;
		}
		db_bind_blob(add, 1, identity->guid.bytes, sizeof identity->guid.bytes);
		if (db_execute(add, err) < 0)
			return -1;
		identity->id = db_last_id(db);
	}
	return 0;
}

static int64_t identity_id(void *ctx, const struct catalog_guid *guid)
{
	const struct inserter *in = ctx;
	struct identity key = { .guid = *guid };
	const struct identity *found =
		bsearch(&key, in->identities, in->count, sizeof key, compare_identities);

	return found ? found->id : 0; /* collect_identities() saw every one */
}

static int prepare(struct inserter *in, struct error *err)
{
	struct db *db = store_db(in->store);
	const struct {
		struct db_statement **statement;
		const char *sql;
	} table[] = {
		{ &in->update,
		  "INSERT OR IGNORE INTO update_info VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)" },
		{ &in->file, "INSERT INTO file VALUES(?,?,?,?,?,?,?,?,?)" },
		{ &in->express, "INSERT INTO file_express VALUES(?,?,?)" },
		{ &in->location, "INSERT OR IGNORE INTO location VALUES(?,?,?,?)" },
		{ &in->find_revision, "SELECT id FROM revision WHERE identity_id=? AND number=?" },
		{ &in->add_revision, "INSERT INTO revision(identity_id, number) VALUES(?,?)" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		*table[i].statement = db_prepare(db, table[i].sql, err);
		if (!*table[i].statement)
			return -1;
	}
	return 0;
}

/* The repository's own RevisionID of (UpdateID, RevisionNumber): given once, kept for ever. */
static int revision_row(struct inserter *in, const struct catalog_revision *r, int64_t *id,
			struct error *err)
{
	int64_t identity = identity_id(in, &r->update_id);

	db_bind_int(in->find_revision, 1, identity);
	db_bind_int(in->find_revision, 2, r->revision_number);
	int row = db_step(in->find_revision, err);
	if (row < 0)
		return -1;
	if (row == 1) {
		*id = db_int(in->find_revision, 0);
		db_reset(in->find_revision);
		return 0;
	}
	db_bind_int(in->add_revision, 1, identity);
	db_bind_int(in->add_revision, 2, r->revision_number);
	if (db_execute(in->add_revision, err) < 0)
		return -1;
	*id = db_last_id(store_db(in->store));
	return 0;
}

static const char *or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static int insert_update(struct inserter *in, const struct catalog_revision *r, struct error *err)
{
	CLEANUP(buf_clear) struct buf relations = BUF_INIT(RELATIONS_MAX);
	struct db_statement *q = in->update;
	int64_t revision;

	if (revision_row(in, r, &revision, err) < 0 ||
	    relation_write(r, identity_id, in, &relations, err) < 0)
		return -1;
	db_bind_int(q, 1, in->source_id);
	db_bind_int(q, 2, r->revision_id);
	db_bind_int(q, 3, revision);
	db_bind_text(q, 4, r->update_type ? r->update_type : "");
	db_bind_int(q, 5,
		    (r->is_leaf ? FLAG_LEAF : 0) | (r->is_bundle ? FLAG_BUNDLE : 0) |
			    (r->is_software ? FLAG_SOFTWARE : 0));
	db_bind_int(q, 6, r->action);
	db_bind_text(q, 7, or_null(r->action_text));
	db_bind_int(q, 8, r->creation);
	db_bind_text(q, 9, or_null(r->kb));
	db_bind_text(q, 10, or_null(r->severity));
	db_bind_text(q, 11, or_null(r->bulletin));
	db_bind_text(q, 12, or_null(r->title));
	db_bind_int(q, 13, r->verdict);
	db_bind_int(q, 14, r->cause);
	db_bind_blob(q, 15, relations.bytes, relations.len);
	return db_execute(q, err);
}

/* ---- files ---- */

static int insert_file(struct inserter *in, uint32_t revision, int kind, uint32_t ordinal,
		       const struct catalog_file *f, const char *language, struct error *err)
{
	struct db_statement *q = in->file;

	db_bind_int(q, 1, in->source_id);
	db_bind_int(q, 2, revision);
	db_bind_int(q, 3, kind);
	db_bind_int(q, 4, ordinal);
	db_bind_blob(q, 5, f->sha1.bytes, sizeof f->sha1.bytes);
	db_bind_blob(q, 6, f->has_sha256 ? f->sha256 : NULL, sizeof f->sha256);
	if (f->has_size)
		db_bind_int(q, 7, (int64_t)f->size);
	else
		db_bind_null(q, 7);
	db_bind_text(q, 8, or_null(f->name));
	db_bind_text(q, 9, or_null(language));
	if (db_execute(q, err) < 0)
		return -1;
	if (kind != FILE_PAYLOAD ||
	    !select_is_express(f->patching_type ? f->patching_type : "", f->name ? f->name : ""))
		return 0;
	db_bind_int(in->express, 1, in->source_id);
	db_bind_int(in->express, 2, revision);
	db_bind_int(in->express, 3, ordinal);
	return db_execute(in->express, err);
}

static int compare_sha1(const void *a, const void *b)
{
	const struct catalog_sha1 *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, sizeof x->bytes);
}

/* The digests of the files that the extended fragment describes, sorted; the caller frees them. */
static struct catalog_sha1 *described(const struct catalog_revision *r)
{
	struct catalog_sha1 *all = buf_calloc(r->files_count, sizeof *all);

	for (size_t i = 0; i < r->files_count; i++)
		all[i] = r->files[i].sha1;
	if (r->files_count > 0)
		qsort(all, r->files_count, sizeof *all, compare_sha1);
	return all;
}

/* Payload of the master document that the extended fragment does not describe. */
static int insert_undescribed(struct inserter *in, const struct catalog_revision *r,
			      uint32_t ordinal, struct error *err)
{
	struct catalog_sha1 *known = described(r);
	int failed = 0;

	for (size_t i = 0; i < r->payload_count && !failed; i++) {
		struct catalog_file f = { .sha1 = r->payload[i] };

		if (!bsearch(&f.sha1, known, r->files_count, sizeof *known, compare_sha1))
			failed = insert_file(in, r->revision_id, FILE_PAYLOAD, ordinal++, &f, NULL,
					     err);
	}
	free(known);
	return failed;
}

/* Files of the extended fragment, payload of the master that it does not describe, licences. */
static int insert_files(struct inserter *in, const struct catalog_revision *r, struct error *err)
{
	uint32_t ordinal = 0;

	for (size_t i = 0; i < r->files_count; i++)
		if (insert_file(in, r->revision_id, FILE_PAYLOAD, ordinal++, &r->files[i], NULL,
				err) < 0)
			return -1;
	if (insert_undescribed(in, r, ordinal, err) < 0)
		return -1;
	for (uint32_t i = 0; i < r->licences_count; i++) {
		struct catalog_file f = { .sha1 = r->licences[i].sha1,
					  .has_sha256 = r->licences[i].has_sha256 };

		memcpy(f.sha256, r->licences[i].sha256, sizeof f.sha256);
		if (insert_file(in, r->revision_id, FILE_LICENCE, i, &f, r->licences[i].language,
				err) < 0)
			return -1;
	}
	return 0;
}

static int insert_location(struct inserter *in, const struct catalog_sha1 *sha1, struct error *err)
{
	const struct catalog_location *l = catalog_find_location(in->catalog, sha1);

	if (!l)
		return 0;
	db_bind_int(in->location, 1, in->source_id);
	db_bind_blob(in->location, 2, sha1->bytes, sizeof sha1->bytes);
	db_bind_text(in->location, 3, l->url);
	db_bind_int(in->location, 4, l->is_included);
	return db_execute(in->location, err);
}

static int insert_locations(struct inserter *in, const struct catalog_revision *r,
			    struct error *err)
{
	for (size_t i = 0; i < r->payload_count; i++)
		if (insert_location(in, &r->payload[i], err) < 0)
			return -1;
	for (size_t i = 0; i < r->licences_count; i++)
		if (insert_location(in, &r->licences[i].sha1, err) < 0)
			return -1;
	return 0;
}

/* ---- findings ---- */

static int insert_findings(const struct inserter *in, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(in->store),
			   "INSERT INTO finding(source_id, rule, severity, source_revision, "
			   "update_id, kb, file, offset,"
			   " value, message, next_step) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
			   err);

	if (!q)
		return -1;
	for (size_t i = 0; i < catalog_finding_count(in->catalog); i++) {
		const struct catalog_finding *f = catalog_finding_at(in->catalog, i);

		db_bind_int(q, 1, in->source_id);
		db_bind_text(q, 2, catalog_rule_id(f->rule));
		db_bind_int(q, 3, f->severity);
		db_bind_int(q, 4, f->revision_id);
		db_bind_blob(q, 5, f->has_update_id ? f->update_id : NULL, sizeof f->update_id);
		db_bind_text(q, 6, or_null(f->kb));
		db_bind_text(q, 7, f->file ? f->file : "");
		db_bind_int(q, 8, (int64_t)f->offset);
		db_bind_text(q, 9, or_null(f->value));
		db_bind_text(q, 10, f->message);
		db_bind_text(q, 11, catalog_rule_next_step(f->rule));
		if (db_execute(q, err) < 0)
			return -1;
	}
	return 0;
}

int rows_insert_catalog(struct store *s, int64_t source_id, const struct catalog *c,
			struct error *err)
{
	CLEANUP(inserter_clear)
	struct inserter in = { .store = s, .catalog = c, .source_id = source_id };

	collect_identities(&in);
	if (store_identities(&in, err) < 0 || prepare(&in, err) < 0)
		return -1;
	for (size_t i = 0; i < catalog_count(c); i++) {
		const struct catalog_revision *r = catalog_at(c, i);

		if (r->is_duplicate)
			continue; /* its finding says so; the RevisionId is taken */
		if (insert_update(&in, r, err) < 0 || insert_files(&in, r, err) < 0 ||
		    insert_locations(&in, r, err) < 0)
			return error_wrap(err, "revision %u", r->revision_id);
	}
	return insert_findings(&in, err);
}
