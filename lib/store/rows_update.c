/* Rows of updates: what is known about each revision of one source. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/varint.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_url.h"
#include "lib/crypto/digest.h"
#include "lib/select/select.h"
#include "lib/store/db.h"
#include "lib/store/relation.h"
#include "lib/store/rows_internal.h"
#include "lib/store/rows_names.h"
#include "lib/store/store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_PAYLOAD = 0, FILE_LICENCE = 1, RELATIONS_MAX = 1 << 20 };
enum { FLAG_LEAF = 1, FLAG_BUNDLE = 2, FLAG_SOFTWARE = 4 };
enum { UPDATE_CELLS = 16, FILE_CELLS = 9, MARK_SIZE = 16 };

/* The value of one column. */
struct cell {
	enum { CELL_NOTHING, CELL_NUMBER, CELL_TEXT, CELL_BYTES } kind;
	int64_t number;
	const void *bytes;
	size_t len;
};

/* A row that was there before: the beginning of a digest of what it and its files say. */
struct stored {
	uint32_t revision;
	unsigned char mark[MARK_SIZE];
};

/* A file of the update at hand. */
struct listed {
	struct catalog_file file;
	const char *language;
	int64_t kind, ordinal;
	bool is_express;
};

struct inserter {
	struct store *store;
	const struct catalog *catalog;
	int64_t source_id;
	struct rows_names *names;
	struct stored *stored; /* by revision */
	size_t stored_count, stored_capacity, stored_at;
	struct db_statement *update, *file, *remove_update, *remove_files;
	struct digest *digest;
	/* Of the update at hand. */
	struct buf relations;
	struct varint_writer said; /* of one row: no more than the catalog keeps of it */
	struct listed *files;
	size_t files_count, files_capacity;
};

static void inserter_clear(struct inserter *in)
{
	rows_names_free(in->names);
	free(in->stored);
	db_finalize(in->update);
	db_finalize(in->file);
	db_finalize(in->remove_update);
	db_finalize(in->remove_files);
	digest_free(in->digest);
	buf_clear(&in->relations);
	buf_clear(&in->said.out);
	free(in->files);
}
DEFINE_CLEANUP_IN_PLACE(struct inserter, inserter_clear);

static int prepare(struct inserter *in, struct error *err)
{
	struct db *db = store_db(in->store);
	const struct {
		struct db_statement **statement;
		const char *sql;
	} table[] = {
		{ &in->update, "INSERT INTO update_info"
			       " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)" },
		{ &in->file, "INSERT INTO file VALUES(?,?,?,?,?,?,?,?,?,?)" },
		{ &in->remove_update,
		  "DELETE FROM update_info WHERE source_id=? AND source_revision=?" },
		{ &in->remove_files, "DELETE FROM file WHERE source_id=? AND source_revision=?" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		*table[i].statement = db_prepare(db, table[i].sql, err);
		if (!*table[i].statement)
			return -1;
		db_bind_int(*table[i].statement, 1, in->source_id);
	}
	return 0;
}

/* ---- cells ---- */

static struct cell number(int64_t value)
{
	return (struct cell){ .kind = CELL_NUMBER, .number = value };
}

static struct cell bytes(const void *all, size_t len)
{
	return (struct cell){ .kind = CELL_BYTES, .bytes = all, .len = len };
}

/* "" and NULL are the same: nothing. */
static struct cell text(const char *value)
{
	if (!value || !*value)
		return (struct cell){ .kind = CELL_NOTHING };
	return (struct cell){ .kind = CELL_TEXT, .bytes = value, .len = strlen(value) };
}

/* Bind to the parameters from 2 on: the first is the source. */
static void bind(struct db_statement *q, const struct cell *cells, int count)
{
	for (int i = 0; i < count; i++)
		switch (cells[i].kind) {
		case CELL_NOTHING:
			db_bind_null(q, i + 2);
			break;
		case CELL_NUMBER:
			db_bind_int(q, i + 2, cells[i].number);
			break;
		case CELL_TEXT:
			db_bind_text(q, i + 2, cells[i].bytes);
			break;
		case CELL_BYTES:
			db_bind_blob(q, i + 2, cells[i].bytes, cells[i].len);
			break;
		}
}

/* Digest the values of a row; nothing that differs may be said in the same bytes. */
static void say(struct inserter *in, const struct cell *cells, int count)
{
	struct varint_writer *w = &in->said;

	w->out.len = 0;
	for (int i = 0; i < count; i++) {
		varint_put(w, cells[i].kind);
		if (cells[i].kind == CELL_NUMBER) {
			varint_put(w, (uint64_t)cells[i].number);
		} else if (cells[i].kind != CELL_NOTHING) {
			varint_put(w, cells[i].len);
			varint_put_bytes(w, cells[i].bytes, cells[i].len);
		}
	}
	digest_update(in->digest, w->out.bytes, w->out.len);
}

/* ---- files ---- */

static void list(struct inserter *in, const struct catalog_file *f, int64_t kind, int64_t ordinal,
		 const char *language)
{
	in->files = buf_grow(in->files, &in->files_capacity, in->files_count, sizeof *in->files);
	in->files[in->files_count++] = (struct listed){
		.file = *f,
		.kind = kind,
		.ordinal = ordinal,
		.language = language,
		.is_express = kind == FILE_PAYLOAD &&
			      select_is_express(f->patching_type ? f->patching_type : "",
						f->name ? f->name : ""),
	};
}

static int compare_sha1(const void *a, const void *b)
{
	const struct catalog_sha1 *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, sizeof x->bytes);
}

/* Payload of the master document that the extended fragment does not describe. */
static void list_undescribed(struct inserter *in, const struct catalog_revision *r)
{
	CLEANUP(free)
	unsigned char *memory = r->files_count > 0
					? buf_malloc(r->files_count * sizeof(struct catalog_sha1))
					: NULL;
	struct catalog_sha1 *described = (struct catalog_sha1 *)memory;
	int64_t ordinal = r->files_count;

	for (size_t i = 0; i < r->files_count; i++)
		described[i] = r->files[i].sha1;
	if (r->files_count > 1)
		qsort(described, r->files_count, sizeof *described, compare_sha1);
	for (size_t i = 0; i < r->payload_count; i++) {
		struct catalog_file f = { .sha1 = r->payload[i] };

		if (r->files_count == 0 ||
		    !bsearch(&f.sha1, described, r->files_count, sizeof *described, compare_sha1))
			list(in, &f, FILE_PAYLOAD, ordinal++, NULL);
	}
}

/* Files of the extended fragment, payload of the master that it does not describe, licences. */
static void list_files(struct inserter *in, const struct catalog_revision *r)
{
	in->files_count = 0;
	for (size_t i = 0; i < r->files_count; i++)
		list(in, &r->files[i], FILE_PAYLOAD, (int64_t)i, NULL);
	list_undescribed(in, r);
	for (size_t i = 0; i < r->licences_count; i++) {
		struct catalog_file f = { .sha1 = r->licences[i].sha1,
					  .has_sha256 = r->licences[i].has_sha256 };

		memcpy(f.sha256, r->licences[i].sha256, sizeof f.sha256);
		list(in, &f, FILE_LICENCE, (int64_t)i, r->licences[i].language);
	}
}

static void file_cells(uint32_t revision, const struct listed *l, struct cell cells[FILE_CELLS])
{
	const struct cell all[FILE_CELLS] = {
		number(revision),
		number(l->kind),
		number(l->ordinal),
		bytes(l->file.sha1.bytes, sizeof l->file.sha1.bytes),
		l->file.has_sha256 ? bytes(l->file.sha256, sizeof l->file.sha256) : text(NULL),
		l->file.has_size ? number((int64_t)l->file.size) : text(NULL),
		text(l->file.name),
		text(l->language),
		number(l->is_express),
	};

	memcpy(cells, all, sizeof all);
}

/* ---- updates ---- */

static int64_t identity_id(void *ctx, const struct catalog_guid *guid)
{
	return rows_names_identity(ctx, guid);
}

static int update_cells(struct inserter *in, size_t index, struct cell cells[UPDATE_CELLS],
			struct error *err)
{
	const struct catalog_revision *r = catalog_at(in->catalog, index);

	in->relations.len = 0;
	if (relation_write(r, identity_id, in->names, &in->relations, err) < 0)
		return -1;
	const struct cell all[UPDATE_CELLS] = {
		number(r->revision_id),
		number(rows_names_revision(in->names, index)),
		number(rows_names_identity(in->names, &r->update_id)),
		number(r->revision_number),
		{ .kind = CELL_TEXT, .bytes = r->update_type, .len = strlen(r->update_type) },
		number((r->is_leaf ? FLAG_LEAF : 0) | (r->is_bundle ? FLAG_BUNDLE : 0) |
		       (r->is_software ? FLAG_SOFTWARE : 0)),
		number(r->action),
		text(r->action_text),
		number(r->creation),
		text(r->kb),
		text(r->severity),
		text(r->bulletin),
		text(r->title),
		number(r->verdict),
		number(r->cause),
		bytes(in->relations.bytes, in->relations.len),
	};

	memcpy(cells, all, sizeof all);
	return 0;
}

/* Digest of what the row and the rows of its files are going to say. */
static void make_mark(struct inserter *in, const struct catalog_revision *r,
		      const struct cell update[UPDATE_CELLS], unsigned char mark[DIGEST_SHA256])
{
	struct cell cells[FILE_CELLS];

	say(in, update, UPDATE_CELLS);
	for (size_t i = 0; i < in->files_count; i++) {
		file_cells(r->revision_id, &in->files[i], cells);
		say(in, cells, FILE_CELLS);
	}
	digest_final(in->digest, mark);
}

static int remove_rows(struct inserter *in, uint32_t revision, struct error *err)
{
	db_bind_int(in->remove_update, 2, revision);
	db_bind_int(in->remove_files, 2, revision);
	return db_execute(in->remove_update, err) < 0 ? -1 : db_execute(in->remove_files, err);
}

/* Rows of revisions up to this one that are not as they will be: away.  1 when its own is right. */
static int settle_stored(struct inserter *in, uint32_t revision, const unsigned char *mark,
			 struct error *err)
{
	while (in->stored_at < in->stored_count && in->stored[in->stored_at].revision <= revision) {
		const struct stored *s = &in->stored[in->stored_at++];

		if (s->revision == revision && mark && memcmp(s->mark, mark, MARK_SIZE) == 0)
			return 1;
		if (remove_rows(in, s->revision, err) < 0)
			return -1;
	}
	return 0;
}

static int insert_update(struct inserter *in, size_t index, struct error *err)
{
	const struct catalog_revision *r = catalog_at(in->catalog, index);
	struct cell cells[UPDATE_CELLS], file[FILE_CELLS];
	unsigned char mark[DIGEST_SHA256];

	list_files(in, r);
	if (update_cells(in, index, cells, err) < 0)
		return -1;
	make_mark(in, r, cells, mark);
	int right = settle_stored(in, r->revision_id, mark, err);
	if (right != 0)
		return right < 0 ? -1 : 0;
	bind(in->update, cells, UPDATE_CELLS);
	db_bind_blob(in->update, UPDATE_CELLS + 2, mark, MARK_SIZE);
	if (db_execute(in->update, err) < 0)
		return -1;
	for (size_t i = 0; i < in->files_count; i++) {
		file_cells(r->revision_id, &in->files[i], file);
		bind(in->file, file, FILE_CELLS);
		if (db_execute(in->file, err) < 0)
			return -1;
	}
	return 0;
}

static int load_stored(struct inserter *in, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(in->store),
					    "SELECT source_revision, mark FROM update_info"
					    " WHERE source_id=? ORDER BY source_revision",
					    err);
	int row = -1;

	if (q)
		db_bind_int(q, 1, in->source_id);
	while (q && (row = db_step(q, err)) == 1) {
		in->stored = buf_grow(in->stored, &in->stored_capacity, in->stored_count,
				      sizeof *in->stored);
		struct stored *s = &in->stored[in->stored_count++];

		*s = (struct stored){ .revision = (uint32_t)db_int(q, 0) };
		/* without one it differs from any */
		if (!db_copy(q, 1, s->mark, sizeof s->mark))
			memset(s->mark, 0, sizeof s->mark);
	}
	return row;
}

static int insert_updates(struct inserter *in, struct error *err)
{
	if (load_stored(in, err) < 0)
		return -1;
	for (size_t i = 0; i < catalog_count(in->catalog); i++) {
		const struct catalog_revision *r = catalog_at(in->catalog, i);

		/* of a duplicate its finding tells; the RevisionId is taken */
		if (!r->is_duplicate && insert_update(in, i, err) < 0)
			return error_wrap(err, "revision %u", r->revision_id);
	}
	return settle_stored(in, UINT32_MAX, NULL, err);
}

/* ---- locations ---- */

/* Nobody has to be told where a file is whose address ends in its digest. */
static bool tells_digest(const struct catalog_location *l)
{
	struct catalog_sha1 named;
	size_t len;
	const char *path = catalog_url_path(l->url, &len);

	return !path ||
	       (catalog_url_digest(path, len, named.bytes) && compare_sha1(&named, &l->sha1) == 0);
}

static int insert_locations(const struct inserter *in, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(in->store),
					    "INSERT INTO location(source_id, sha1, url, included)"
					    " VALUES(?,?,?,?)",
					    err);

	if (!q)
		return -1;
	db_bind_int(q, 1, in->source_id);
	for (size_t i = 0; i < catalog_location_count(in->catalog); i++) {
		const struct catalog_location *l = catalog_location_at(in->catalog, i);

		if (tells_digest(l))
			continue;
		db_bind_blob(q, 2, l->sha1.bytes, sizeof l->sha1.bytes);
		db_bind_text(q, 3, l->url);
		db_bind_int(q, 4, l->is_included);
		if (db_execute(q, err) < 0)
			return -1;
	}
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
			   " value, message, next_step, cause, dependents)"
			   " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
			   err);

	if (!q)
		return -1;
	db_bind_int(q, 1, in->source_id);
	for (size_t i = 0; i < catalog_finding_count(in->catalog); i++) {
		const struct catalog_finding *f = catalog_finding_at(in->catalog, i);
		const struct cell cells[] = {
			text(catalog_rule_id(f->rule)),
			number(f->severity),
			number(f->revision_id),
			f->has_update_id ? bytes(f->update_id, sizeof f->update_id) : text(NULL),
			text(f->kb),
			{ .kind = CELL_TEXT, .bytes = f->file ? f->file : "" },
			number((int64_t)f->offset),
			text(f->value),
			{ .kind = CELL_TEXT, .bytes = f->message },
			{ .kind = CELL_TEXT, .bytes = catalog_rule_next_step(f->rule) },
			number(f->cause),
			number(f->dependents),
		};

		bind(q, cells, sizeof cells / sizeof *cells);
		if (db_execute(q, err) < 0)
			return -1;
	}
	return 0;
}

/* 1 when there is no row of a file: then their index is made of all of them at once, later. */
static int is_first(struct store *s, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s), "SELECT 1 FROM file LIMIT 1", err);
	int row = q ? db_step(q, err) : -1;

	if (row == 1)
		db_reset(q);
	return row < 0 ? -1 : row == 0;
}

int rows_insert_catalog(struct store *s, int64_t source_id, const struct catalog *c,
			struct error *err)
{
	CLEANUP(inserter_clear)
	struct inserter in = { .store = s,
			       .catalog = c,
			       .source_id = source_id,
			       .digest = digest_new(DIGEST_KIND_SHA256),
			       .relations = BUF_INIT(RELATIONS_MAX),
			       .said = { .out = BUF_INIT(SIZE_MAX) } };

	int first = is_first(s, err);
	if (first < 0 || (first && db_run(store_db(s), "DROP INDEX file_sha1", err) < 0))
		return -1;
	in.names = rows_names_new(s, c, err);
	if (!in.names || prepare(&in, err) < 0 || insert_updates(&in, err) < 0 ||
	    insert_locations(&in, err) < 0 || insert_findings(&in, err) < 0)
		return -1;
	return first ? db_run(store_db(s), "CREATE INDEX file_sha1 ON file(sha1)", err) : 0;
}
