/* Reading the tables of the repository for a snapshot. */
#include "importer/server/view_load.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/kind.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog.h"
#include "lib/store/db.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LANGUAGES_MAX = 4096, CLIENT_ID_MAX = 0x3fffffff, IDENTITY_MAX = 1 << 26 };

void view_rows_clear(struct view_load *l)
{
	free(l->guids);
	free(l->rows);
	free(l->blobs);
	free(l->objects);
	free(l->pack_ids);
	free(l->places);
	free(l->documents);
	free(l->files);
}

static int corrupt(struct error *err, const char *table, int64_t id)
{
	return error_set(err, ERROR_DB_CORRUPT, "catalog.db: %s %lld: bad row", table,
			 (long long)id);
}

/* Calls each row of a query: 0 at its end. */
static int rows_of(struct view_load *l, const char *sql,
		   int (*row)(struct view_load *l, struct db_statement *q, struct error *err),
		   struct error *err)
{
	CLEANUP(db_finalize) struct db_statement *q = db_prepare(l->db, sql, err);
	int more;

	if (!q)
		return -1;
	while ((more = db_step(q, err)) == 1)
		if (row(l, q, err) < 0)
			return -1;
	return more;
}

/* ---- identities and revisions ---- */

static int identity_row(struct view_load *l, struct db_statement *q, struct error *err)
{
	int64_t id = db_int(q, 0);

	if (id < (int64_t)l->guids_count || id > IDENTITY_MAX)
		return corrupt(err, "identity", id);
	/* Ascending, and nearly without gaps. */
	if ((size_t)id >= l->guids_capacity) {
		l->guids_capacity = ((size_t)id + 1) * 2;
		l->guids = buf_realloc(l->guids, l->guids_capacity, sizeof *l->guids);
	}
	memset(l->guids + l->guids_count, 0, ((size_t)id + 1 - l->guids_count) * sizeof *l->guids);
	l->guids_count = (size_t)id + 1;
	if (!db_copy(q, 1, l->guids[id].bytes, sizeof l->guids[id].bytes))
		return corrupt(err, "identity", id);
	return 0;
}

static enum wusp_type type_of(const char *text, int64_t action)
{
	static const struct {
		const char *text;
		enum wusp_type type;
	} table[] = {
		{ "Software", WUSP_SOFTWARE },
		{ "Driver", WUSP_DRIVER },
		{ "Category", WUSP_CATEGORY },
		{ "Detectoid", WUSP_DETECTOID },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcasecmp(text, table[i].text) == 0)
			return table[i].type;
	return action == CATALOG_ACTION_EVALUATE ? WUSP_DETECTOID : WUSP_SOFTWARE;
}

static size_t keep_blob(struct view_load *l, const void *bytes, size_t len)
{
	size_t at = l->blobs_len;

	if (len > l->blobs_capacity - l->blobs_len) {
		l->blobs_capacity = (l->blobs_capacity + len) * 2;
		l->blobs = buf_realloc(l->blobs, l->blobs_capacity, 1);
	}
	if (len > 0)
		memcpy(l->blobs + at, bytes, len);
	l->blobs_len += len;
	return at;
}

static int update_row(struct view_load *l, struct db_statement *q, struct error *err)
{
	struct view_row r = {
		.source = db_int(q, 0),
		.source_revision = db_int(q, 1),
		.revision = db_int(q, 2),
		.identity = db_int(q, 3),
		.number = (uint32_t)db_int(q, 4),
		.type = type_of(db_text(q, 5), db_int(q, 6)),
		.action = (uint32_t)db_int(q, 6),
		.node = WUSP_NONE,
		.files_here = true,
	};
	const void *blob = db_blob(q, 7, &r.relations_len);

	if (r.revision < 1 || r.revision > CLIENT_ID_MAX || r.identity < 1 ||
	    r.identity >= (int64_t)l->guids_count)
		return corrupt(err, "update_info", r.source_revision);
	r.relations = keep_blob(l, blob, r.relations_len);
	l->rows = buf_grow(l->rows, &l->rows_capacity, l->rows_count, sizeof r);
	l->rows[l->rows_count++] = r;
	return 0;
}

static int by_source(const void *left, const void *right)
{
	const struct view_row *a = left, *b = right;

	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	return a->source_revision < b->source_revision ? -1
						       : a->source_revision > b->source_revision;
}

struct view_row *view_rows_find(const struct view_load *l, int64_t source, int64_t source_revision)
{
	struct view_row key = { .source = source, .source_revision = source_revision };

	return l->rows_count == 0 ? NULL
				  : bsearch(&key, l->rows, l->rows_count, sizeof key, by_source);
}

/* ---- objects ---- */

static int object_row(struct view_load *l, struct db_statement *q, struct error *err)
{
	struct view_object o = { .size = (uint64_t)db_int(q, 3) };

	if (!db_copy(q, 1, o.sha1, sizeof o.sha1) || !db_copy(q, 2, o.sha256, sizeof o.sha256))
		return corrupt(err, "object", db_int(q, 0));
	l->objects = buf_grow(l->objects, &l->objects_capacity, l->objects_count, sizeof o);
	l->objects[l->objects_count++] = o;
	return 0;
}

static int pack_row(struct view_load *l, struct db_statement *q, struct error *err)
{
	struct view *v = l->view;

	if (v->packs_count == l->packs_capacity) {
		l->packs_capacity = l->packs_capacity * 2 + 64;
		v->packs = buf_realloc(v->packs, l->packs_capacity, sizeof *v->packs);
		l->pack_ids = buf_realloc(l->pack_ids, l->packs_capacity, sizeof *l->pack_ids);
	}
	if (!db_copy(q, 1, v->packs[v->packs_count].sha256, 32))
		return corrupt(err, "object", db_int(q, 0));
	l->pack_ids[v->packs_count++] = db_int(q, 0);
	return 0;
}

static uint32_t find_pack(const struct view_load *l, int64_t id)
{
	size_t low = 0, high = l->view->packs_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->pack_ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->view->packs_count && l->pack_ids[low] == id ? (uint32_t)low : UINT32_MAX;
}

/* The object that a file is: the SHA-1 counts only where nothing better is known. */
static const struct view_object *find_object(const struct view_load *l, const struct view_file *f)
{
	size_t low = 0, high = l->objects_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(l->objects[middle].sha1, f->sha1, sizeof f->sha1) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < l->objects_count; low++) {
		const struct view_object *o = &l->objects[low];

		if (memcmp(o->sha1, f->sha1, sizeof f->sha1) != 0)
			return NULL;
		if ((!f->has_sha256 || memcmp(o->sha256, f->sha256, sizeof f->sha256) == 0) &&
		    (!f->has_size || o->size == f->size))
			return o;
	}
	return NULL;
}

/* ---- files ---- */

static int file_row(struct view_load *l, struct db_statement *q, struct error *err)
{
	struct view_row *r = view_rows_find(l, db_int(q, 0), db_int(q, 1));
	const char *name = db_text(q, 6);
	struct view_file f = {
		.is_licence = db_int(q, 2) != 0,
		.has_sha256 = !db_is_null(q, 4),
		.has_size = !db_is_null(q, 5),
		.size = (uint64_t)db_int(q, 5),
		.is_optional = db_int(q, 7) != 0,
	};

	if (!r)
		return 0;
	if (!db_copy(q, 3, f.sha1, sizeof f.sha1) ||
	    (f.has_sha256 && !db_copy(q, 4, f.sha256, sizeof f.sha256)))
		return corrupt(err, "file", r->source_revision);
	const struct view_object *o = find_object(l, &f);
	if (o) {
		f.here = f.has_sha256 = f.has_size = true;
		memcpy(f.sha256, o->sha256, sizeof f.sha256);
		f.size = o->size;
	}
	f.name = *name ? arena_text(&l->view->texts, name, strlen(name)) : "";
	if (!f.is_licence) {
		r->has_files = true;
		r->has_full |= !f.is_optional;
		r->files_here &= f.here || f.is_optional;
	}
	l->files = buf_grow(l->files, &l->files_capacity, l->files_count, sizeof *l->files);
	l->files[l->files_count++] =
		(struct view_loaded_file){ .row = (uint32_t)(r - l->rows), .file = f };
	return 0;
}

/* Where there is no full file, the express files are what clients need. */
static void need_express(struct view_load *l)
{
	for (size_t i = 0; i < l->files_count; i++) {
		struct view_row *r = &l->rows[l->files[i].row];
		struct view_file *f = &l->files[i].file;

		if (r->has_full || !f->is_optional)
			continue;
		f->is_optional = false;
		r->files_here &= f->here;
	}
}

/* ---- documents ---- */

/* The number of a language; the newest come last, and rows of one language come together. */
static int language_number(struct view_load *l, const char *text, uint16_t *out, struct error *err)
{
	struct view *v = l->view;
	size_t i = 0;

	while (i < v->languages_count && strcmp(v->languages[i], text) != 0)
		i++;
	if (i == v->languages_count) {
		if (i >= LANGUAGES_MAX)
			return error_set(err, ERROR_WUSP_GRAPH, "more than %d languages",
					 LANGUAGES_MAX);
		v->languages = buf_grow((void *)v->languages, &l->languages_capacity, i,
					sizeof *v->languages);
		v->languages[v->languages_count++] = arena_text(&v->texts, text, strlen(text));
	}
	*out = (uint16_t)i;
	return 0;
}

/* Read one after the other: looking each up in the database takes three times as long. */
static int fragment_row(struct view_load *l, struct db_statement *q, struct error *err)
{
	int64_t offset = db_int(q, 2), size = db_int(q, 3);

	if (offset < 0 || offset > LIMIT_PACK_BYTES || size < 0 || size > LIMIT_FRAGMENT_BYTES)
		return corrupt(err, "fragment", db_int(q, 0));
	l->places = buf_grow(l->places, &l->places_capacity, l->places_count, sizeof *l->places);
	l->places[l->places_count++] = (struct view_place){
		.fragment = db_int(q, 0),
		.pack = find_pack(l, db_int(q, 1)),
		.offset = (uint32_t)offset,
		.size = (uint32_t)size,
	};
	return 0;
}

static const struct view_place *find_place(const struct view_load *l, int64_t fragment)
{
	size_t low = 0, high = l->places_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->places[middle].fragment < fragment)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->places_count && l->places[low].fragment == fragment ? &l->places[low]
									    : NULL;
}

static int document_row(struct view_load *l, struct db_statement *q, struct error *err)
{
	struct view_row *r = view_rows_find(l, db_int(q, 0), db_int(q, 2));
	const struct view_place *place = r ? find_place(l, db_int(q, 4)) : NULL;
	int64_t stream = db_int(q, 1);

	if (!place || place->pack == UINT32_MAX)
		return 0;
	struct view_document d = { .pack = place->pack,
				   .offset = place->offset,
				   .size = place->size,
				   .stream = (unsigned char)stream };
	if (language_number(l, db_text(q, 3), &d.language, err) < 0)
		return -1;
	if (stream == CATALOG_STREAM_COMPLETE ||
	    (stream == CATALOG_STREAM_CORE && !r->has_document)) {
		r->has_document = true;
		r->document = (uint32_t)l->documents_count;
	}
	if (stream == CATALOG_STREAM_CORE)
		r->core_bytes = d.size;
	else if (stream == CATALOG_STREAM_COMPLETE && r->core_bytes == 0)
		r->core_bytes = d.size / 2;
	l->documents = buf_grow(l->documents, &l->documents_capacity, l->documents_count,
				sizeof *l->documents);
	l->documents[l->documents_count++] =
		(struct view_loaded_document){ .row = (uint32_t)(r - l->rows), .document = d };
	return 0;
}

/* ---- all of it ---- */

static int by_sha1(const void *left, const void *right)
{
	const struct view_object *a = left, *b = right;

	return memcmp(a->sha1, b->sha1, sizeof a->sha1);
}

int view_rows_read(struct view_load *l, struct error *err)
{
	uint16_t none;

	/* Number 0 is no language. */
	if (language_number(l, "", &none, err) < 0 ||
	    rows_of(l, "SELECT id, update_id FROM identity ORDER BY id", identity_row, err) < 0 ||
	    rows_of(l,
		    "SELECT source_id, source_revision, revision_id, identity_id, number,"
		    " type, action, relations FROM update_info WHERE verdict=0"
		    " ORDER BY source_id, source_revision",
		    update_row, err) < 0 ||
	    rows_of(l,
		    "SELECT id, sha1, sha256, size FROM object WHERE sha1 IS NOT NULL"
		    " AND checked>=0",
		    object_row, err) < 0)
		return -1;
	if (l->objects_count > 1)
		qsort(l->objects, l->objects_count, sizeof *l->objects, by_sha1);
	if (rows_of(l,
		    "SELECT source_id, source_revision, kind, sha1, sha256, size, name, express"
		    " FROM file ORDER BY source_id, source_revision, kind, ordinal",
		    file_row, err) < 0)
		return -1;
	need_express(l);
	_Static_assert(OBJECT_PACK == 1, "the number in the statement below");
	if (rows_of(l, "SELECT id, sha256 FROM object WHERE kind=1 ORDER BY id", pack_row, err) < 0)
		return -1;
	if (rows_of(l, "SELECT id, object_id, offset, size FROM fragment ORDER BY id", fragment_row,
		    err) < 0)
		return -1;
	/* Streams c, x, l, e, s. */
	return rows_of(l,
		       "SELECT source_id, stream, revision, key, fragment_id FROM document"
		       " WHERE stream IN (99, 120, 108, 101, 115)",
		       document_row, err);
}
