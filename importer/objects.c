#include "importer/objects.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/progress.h"
#include "lib/store/content.h"
#include "lib/store/store.h"
#include "lib/store/stored.h"
#include "media/object_table.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct importing {
	struct store *store;
	const struct object_table *objects;
	bool *known; /* by part: the database has the object, or the file on disk is good */
	_Atomic uint64_t count, bytes;
	struct progress *progress;
};

/* ---- the sink: calls come from workers ---- */

static bool sink_wanted(void *ctx, const struct object_part *object)
{
	struct importing *in = ctx;
	struct error ignored = ERROR_INIT; /* a left-over that cannot be read is written again */
	size_t i;

	if (object_table_find(in->objects, object->sha256, &i) == 1 && in->known[i]) {
		in->progress->done += object->size;
		return false;
	}
	return content_check(in->store, object->sha256, object->size, &ignored) != 1;
}

struct handle {
	struct importing *in;
	struct content_writer *writer;
};

static void *sink_begin(void *ctx, const struct object_part *object, struct error *err)
{
	struct importing *in = ctx;
	struct content_writer *w = content_begin(in->store, false, err);

	(void)object;
	if (!w)
		return NULL;
	struct handle *h = buf_malloc(sizeof *h);
	*h = (struct handle){ in, w };
	return h;
}

static int sink_write(void *handle, const void *bytes, size_t len, struct error *err)
{
	struct handle *h = handle;

	return content_write(h->writer, bytes, len, err);
}

static int sink_finish(void *handle, const struct object_part *object, struct error *err)
{
	struct handle *h = handle;
	struct importing *in = h->in;
	int known = content_commit(h->writer, object->sha256, err);

	free(h);
	if (known < 0)
		return -1;
	in->count++;
	in->bytes += object->size;
	return 0;
}

static void sink_abandon(void *handle)
{
	struct handle *h = handle;

	content_abandon(h->writer);
	free(h);
}

/* ---- before anything is written ---- */

/* Which objects are here already, and what the others take. */
static int find_known(struct importing *in, uint64_t *need, struct error *err)
{
	for (size_t i = 0; i < object_table_count(in->objects); i++) {
		struct object_part p = object_table_get(in->objects, i);
		struct stored_object known;
		size_t first;

		if (object_table_find(in->objects, p.sha256, &first) != 1 || first != i)
			continue;
		int found = stored_find(in->store, p.sha256, &known, err);
		if (found < 0)
			return -1;
		if (found == 1) {
			CLEANUP(file_close) int fd = -1;
			uint64_t size;

			/* A row whose file is gone does not count: this bundle heals it. */
			found = content_open(in->store, p.sha256, &fd, &size, err);
			if (found < 0)
				return -1;
			in->known[i] = found == 1 && size == p.size;
		}
		if (!in->known[i])
			*need += p.size;
	}
	return 0;
}

/* Room for the objects, a margin for the file system, and the catalog's rows. */
static int check_space(struct store *s, uint64_t need, struct error *err)
{
	uint64_t margin = need / 50 + (64u << 20), room;

	if (need == 0)
		return 0;
	if (file_free_space(store_content_dir(s), &room, err) < 0)
		return -1;
	if (room >= need + margin)
		return 0;
	return error_set(err, ERROR_STORE_SPACE, "repository: %llu MiB free, %llu MiB needed",
			 (unsigned long long)(room >> 20), (unsigned long long)((need + margin) >> 20));
}

int objects_store(struct store *s, struct verified_bundle *b, unsigned threads,
		  struct progress *progress, struct objects_result *out, struct error *err)
{
	struct importing in = { .store = s, .objects = verify_objects(b), .progress = progress };
	struct stream_sink sink = { .wanted = sink_wanted, .begin = sink_begin, .write = sink_write,
				    .finish = sink_finish, .abandon = sink_abandon, .ctx = &in };
	struct stream_options options = { .threads = threads, .sink = &sink, .done = &progress->done,
					  .tick = progress_tick, .tick_ctx = progress };
	uint64_t need = 0;
	int failed;

	in.known = buf_calloc(object_table_count(in.objects), sizeof *in.known);
	failed = find_known(&in, &need, err) < 0 || check_space(s, need, err) < 0;
	if (!failed && need > 0)
		failed = stream_volumes(b, &options, err) < 0 || content_sync(s, err) < 0;
	free(in.known);
	*out = (struct objects_result){ .count = in.count, .bytes = in.bytes };
	return failed ? -1 : 0;
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
