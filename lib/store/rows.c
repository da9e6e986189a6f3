#include "lib/store/rows.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/crypto/digest.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/past.h"
#include "lib/store/rows_internal.h"
#include "lib/store/shard_rows.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ids_free(int64_t *ids)
{
	free(ids);
}
DEFINE_CLEANUP(int64_t *, ids_free);

/* ---- replacing ---- */

/* What a source has anew with every catalog, then what only goes with the source itself. */
static const char *const removals[] = {
	"DELETE FROM document WHERE source_id=?",
	"DELETE FROM location WHERE source_id=?",
	"DELETE FROM finding WHERE source_id=?",
	"DELETE FROM source_object WHERE source_id=?",
	"DELETE FROM update_info WHERE source_id=?",
	"DELETE FROM file WHERE source_id=?",
	"DELETE FROM source WHERE id=?",
};
enum { REPLACED = 4, REMOVALS = sizeof removals / sizeof *removals };

static int remove_rows(struct store *s, int64_t source_id, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(db_finalize)
		struct db_statement *q = db_prepare(store_db(s), removals[i], err);

		if (!q)
			return -1;
		db_bind_int(q, 1, source_id);
		if (db_execute(q, err) < 0)
			return -1;
	}
	return 0;
}

/* Its row, new or that of the catalog before: rows of its updates stay until they differ. */
static int put_source(struct store *s, const struct listing_source *source, bool content_expected,
		      int64_t *id, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"INSERT INTO source(kind, series, cabinet, cabinet_size, created, name,"
		" content_expected) VALUES(?,?,?,?,?,?,?) ON CONFLICT(kind, series) DO UPDATE SET"
		" cabinet=excluded.cabinet, cabinet_size=excluded.cabinet_size,"
		" created=excluded.created, name=excluded.name,"
		" content_expected=excluded.content_expected RETURNING id",
		err);

	if (!q)
		return -1;
	db_bind_text(q, 1, source->kind);
	db_bind_text(q, 2, source->series);
	db_bind_blob(q, 3, source->cabinet, sizeof source->cabinet);
	db_bind_int(q, 4, (int64_t)source->cabinet_size);
	if (source->created >= 0)
		db_bind_int(q, 5, source->created);
	else
		db_bind_null(q, 5);
	db_bind_text(q, 6, source->name);
	db_bind_int(q, 7, content_expected);
	if (db_step(q, err) < 0)
		return -1;
	*id = db_int(q, 0);
	db_reset(q);
	return remove_rows(s, *id, REPLACED, err);
}

/* Record an object that belongs to the source. */
static int add_object(struct store *s, int64_t source_id, struct stored_object *o,
		      struct db_statement *link, struct error *err)
{
	if (stored_record(s, o, err) < 0)
		return -1;
	db_bind_int(link, 1, source_id);
	db_bind_int(link, 2, o->id);
	return db_execute(link, err);
}

static int add_blobs(struct store *s, int64_t source_id, enum object_kind kind,
		     const struct gather_blob *blobs, size_t count, int64_t *ids,
		     struct db_statement *link, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct stored_object o = { .kind = kind, .size = blobs[i].size, .name = "-" };

		memcpy(o.sha256, blobs[i].sha256, sizeof o.sha256);
		if (add_object(s, source_id, &o, link, err) < 0)
			return -1;
		if (ids)
			ids[i] = o.id;
	}
	return 0;
}

/* Cabinet, listings and packs; pack_ids receives the ids of the packs. */
static int insert_objects(struct store *s, int64_t source_id, const struct gather *g,
			  int64_t *pack_ids, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *link = db_prepare(
		store_db(s),
		"INSERT OR IGNORE INTO source_object(source_id, object_id) VALUES(?,?)", err);
	struct stored_object cabinet = { .kind = OBJECT_CABINET, .size = g->source.cabinet_size };

	if (!link)
		return -1;
	memcpy(cabinet.sha256, g->source.cabinet, sizeof cabinet.sha256);
	snprintf(cabinet.name, sizeof cabinet.name, "%s", g->source.name);
	if (add_object(s, source_id, &cabinet, link, err) < 0 ||
	    add_blobs(s, source_id, OBJECT_CATALOG, g->listings, g->listing_count, NULL, link,
		      err) < 0)
		return -1;
	return add_blobs(s, source_id, OBJECT_PACK, g->packs, g->pack_count, pack_ids, link, err);
}

/* ---- fragments and documents ---- */

/* Fragments by digest: one look into memory for each of a million documents. */
struct lookup {
	const struct gather *g;
	uint64_t seed;
	uint32_t *slots; /* index of a fragment + 1, open addressing */
	size_t mask;
};

static size_t lookup_slot(const struct lookup *l, const unsigned char sha256[32])
{
	size_t i = (size_t)hash_bytes(l->seed, sha256, 32) & l->mask;

	while (l->slots[i] != 0 && memcmp(l->g->fragments[l->slots[i] - 1].sha256, sha256, 32) != 0)
		i = (i + 1) & l->mask;
	return i;
}

static void lookup_init(struct lookup *l, const struct gather *g)
{
	size_t slots = 16;

	while (slots < 2 * g->fragment_count)
		slots *= 2;
	*l = (struct lookup){ .g = g, .seed = hash_seed(), .mask = slots - 1 };
	l->slots = buf_calloc(slots, sizeof *l->slots);
	for (size_t i = 0; i < g->fragment_count; i++)
		l->slots[lookup_slot(l, g->fragments[i].sha256)] = (uint32_t)i + 1;
}

static const struct gather_fragment *lookup_find(const struct lookup *l,
						 const unsigned char sha256[32])
{
	uint32_t found = l->slots[lookup_slot(l, sha256)];

	return found ? &l->g->fragments[found - 1] : NULL;
}

static void lookup_clear(struct lookup *l)
{
	free(l->slots);
}
DEFINE_CLEANUP_IN_PLACE(struct lookup, lookup_clear);

/* Rows of fragments where there were none: numbers from 1 in the order of digests. */
static int insert_first_fragments(struct store *s, const struct gather *g, const int64_t *pack_ids,
				  int64_t *ids, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *add = db_prepare(
		store_db(s),
		"INSERT INTO fragment(id, sha256, object_id, offset, size) VALUES(?,?,?,?,?)", err);

	if (!add)
		return -1;
	for (size_t i = 0; i < g->fragment_count; i++) {
		const struct gather_fragment *f = &g->fragments[i];

		ids[i] = (int64_t)i + 1;
		db_bind_int(add, 1, ids[i]);
		db_bind_blob(add, 2, f->sha256, sizeof f->sha256);
		db_bind_int(add, 3, pack_ids[f->pack]);
		db_bind_int(add, 4, f->offset);
		db_bind_int(add, 5, f->size);
		if (db_execute(add, err) < 0)
			return -1;
	}
	return 0;
}

/* 1 when there is a fragment. */
static int has_fragments(struct store *s, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(store_db(s), "SELECT 1 FROM fragment LIMIT 1", err);
	int row = q ? db_step(q, err) : -1;

	if (row == 1)
		db_reset(q);
	return row;
}

/*
 * Rows of fragments in digest order; ids[i] is the row of g->fragments[i].  A fragment that was
 * packed anew is looked for in the newer pack from now on.
 */
static int insert_fragments(struct store *s, const struct gather *g, const int64_t *pack_ids,
			    int64_t *ids, struct error *err)
{
	int some = has_fragments(s, err);
	if (some <= 0)
		return some < 0 ? -1 : insert_first_fragments(s, g, pack_ids, ids, err);
	CLEANUP(db_finalize)
	struct db_statement *add =
		db_prepare(store_db(s),
			   "INSERT INTO fragment(sha256, object_id, offset, size) VALUES(?,?,?,?)"
			   " ON CONFLICT(sha256) DO UPDATE SET object_id=excluded.object_id,"
			   " offset=excluded.offset RETURNING id",
			   err);

	if (!add)
		return -1;
	for (size_t i = 0; i < g->fragment_count; i++) {
		const struct gather_fragment *f = &g->fragments[i];

		ids[i] = f->row;
		if (f->row != 0)
			continue;
		db_bind_blob(add, 1, f->sha256, sizeof f->sha256);
		db_bind_int(add, 2, pack_ids[f->pack]);
		db_bind_int(add, 3, f->offset);
		db_bind_int(add, 4, f->size);
		if (db_step(add, err) < 0)
			return -1;
		ids[i] = db_int(add, 0);
		db_reset(add);
	}
	return 0;
}

static int insert_documents(struct store *s, int64_t source_id, const struct gather *g,
			    const int64_t *fragment_ids, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *add = db_prepare(
		store_db(s),
		"INSERT INTO document(source_id, stream, revision, key, fragment_id, offset)"
		" VALUES(?,?,?,?,?,?)",
		err);
	CLEANUP(lookup_clear) struct lookup lookup;

	lookup_init(&lookup, g);
	if (!add)
		return -1;
	db_bind_int(add, 1, source_id);
	for (size_t i = 0; i < g->entry_count; i++) {
		const struct listing_entry *e = &g->entries[i];
		const struct gather_fragment *f = lookup_find(&lookup, e->sha256);

		if (!f)
			return error_set(err, ERROR_GATHER_INCOMPLETE,
					 "document %c/%u %s has no fragment", e->stream,
					 e->revision, e->key);
		db_bind_int(add, 2, e->stream);
		db_bind_int(add, 3, e->revision);
		db_bind_text(add, 4, e->key);
		db_bind_int(add, 5, fragment_ids[f - g->fragments]);
		db_bind_int(add, 6, (int64_t)e->offset);
		if (db_execute(add, err) < 0)
			return -1;
	}
	return 0;
}

/* Pages of the database kept while a source is stored: 64 bytes for each document. */
static int reserve_cache(struct store *s, const struct gather *g, struct error *err)
{
	if (g->entry_count < 256 << 10)
		return 0;
	return db_run(store_db(s), "PRAGMA cache_size=-98304", err);
}

int rows_replace(struct store *s, const struct gather *g, bool content_expected, struct error *err)
{
	CLEANUP(ids_free) int64_t *pack_ids = buf_calloc(g->pack_count, sizeof *pack_ids);
	CLEANUP(ids_free)
	int64_t *fragment_ids = buf_calloc(g->fragment_count, sizeof *fragment_ids);
	int64_t id;

	if (reserve_cache(s, g, err) < 0 ||
	    put_source(s, &g->source, content_expected, &id, err) < 0 ||
	    insert_objects(s, id, g, pack_ids, err) < 0 ||
	    insert_fragments(s, g, pack_ids, fragment_ids, err) < 0 ||
	    insert_documents(s, id, g, fragment_ids, err) < 0 ||
	    rows_insert_catalog(s, id, g->catalog, err) < 0 || past_store(s, g, err) < 0)
		return error_wrap(err, "storing %s", g->source.name);
	return 0;
}

int rows_withdraw(struct store *s, const char *kind, const char *series, struct error *err)
{
	struct rows_source r = { 0 };
	int row;

	while ((row = rows_next_source(s, &r, err)) == 1)
		if (strcmp(r.source.kind, kind) == 0 && strcmp(r.source.series, series) == 0)
			return remove_rows(s, r.id, REMOVALS, err) < 0 ||
					       shard_rows_replace(s, &r.source, NULL, 0, err) < 0
				       ? -1
				       : 1;
	return row;
}

int rows_withdraw_others(struct store *s, struct gather *const *keep, size_t count,
			 struct error *err)
{
	struct rows_source r = { 0 };
	int row;

	while ((row = rows_next_source(s, &r, err)) == 1) {
		bool kept = false;

		for (size_t i = 0; i < count && !kept; i++)
			kept = gather_compare_sources(&keep[i]->source, &r.source) == 0;
		if (!kept && remove_rows(s, r.id, REMOVALS, err) < 0)
			return -1;
	}
	return row;
}

/* ---- asking ---- */

int rows_next_source(struct store *s, struct rows_source *io, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT id, kind, series, cabinet, cabinet_size, ifnull(created, -1), name,"
		" content_expected FROM source WHERE (kind, series) > (?, ?)"
		" ORDER BY kind, series LIMIT 1",
		err);

	if (!q)
		return -1;
	db_bind_text(q, 1, io->source.kind);
	db_bind_text(q, 2, io->source.series);
	int row = db_step(q, err);
	if (row != 1)
		return row;
	*io = (struct rows_source){ .id = db_int(q, 0) };
	snprintf(io->source.kind, sizeof io->source.kind, "%s", db_text(q, 1));
	snprintf(io->source.series, sizeof io->source.series, "%s", db_text(q, 2));
	db_copy(q, 3, io->source.cabinet, sizeof io->source.cabinet);
	io->source.cabinet_size = (uint64_t)db_int(q, 4);
	io->source.created = db_int(q, 5);
	snprintf(io->source.name, sizeof io->source.name, "%s", db_text(q, 6));
	io->content_expected = db_int(q, 7) != 0;
	db_reset(q);
	return 1;
}

int rows_count_usable(struct store *s, int64_t source_id, uint64_t *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT count(*) FROM update_info WHERE source_id=? AND verdict=0", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, source_id);
	if (db_step(q, err) < 0)
		return -1;
	*out = (uint64_t)db_int(q, 0);
	db_reset(q);
	return 0;
}

static int root_documents(struct store *s, int64_t source_id, struct digest *d, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT d.stream, d.revision, d.key, f.sha256 FROM document d"
			   " JOIN fragment f ON f.id=d.fragment_id WHERE d.source_id=?"
			   " ORDER BY d.stream, d.revision, d.key",
			   err);
	char line[LISTING_LINE_SIZE];
	int row;

	if (!q)
		return -1;
	db_bind_int(q, 1, source_id);
	while ((row = db_step(q, err)) == 1) {
		struct listing_entry e = { .stream = (char)db_int(q, 0),
					   .revision = (uint32_t)db_int(q, 1) };

		snprintf(e.key, sizeof e.key, "%s", db_text(q, 2));
		db_copy(q, 3, e.sha256, sizeof e.sha256);
		digest_update(d, line, listing_root_line(&e, line));
	}
	return row;
}

int rows_root(struct store *s, unsigned char out[32], struct error *err)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	char line[LISTING_LINE_SIZE * 2];
	struct rows_source r = { 0 };
	int row;

	digest_update(d, "gapferry-catalog 1\n", 19);
	while ((row = rows_next_source(s, &r, err)) == 1) {
		digest_update(d, line, listing_root_source(&r.source, line));
		if (root_documents(s, r.id, d, err) < 0)
			return -1;
	}
	digest_final(d, out);
	return row;
}

int rows_each_object(struct store *s,
		     int (*each)(void *ctx, const struct stored_object *o, struct error *err),
		     void *ctx, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s),
			   "SELECT id, sha256, size, kind, sha1, name FROM object WHERE id IN"
			   " (SELECT object_id FROM source_object) ORDER BY id",
			   err);
	int row;

	if (!q)
		return -1;
	while ((row = db_step(q, err)) == 1) {
		struct stored_object o;

		rows_read_object(q, &o);
		if (each(ctx, &o, err) < 0)
			return -1;
	}
	return row;
}
