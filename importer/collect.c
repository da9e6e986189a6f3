#include "importer/collect.h"

#include "importer/objects.h"
#include "importer/partial.h"
#include "importer/pending.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/db.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "media/chunk_table.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/repair.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDER_SIZE = 10 + 1 + 20 + 1 + DIGEST_HEX };

/* How often what was proved is put on record: a killed run reads at most this much again. */
static const uint64_t SAVE_BYTES = 256u << 20;

enum chunk_state { CHUNK_UNKNOWN, CHUNK_MISSING, CHUNK_DAMAGED };

struct collecting {
	struct collect_request *request;
	const struct object_table *table;
	struct objects *objects;
	bool *before;     /* by part: the object was there when the run began */
	int dir;          /* of this bundle, below R/partial */
	size_t *base;     /* of a volume: index of its first chunk */
	uint8_t *missing; /* enum chunk_state of every chunk that an object still needs */
	unsigned char *buffer;
	size_t loaded, loaded_len; /* index + 1 of the chunk in the buffer */
	uint64_t unsaved;
};

static void collecting_clear(struct collecting *c)
{
	objects_free(c->objects);
	file_close(c->dir);
	free(c->before);
	free(c->base);
	free(c->missing);
	free(c->buffer);
}
DEFINE_CLEANUP_IN_PLACE(struct collecting, collecting_clear);

static void folder_name(const struct verified_bundle *b, char out[FOLDER_SIZE])
{
	const struct manifest *m = verify_manifest(b);
	char hex[DIGEST_HEX];

	str_to_hex(verify_manifest_digest(b), DIGEST_SHA256, hex);
	snprintf(out, FOLDER_SIZE, "%u-%llu-%s", m->epoch, (unsigned long long)m->sequence, hex);
}

static int open_folder(struct collecting *c, struct error *err)
{
	CLEANUP(file_close)
	int top = file_open_subdir(store_dir(c->request->store), "partial", true, err);
	char name[FOLDER_SIZE];

	if (top < 0)
		return -1;
	folder_name(c->request->bundle, name);
	c->dir = file_open_subdir(top, name, true, err);
	return c->dir < 0 ? -1 : pending_save_tables(c->request->bundle, c->dir, err);
}

/* ---- chunk by chunk ---- */

/* A damaged chunk from parity: 1, or 0 when it is beyond that. */
static int rebuild_chunk(struct collecting *c, uint32_t volume, size_t chunk, size_t index)
{
	struct error beyond = ERROR_INIT; /* it stays noted as damaged */
	const unsigned char *bytes;

	if (repair_chunk(c->request->repair, volume, chunk, &bytes, &c->loaded_len, &beyond) < 0)
		return 0;
	memcpy(c->buffer, bytes, c->loaded_len);
	c->missing[index] = CHUNK_UNKNOWN;
	c->loaded = index + 1;
	return 1;
}

/* The chunk into the buffer: 1, or 0 when it is noted as missing or damaged; -1. */
static int load_chunk(struct collecting *c, uint32_t volume, size_t chunk, struct error *err)
{
	size_t index = c->base[volume - 1] + chunk;
	struct error problem = ERROR_INIT;

	if (c->loaded == index + 1)
		return 1;
	if (c->missing[index] != CHUNK_UNKNOWN)
		return 0;
	if (progress_tick(c->request->progress))
		return error_set(err, ERROR_STOPPED, "stopped");
	c->loaded = 0;
	if (verify_read_chunk(c->request->bundle, volume, chunk, c->buffer, &c->loaded_len,
			      &problem) == 0) {
		c->loaded = index + 1;
		c->request->progress->done += c->loaded_len;
		return 1;
	}
	c->missing[index] = CHUNK_MISSING;
	if (problem.id == ERROR_VOLUME_MISSING)
		return 0;
	c->missing[index] = CHUNK_DAMAGED;
	return rebuild_chunk(c, volume, chunk, index);
}

/* What a chunk holds of a part: bytes of the object, maybe none. */
struct overlap {
	uint64_t first; /* byte of the object */
	size_t at, len; /* of the chunk */
};

static struct overlap overlap(const struct object_part *p, size_t chunk)
{
	uint64_t begin = (uint64_t)chunk * VOLUME_CHUNK, end = begin + VOLUME_CHUNK;
	uint64_t from = p->offset > begin ? p->offset : begin;
	uint64_t to = p->offset + p->length < end ? p->offset + p->length : end;

	if (to <= from)
		return (struct overlap){ .len = 0 };
	return (struct overlap){ p->first + (from - p->offset), (size_t)(from - begin),
				 (size_t)(to - from) };
}

static int keep_bytes(struct collecting *c, const struct object_part *p, const struct overlap *o,
		      struct partial **partial, struct error *err)
{
	if (!*partial)
		*partial = partial_open(c->dir, p->sha256, p->size, true, err);
	if (!*partial || partial_write(*partial, c->buffer + o->at, o->first, o->len, err) < 0)
		return -1;
	c->unsaved += o->len;
	if (c->unsaved < SAVE_BYTES)
		return 0;
	c->unsaved = 0;
	return partial_save(*partial, err);
}

static int collect_part(struct collecting *c, size_t i, struct partial **partial, struct error *err)
{
	const struct object_part p = object_table_get(c->table, i);
	const struct repair_span span = repair_span(c->table, i);

	for (size_t chunk = span.first; chunk <= span.last; chunk++) {
		const struct overlap o = overlap(&p, chunk);
		bool wanted = o.len > 0 || p.length == 0;

		if (wanted && *partial && partial_has(*partial, o.first, o.len))
			continue;
		/* What an object does without is missed by nobody. */
		if (!wanted &&
		    !verify_has(c->request->bundle, p.volume, (uint64_t)chunk * VOLUME_CHUNK, 1))
			continue;
		int found = load_chunk(c, p.volume, chunk, err);
		if (found == 0)
			continue;
		if (found < 0 ||
		    repair_check_frame(c->table, i, chunk, c->buffer, c->loaded_len, err) < 0 ||
		    (wanted && keep_bytes(c, &p, &o, partial, err) < 0))
			return -1;
	}
	return 0;
}

/* Every chunk of an object that is at hand and good; 1 when the object is whole now, else 0. */
static int collect_object(struct collecting *c, size_t i, struct error *err)
{
	struct object_part p = object_table_get(c->table, i);
	CLEANUP(partial_free)
	struct partial *partial = partial_open(c->dir, p.sha256, p.size, false, err);

	if (!partial && err->id != ERROR_NONE)
		return -1;
	do {
		if (collect_part(c, i, &partial, err) < 0)
			return -1;
	} while (object_table_next(c->table, &i) == 1);
	if (!partial)
		return 0;
	if (!partial_is_complete(partial))
		return partial_save(partial, err);
	if (partial_finish(partial, c->request->store, err) < 0)
		return -1;
	c->request->objects++;
	c->request->bytes += p.size;
	return 1;
}

/* ---- what was kept, what is missing ---- */

static int record(struct collecting *c, size_t i, struct error *err)
{
	struct object_part p = object_table_get(c->table, i);
	struct stored_object o = { .kind = p.kind, .size = p.size, .has_sha1 = p.has_sha1 };

	memcpy(o.sha256, p.sha256, sizeof o.sha256);
	memcpy(o.sha1, p.sha1, sizeof o.sha1);
	snprintf(o.name, sizeof o.name, "%s", p.name ? p.name : "-");
	return stored_record(c->request->store, &o, err);
}

/* Rows for what is new, so that later runs need not hash it again. */
static int record_all(struct collecting *c, const bool *whole, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(c->request->store) };

	if (content_sync(c->request->store, err) < 0 || db_begin(scope.db, err) < 0)
		return -1;
	for (size_t i = 0; i < object_table_count(c->table); i++)
		if (!c->before[i] && (whole[i] || objects_known(c->objects, i)) &&
		    record(c, i, err) < 0)
			return -1;
	return db_commit(scope.db, err);
}

static void add_span(char *text, size_t size, size_t first, size_t last)
{
	size_t used = strlen(text);

	if (used + 24 > size)
		return;
	if (used + 48 > size)
		snprintf(text + used, size - used, ", ...");
	else
		snprintf(text + used, size - used, "%s%06zu-%06zu", used ? ", " : "", first, last);
}

/* "vol-0003.tar", or with the chunks when it is not all of them; empty when none is needed. */
static void describe_volume(const struct collecting *c, uint32_t volume, enum chunk_state state,
			    char *out, size_t size)
{
	size_t count = c->base[volume] - c->base[volume - 1], needed = 0;
	const uint8_t *chunks = c->missing + c->base[volume - 1];
	char spans[256] = "", name[VOLUME_NAME_SIZE];

	volume_name(volume, name);
	for (size_t i = 0; i < count;) {
		size_t first = i;

		while (i < count && chunks[i] == state)
			i++;
		needed += i - first;
		if (i > first)
			add_span(spans, sizeof spans, first, i - 1);
		else
			i++;
	}
	if (needed == 0)
		out[0] = '\0';
	else if (needed == count)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%s (chunks %s)", name, spans);
}

static int report_missing(struct collecting *c, struct error *err)
{
	char first[320] = "", damaged[320] = "", text[320];
	size_t volumes = 0;

	for (uint32_t v = 1; v <= object_table_volumes(c->table); v++) {
		describe_volume(c, v, CHUNK_MISSING, text, sizeof text);
		if (text[0]) {
			if (volumes++ == 0)
				memcpy(first, text, sizeof first);
			if (buf_printf(c->request->missing, err, "missing: %s\n", text) < 0)
				return -1;
		}
		describe_volume(c, v, CHUNK_DAMAGED, text, sizeof text);
		if (text[0]) {
			if (!damaged[0])
				memcpy(damaged, text, sizeof damaged);
			if (buf_printf(c->request->missing, err, "damaged: %s\n", text) < 0)
				return -1;
		}
	}
	if (volumes == 0)
		return error_set(err, ERROR_IMPORT_DAMAGED, "%s is damaged", damaged);
	return error_set(err, ERROR_IMPORT_VOLUMES,
			 "%zu volumes are missing or incomplete: insert the medium with %s%s%s",
			 volumes, first, damaged[0] ? "; damaged on this medium: " : "", damaged);
}

/* ---- one run ---- */

static void note_before(struct collecting *c)
{
	size_t count = object_table_count(c->table), at = 0;
	uint32_t volumes = object_table_volumes(c->table);
	const struct chunk_table *chunks = verify_chunks(c->request->bundle);

	c->before = buf_calloc(count + 1, sizeof *c->before);
	for (size_t i = 0; i < count; i++)
		c->before[i] = objects_known(c->objects, i);
	c->base = buf_calloc(volumes + 1, sizeof *c->base);
	for (uint32_t v = 1; v <= volumes; v++) {
		c->base[v - 1] = at;
		at += chunk_table_count(chunks, v);
	}
	c->base[volumes] = at;
	c->missing = buf_calloc(at + 1, sizeof *c->missing);
	c->buffer = buf_malloc(VOLUME_CHUNK);
}

/* All that is at hand; 1 when every object is there now, 0 when something is missing, -1. */
static int collect_all(struct collecting *c, struct error *err)
{
	struct collect_request *r = c->request;
	size_t count = object_table_count(c->table);
	CLEANUP(free) unsigned char *whole = buf_calloc(count + 1, 1);
	bool complete = true;
	uint64_t bytes;

	if (objects_store(c->objects, OBJECTS_AT_HAND, r->threads, r->progress, err) < 0)
		return -1;
	r->objects = objects_new(c->objects, &bytes);
	r->bytes = bytes;
	for (size_t i = 0; i < count; i++) {
		struct object_part p = object_table_get(c->table, i);

		if (p.part > 1 || objects_known(c->objects, i))
			continue;
		int found = collect_object(c, i, err);
		if (found < 0)
			return -1;
		whole[i] = found == 1;
		complete &= whole[i];
	}
	return record_all(c, (const bool *)whole, err) < 0 ? -1 : complete;
}

/* Whether all volumes, or spare ones in their place, are at hand; -1 when one is not what it should
 * be. */
static int is_complete(const struct collect_request *r, struct error *err)
{
	struct verified_bundle *b = r->bundle;
	int complete = 1;

	for (uint32_t v = 1; v <= verify_manifest(b)->volumes; v++) {
		if (verify_volume(b, v, err) == 0)
			continue;
		if (repair_spares(r->repair, v) > 0) {
			error_clear(err);
			continue;
		}
		if (err->id != ERROR_VOLUME_MISSING)
			return -1;
		error_clear(err);
		complete = 0;
	}
	return complete;
}

static bool is_known(const struct collecting *c)
{
	for (size_t i = 0; i < object_table_count(c->table); i++)
		if (object_table_get(c->table, i).part <= 1 && !objects_known(c->objects, i))
			return false;
	return true;
}

/*
 * What was collected of objects that go on being collected.  Those that are at hand as a whole are
 * stored by themselves, and need their room beside what was collected of them.
 */
static uint64_t collected_bytes(const struct collecting *c)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < object_table_count(c->table); i++) {
		struct object_part p = object_table_get(c->table, i);

		if (p.part <= 1 && !objects_known(c->objects, i) &&
		    !stream_at_hand(c->request->bundle, &p))
			bytes += partial_bytes(c->dir, p.sha256, p.size);
	}
	return bytes;
}

int collect_objects(struct collect_request *request, struct error *err)
{
	CLEANUP(collecting_clear)
	struct collecting c = { .request = request,
				.table = verify_objects(request->bundle),
				.dir = -1 };
	int complete = is_complete(request, err);

	if (complete != 0)
		return complete < 0 ? -1 : 0;
	c.objects = objects_plan(request->store, request->bundle, request->repair, err);
	if (!c.objects)
		return -1;
	if (is_known(&c))
		return 0;
	if (open_folder(&c, err) < 0 ||
	    objects_check_space(c.objects, collected_bytes(&c), err) < 0)
		return -1;
	note_before(&c);
	progress_begin(request->progress, "collecting", 0);
	complete = collect_all(&c, err);
	progress_end(request->progress);
	if (complete != 0)
		return complete < 0 ? -1 : 0;
	return report_missing(&c, err);
}

/* ---- afterwards ---- */

/* Whether a folder of R/partial belongs to this bundle or an older one. */
static bool is_done(const char *name, const struct manifest *m)
{
	const char *dash = strchr(name, '-'), *second = dash ? strchr(dash + 1, '-') : NULL;
	uint64_t epoch, sequence;

	if (!second || !str_to_u64(name, (size_t)(dash - name), UINT32_MAX, &epoch) ||
	    !str_to_u64(dash + 1, (size_t)(second - dash - 1), INT64_MAX, &sequence))
		return true; /* nothing of ours */
	return epoch < m->epoch || (epoch == m->epoch && sequence <= m->sequence);
}

int collect_forget(const struct store *s, const struct verified_bundle *b, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	CLEANUP(file_close) int top = file_open_subdir(store_dir(s), "partial", true, err);

	if (top < 0 || file_list_load(top, 100000, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (is_done(list.names[i], verify_manifest(b)) &&
		    file_remove_tree(top, list.names[i], err) < 0)
			return -1;
	return 0;
}
