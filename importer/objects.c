#include "importer/objects.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "media/need.h"
#include "media/object_table.h"
#include "verifier/repair.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct objects {
	struct store *store;
	struct verified_bundle *bundle;
	const struct object_table *table;
	struct repair *repair;
	bool *known; /* by part: nothing to do for the object that begins there */
	uint64_t need[2];
	_Atomic uint64_t count, bytes;
};

/* One run of a part. */
struct pass {
	struct objects *objects;
	enum objects_part part;
	struct progress *progress;
};

static enum objects_part part_of(enum object_kind kind)
{
	return kind == OBJECT_CATALOG || kind == OBJECT_PACK ? OBJECTS_METADATA : OBJECTS_CONTENT;
}

/* ---- the sink: calls come from workers ---- */

static bool sink_wanted(void *ctx, const struct object_part *object)
{
	struct pass *pass = ctx;
	struct objects *o = pass->objects;
	struct error ignored = ERROR_INIT; /* a left-over that cannot be read is written again */
	size_t i;

	if (pass->part != OBJECTS_AT_HAND && part_of(object->kind) != pass->part)
		return false;
	if (object_table_find(o->table, object->sha256, &i) != 1)
		return false;
	if (o->known[i])
		pass->progress->done += object->size;
	else
		o->known[i] = content_check(o->store, object->sha256, object->size, &ignored) == 1;
	if (o->known[i])
		return false;
	return pass->part != OBJECTS_AT_HAND || stream_at_hand(o->bundle, object);
}

struct handle {
	struct objects *objects;
	struct content_writer *writer;
};

static void *sink_begin(void *ctx, const struct object_part *object, struct error *err)
{
	struct objects *o = ((struct pass *)ctx)->objects;
	struct content_writer *w = content_begin(o->store, false, err);

	(void)object;
	if (!w)
		return NULL;
	struct handle *h = buf_malloc(sizeof *h);
	*h = (struct handle){ o, w };
	return h;
}

static int sink_write(void *handle, const void *bytes, size_t len, struct error *err)
{
	struct handle *h = handle;

	return content_write(h->writer, bytes, len, err);
}

static void sink_abandon(void *handle)
{
	struct handle *h = handle;

	content_abandon(h->writer);
	free(h);
}

static int sink_finish(void *handle, const struct object_part *object, struct error *err)
{
	struct handle *h = handle;
	struct objects *o = h->objects;
	unsigned char actual[DIGEST_SHA256];
	size_t i;

	content_digests(h->writer, actual, NULL);
	if (stream_check_digest(object, actual, err) < 0) {
		sink_abandon(h);
		return -1;
	}
	int known = content_commit(h->writer, NULL, err);
	free(h);
	if (known < 0)
		return -1;
	if (object_table_find(o->table, object->sha256, &i) == 1)
		o->known[i] = true;
	o->count++;
	o->bytes += object->size;
	return 0;
}

/* ---- before anything is written ---- */

/* Whether the database and the content store both have the object. */
static int is_known(struct store *s, const struct object_part *p, bool *out, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	struct stored_object known;
	uint64_t size;
	int found = stored_find(s, p->sha256, &known, err);

	*out = false;
	if (found == 1) {
		/* A row whose file is gone does not count: this bundle heals it. */
		found = content_open(s, p->sha256, &fd, &size, err);
		*out = found == 1 && size == p->size;
	}
	return found < 0 ? -1 : 0;
}

static int find_known(struct objects *o, struct error *err)
{
	for (size_t i = 0; i < object_table_count(o->table); i++) {
		struct object_part p = object_table_get(o->table, i);
		size_t first;

		if (object_table_find(o->table, p.sha256, &first) != 1 || first != i)
			continue;
		if (is_known(o->store, &p, &o->known[i], err) < 0)
			return -1;
		if (!o->known[i])
			o->need[part_of(p.kind)] += p.size;
	}
	return 0;
}

/* Room for the objects, a margin for the file system, and the catalog's rows. */
int objects_check_space(const struct objects *o, uint64_t already, struct error *err)
{
	uint64_t all = o->need[OBJECTS_METADATA] + o->need[OBJECTS_CONTENT];
	uint64_t need = all > already ? all - already : 0;
	uint64_t margin = need / 50 + (64u << 20), room;

	if (need == 0)
		return 0;
	if (file_free_space(store_content_dir(o->store), &room, err) < 0)
		return -1;
	if (room >= need + margin)
		return 0;
	return error_set(err, ERROR_STORE_SPACE, "repository: %llu MiB free, %llu MiB needed",
			 (unsigned long long)(room >> 20),
			 (unsigned long long)((need + margin) >> 20));
}

struct objects *objects_plan(struct store *s, struct verified_bundle *b, struct repair *repair,
			     struct error *err)
{
	CLEANUP(objects_free) struct objects *o = buf_calloc(1, sizeof *o);

	o->store = s;
	o->bundle = b;
	o->repair = repair;
	o->table = verify_objects(b);
	o->known = buf_calloc(object_table_count(o->table), sizeof *o->known);
	return find_known(o, err) < 0 ? NULL : STEAL(o);
}

void objects_free(struct objects *o)
{
	if (!o)
		return;
	free(o->known);
	free(o);
}

/* Where collect.c looks for them again, chunk by chunk. */
static void leave_out(void *ctx, const struct error *problem)
{
	(void)ctx, (void)problem;
}

/* A damaged object once more, through parity. */
static int heal(void *ctx, size_t first, struct error *err)
{
	const struct stream_sink *sink = ctx;
	const struct pass *pass = sink->ctx;

	return repair_object(pass->objects->repair, first, sink, err);
}

int objects_store(struct objects *o, enum objects_part part, unsigned threads,
		  struct progress *progress, struct error *err)
{
	struct pass pass = { .objects = o, .part = part, .progress = progress };
	struct stream_sink sink = { .wanted = sink_wanted,
				    .begin = sink_begin,
				    .write = sink_write,
				    .finish = sink_finish,
				    .abandon = sink_abandon,
				    .ctx = &pass };
	struct stream_options options = { .threads = threads,
					  .sink = &sink,
					  .done = &progress->done,
					  .tick = progress_tick,
					  .tick_ctx = progress,
					  .heal = heal,
					  .heal_ctx = &sink };

	if (part == OBJECTS_AT_HAND)
		options.problem = leave_out;
	else if (o->need[part] == 0)
		return 0;
	return stream_volumes(o->bundle, &options, err) < 0 ? -1 : content_sync(o->store, err);
}

void objects_lost(const struct objects *o, struct need *out)
{
	for (size_t i = 0; i < object_table_count(o->table); i++) {
		struct object_part p = object_table_get(o->table, i);
		size_t first;

		if (object_table_find(o->table, p.sha256, &first) == 1 && first == i &&
		    !o->known[i])
			need_add_object(out, p.sha256, p.size);
	}
}

bool objects_known(const struct objects *o, size_t i)
{
	return o->known[i];
}

uint64_t objects_new(const struct objects *o, uint64_t *bytes)
{
	*bytes = o->bytes;
	return o->count;
}

int objects_record(struct store *s, const struct verified_bundle *b, struct error *err)
{
	const struct object_table *t = verify_objects(b);

	for (size_t i = 0; i < object_table_count(t); i++) {
		struct object_part p = object_table_get(t, i);
		struct stored_object o = { .kind = p.kind, .size = p.size, .has_sha1 = p.has_sha1 };

		if (p.part > 1)
			continue;
		memcpy(o.sha256, p.sha256, sizeof o.sha256);
		memcpy(o.sha1, p.sha1, sizeof o.sha1);
		snprintf(o.name, sizeof o.name, "%s", p.name ? p.name : "-");
		if (stored_record(s, &o, err) < 0)
			return -1;
	}
	return 0;
}
