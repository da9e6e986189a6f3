#include "lib/store/doclist.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/kind.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/pack/pack.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void doclist_clear(struct doclist *d)
{
	delta_list_clear(&d->list);
	free(d->objects);
	*d = (struct doclist){ 0 };
}

static void add_object(struct doclist *d, const unsigned char sha256[32])
{
	d->objects = buf_grow(d->objects, &d->object_capacity, d->object_count, sizeof *d->objects);
	memcpy(d->objects[d->object_count++], sha256, 32);
}

/* All rows of a query whose first column is a digest. */
static int read_objects(struct db_statement *q, struct doclist *d, struct error *err)
{
	unsigned char sha256[32];
	int row;

	while ((row = db_step(q, err)) == 1)
		if (db_copy(q, 0, sha256, sizeof sha256))
			add_object(d, sha256);
	return row;
}

/* ---- reading the documents ---- */

static int lost(const struct doclist *d, struct error *err)
{
	char hex[DIGEST_HEX];
	struct error cause = *err;

	str_to_hex(d->digest, sizeof d->digest, hex);
	error_clear(err);
	return error_set(err, ERROR_LISTING_LOST, "list %.16s of source %s %s: %s", hex,
			 d->source.kind, d->source.series,
			 cause.id ? cause.message : "its objects have another digest");
}

static int load_part(struct store *s, const unsigned char sha256[32], struct listing *out,
		     struct error *err)
{
	CLEANUP(free) unsigned char *packed = NULL, *text = NULL;
	size_t packed_len, len;
	char label[DIGEST_HEX];

	str_to_hex(sha256, DIGEST_SHA256, label);
	if (content_load(s, sha256, LIMIT_PACK_BYTES, &packed, &packed_len, err) < 0 ||
	    pack_decompress(packed, packed_len, LIMIT_LISTING_BYTES, label, &text, &len, err) < 0)
		return -1;
	return listing_parse(text, len, label, out, err);
}

/* Parts into one list: 1 when they came in order, and so it is sorted; 0. */
static int load_parts(struct store *s, struct doclist *d, struct error *err)
{
	size_t capacity = 0;
	int ordered = 1;

	for (size_t i = 0; i < d->object_count; i++) {
		CLEANUP(listing_clear) struct listing l = { 0 };

		if (load_part(s, d->objects[i], &l, err) < 0)
			return -1;
		d->source = l.source;
		if (l.part != i + 1)
			ordered = 0;
		for (size_t k = 0; k < l.count; k++) {
			d->list.entries = buf_grow(d->list.entries, &capacity, d->list.count,
						   sizeof *d->list.entries);
			d->list.entries[d->list.count++] = l.entries[k];
		}
	}
	d->loaded = true;
	return ordered;
}

int doclist_load(struct store *s, struct doclist *d, struct error *err)
{
	unsigned char digest[32];

	if (d->loaded)
		return 0;
	int failed = load_parts(s, d, err) < 0;
	if (!failed) {
		listing_digest(d->list.entries, d->list.count, digest);
		failed = memcmp(digest, d->digest, sizeof digest) != 0;
	}
	if (!failed)
		return 0;
	delta_list_clear(&d->list);
	d->loaded = false;
	return lost(d, err);
}

/* ---- of a source ---- */

static int source_objects(struct store *s, int64_t source_id, struct doclist *d, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT o.sha256 FROM source_object so JOIN object o ON o.id=so.object_id"
		" WHERE so.source_id=? AND o.kind=? ORDER BY o.id",
		err);

	if (!q)
		return -1;
	db_bind_int(q, 1, source_id);
	db_bind_int(q, 2, OBJECT_CATALOG);
	return read_objects(q, d, err);
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static bool same_objects(const struct doclist *a, const struct doclist *b)
{
	bool same = a->object_count == b->object_count;

	for (size_t i = 0; i < a->object_count && same; i++) {
		same = false;
		for (size_t k = 0; k < b->object_count && !same; k++)
			same = compare_digests(a->objects[i], b->objects[k]) == 0;
	}
	return same;
}

/* The newest list of the series that any bundle had: 1 when it is of these very objects. */
static int known_list(struct store *s, struct doclist *d, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s),
		"SELECT channel_id, digest FROM bundle_listing WHERE kind=? AND series=? AND part=1"
		" AND object_id IN (SELECT id FROM object WHERE sha256=?) LIMIT 1",
		err);
	CLEANUP(doclist_clear) struct doclist known = { 0 };
	unsigned char digest[32];
	int row = 0;

	if (!q)
		return -1;
	db_bind_text(q, 1, d->source.kind);
	db_bind_text(q, 2, d->source.series);
	/* Any object may be the first part. */
	for (size_t i = 0; i < d->object_count && row == 0; i++) {
		db_bind_blob(q, 3, d->objects[i], 32);
		row = db_step(q, err);
	}
	if (row <= 0)
		return row;
	db_copy(q, 1, digest, sizeof digest);
	row = doclist_find(s, db_int(q, 0), &d->source, digest, &known, err);
	if (row <= 0 || !same_objects(d, &known))
		return row < 0 ? -1 : 0;
	for (size_t i = 0; i < d->object_count; i++)
		memcpy(d->objects[i], known.objects[i], 32);
	memcpy(d->digest, digest, sizeof digest);
	return 1;
}

struct ordered_part {
	unsigned char sha256[32];
	uint32_t part;
};

static int compare_parts(const void *a, const void *b)
{
	const struct ordered_part *x = a, *y = b;

	return x->part < y->part ? -1 : x->part > y->part;
}

/* Put the objects into the order of their parts, which only they themselves tell. */
static int order_parts(struct store *s, struct doclist *d, struct error *err)
{
	struct ordered_part *parts = buf_calloc(d->object_count, sizeof *parts);
	int failed = 0;

	for (size_t i = 0; i < d->object_count && !failed; i++) {
		CLEANUP(listing_clear) struct listing l = { 0 };

		failed = load_part(s, d->objects[i], &l, err);
		memcpy(parts[i].sha256, d->objects[i], 32);
		parts[i].part = l.part;
	}
	if (!failed && d->object_count > 0)
		qsort(parts, d->object_count, sizeof *parts, compare_parts);
	for (size_t i = 0; i < d->object_count && !failed; i++)
		memcpy(d->objects[i], parts[i].sha256, 32);
	free(parts);
	return failed;
}

int doclist_of_source(struct store *s, int64_t source_id, const struct listing_source *source,
		      struct doclist *out, struct error *err)
{
	CLEANUP(doclist_clear) struct doclist d = { .source = *source };

	if (source_objects(s, source_id, &d, err) < 0)
		return -1;
	int known = known_list(s, &d, err);
	if (known < 0)
		return -1;
	if (known == 0) {
		int ordered = load_parts(s, &d, err);

		if (ordered == 0) {
			delta_list_clear(&d.list);
			ordered = order_parts(s, &d, err) < 0 ? -1 : load_parts(s, &d, err);
		}
		if (ordered < 0)
			return -1;
		listing_digest(d.list.entries, d.list.count, d.digest);
	}
	*out = d;
	d = (struct doclist){ 0 };
	return 0;
}

void doclist_of_gather(const struct gather *g, struct doclist *out)
{
	*out = (struct doclist){ .source = g->source };
	listing_digest(g->entries, g->entry_count, out->digest);
	struct ordered_part *parts = buf_calloc(g->listing_count, sizeof *parts);
	for (size_t i = 0; i < g->listing_count; i++) {
		memcpy(parts[i].sha256, g->listings[i].sha256, 32);
		parts[i].part = g->listings[i].part;
	}
	if (g->listing_count > 0)
		qsort(parts, g->listing_count, sizeof *parts, compare_parts);
	for (size_t i = 0; i < g->listing_count; i++)
		add_object(out, parts[i].sha256);
	free(parts);
}

/* ---- of a bundle ---- */

int doclist_objects(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
		    unsigned char (**out)[32], struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"SELECT o.sha256 FROM bundle_listing b JOIN object o ON o.id=b.object_id"
		" WHERE b.channel_id=? AND b.epoch=? AND b.sequence=? ORDER BY b.kind, b.series,"
		" b.part",
		channel_id, epoch, sequence, err);
	CLEANUP(doclist_clear) struct doclist d = { .sequence = sequence };

	if (!q)
		return -1;
	if (read_objects(q, &d, err) < 0)
		return -1;
	*out = d.objects;
	d.objects = NULL;
	return (int)d.object_count;
}

int doclist_find(struct store *s, int64_t channel_id, const struct listing_source *source,
		 const unsigned char digest[32], struct doclist *out, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *newest = db_prepare(
		store_db(s),
		"SELECT epoch, sequence FROM bundle_listing WHERE channel_id=? AND kind=? AND "
		"series=? AND digest=? ORDER BY epoch DESC, sequence DESC LIMIT 1",
		err);
	CLEANUP(doclist_clear) struct doclist d = { 0 };

	if (!newest)
		return -1;
	db_bind_int(newest, 1, channel_id);
	db_bind_text(newest, 2, source->kind);
	db_bind_text(newest, 3, source->series);
	db_bind_blob(newest, 4, digest, 32);
	int row = db_step(newest, err);
	if (row <= 0)
		return row;
	d.sequence = (uint64_t)db_int(newest, 1);
	memcpy(d.digest, digest, sizeof d.digest);
	snprintf(d.source.kind, sizeof d.source.kind, "%s", source->kind);
	snprintf(d.source.series, sizeof d.source.series, "%s", source->series);
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"SELECT o.sha256 FROM bundle_listing b JOIN object o ON o.id=b.object_id"
		" WHERE b.channel_id=? AND b.epoch=? AND b.sequence=? AND b.kind=? AND b.series=?"
		" ORDER BY b.part",
		channel_id, (uint32_t)db_int(newest, 0), d.sequence, err);
	if (!q)
		return -1;
	db_bind_text(q, 4, source->kind);
	db_bind_text(q, 5, source->series);
	if (read_objects(q, &d, err) < 0)
		return -1;
	*out = d;
	d = (struct doclist){ 0 };
	return 1;
}

int doclist_bases(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from,
		  const struct listing_source *source, unsigned char (**out)[32], bool *everywhere,
		  struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"SELECT l.digest, count(*) FROM bundle b LEFT JOIN bundle_listing l ON"
		" l.channel_id=b.channel_id AND l.epoch=b.epoch AND l.sequence=b.sequence AND"
		" l.kind=?4 AND l.series=?5 AND l.part=1 WHERE b.channel_id=?1 AND b.epoch=?2 AND"
		" b.sequence>=?3 GROUP BY l.digest ORDER BY max(b.sequence) DESC",
		channel_id, epoch, from, err);
	struct doclist d = { 0 };
	int row;

	*everywhere = true;
	if (!q)
		return -1;
	db_bind_text(q, 4, source->kind);
	db_bind_text(q, 5, source->series);
	while ((row = db_step(q, err)) == 1) {
		unsigned char digest[32];

		if (db_copy(q, 0, digest, sizeof digest))
			add_object(&d, digest);
		else
			*everywhere = false;
	}
	if (row < 0) {
		doclist_clear(&d);
		return -1;
	}
	*out = d.objects;
	return (int)d.object_count;
}

int doclist_next_source(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from,
			struct listing_source *io, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"SELECT kind, series FROM bundle_listing WHERE channel_id=? AND epoch=? AND"
		" sequence>=? AND (kind, series) > (?, ?) ORDER BY kind, series LIMIT 1",
		channel_id, epoch, from, err);

	if (!q)
		return -1;
	db_bind_text(q, 4, io->kind);
	db_bind_text(q, 5, io->series);
	int row = db_step(q, err);
	if (row != 1)
		return row;
	struct listing_source next = { .created = -1 };
	snprintf(next.kind, sizeof next.kind, "%s", db_text(q, 0));
	snprintf(next.series, sizeof next.series, "%s", db_text(q, 1));
	*io = next;
	return 1;
}

/* ---- changing ---- */

int doclist_record(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t sequence,
		   const struct doclist *d, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"INSERT INTO bundle_listing(channel_id, epoch, sequence, kind, series,"
		" part, digest, object_id) SELECT ?,?,?,?,?,?,?, id FROM object"
		" WHERE sha256=?",
		channel_id, epoch, sequence, err);

	if (!q)
		return -1;
	db_bind_text(q, 4, d->source.kind);
	db_bind_text(q, 5, d->source.series);
	db_bind_blob(q, 7, d->digest, sizeof d->digest);
	for (size_t i = 0; i < d->object_count; i++) {
		db_bind_int(q, 6, (int64_t)i + 1);
		db_bind_blob(q, 8, d->objects[i], sizeof d->objects[i]);
		if (db_execute(q, err) < 0)
			return -1;
	}
	return 0;
}

int doclist_repeat(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from, uint64_t to,
		   struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(
		s,
		"INSERT INTO bundle_listing(channel_id, epoch, sequence, kind, series,"
		" part, digest, object_id) SELECT channel_id, epoch, ?4, kind, series,"
		" part, digest, object_id FROM bundle_listing"
		" WHERE channel_id=?1 AND epoch=?2 AND sequence=?3",
		channel_id, epoch, from, err);

	if (!q)
		return -1;
	db_bind_int(q, 4, (int64_t)to);
	return db_execute(q, err);
}

int doclist_prune(struct store *s, int64_t channel_id, uint32_t epoch, uint64_t from,
		  struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = channel_prepare(s,
						 "DELETE FROM bundle_listing WHERE channel_id=? AND"
						 " (epoch < ?2 OR (epoch = ?2 AND sequence < ?3))",
						 channel_id, epoch, from, err);

	return q ? db_execute(q, err) : -1;
}

int doclist_forget(struct store *s, int64_t channel_id, const unsigned char digest[32],
		   struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "DELETE FROM bundle_listing WHERE channel_id=? AND digest=?", err);

	if (!q)
		return -1;
	db_bind_int(q, 1, channel_id);
	db_bind_blob(q, 2, digest, 32);
	return db_execute(q, err) < 0 ? -1 : db_changes(store_db(s)) > 0;
}
