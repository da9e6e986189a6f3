#include "verifier/care/heal.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "lib/store/content.h"
#include "lib/store/scrub.h"
#include "lib/store/store.h"
#include "media/object_table.h"
#include "verifier/prover.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 16, ENTRIES_MAX = 1000000, BUFFER_BYTES = 1 << 20 };

struct heal {
	struct store *store;
	struct scrub_result *damage;
	const char *path;
	unsigned char *buffer;
	bool *due; /* by damage: wanted from here; workers read it, so they do not change it */
};

static void heal_clear(struct heal *h)
{
	free(h->buffer);
	free(h->due);
}
DEFINE_CLEANUP_IN_PLACE(struct heal, heal_clear);

static struct scrub_damage *find(const struct heal *h, const unsigned char sha256[32])
{
	for (size_t i = 0; i < h->damage->count; i++) {
		struct scrub_damage *d = &h->damage->damages[i];

		if (h->due[i] && memcmp(d->object.sha256, sha256, sizeof d->object.sha256) == 0)
			return d;
	}
	return NULL;
}

static bool is_size_wanted(const struct heal *h, uint64_t size)
{
	for (size_t i = 0; i < h->damage->count; i++)
		if (h->due[i] && h->damage->damages[i].object.size == size)
			return true;
	return false;
}

static void mark(const struct heal *h, struct scrub_damage *d)
{
	d->healed = true;
	snprintf(d->from, sizeof d->from, "%s", h->path);
}

/* ---- a folder ---- */

static int try_file(struct heal *h, int dir, const char *name, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	unsigned char sha256[32];
	uint64_t size;

	if (file_open_read(dir, name, &fd, &size, err) < 0)
		return -1;
	if (fd < 0 || !is_size_wanted(h, size))
		return 0;
	CLEANUP(content_abandon) struct content_writer *w = content_begin(h->store, false, err);
	if (!w)
		return -1;
	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < BUFFER_BYTES ? (size_t)(size - at) : BUFFER_BYTES;

		if (file_read_at(fd, name, h->buffer, n, at, err) < 0 ||
		    content_write(w, h->buffer, n, err) < 0)
			return -1;
		at += n;
	}
	content_digests(w, sha256, NULL);
	struct scrub_damage *d = find(h, sha256);
	if (!d)
		return 0;
	if (content_commit(STEAL(w), d->object.sha256, err) < 0)
		return -1;
	mark(h, d);
	h->due[d - h->damage->damages] = false;
	return 0;
}

static int walk(struct heal *h, int dir, int depth, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(dir, ENTRIES_MAX, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;

		if (fstatat(dir, list.names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode) && try_file(h, dir, list.names[i], err) < 0)
			return -1;
		if (!S_ISDIR(st.st_mode) || depth == DEPTH)
			continue;
		CLEANUP(file_close) int below = file_open_subdir(dir, list.names[i], false, err);
		if (below < 0 || walk(h, below, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- a bundle: calls of the sink come from workers ---- */

struct handle {
	struct heal *heal;
	struct content_writer *writer;
};

static bool sink_wanted(void *ctx, const struct object_part *object)
{
	return find(ctx, object->sha256) != NULL;
}

static void *sink_begin(void *ctx, const struct object_part *object, struct error *err)
{
	struct heal *h = ctx;
	struct content_writer *w = content_begin(h->store, false, err);

	(void)object;
	if (!w)
		return NULL;
	struct handle *handle = buf_malloc(sizeof *handle);
	*handle = (struct handle){ h, w };
	return handle;
}

static int sink_write(void *handle, const void *bytes, size_t len, struct error *err)
{
	return content_write(((struct handle *)handle)->writer, bytes, len, err);
}

static void sink_abandon(void *handle)
{
	content_abandon(((struct handle *)handle)->writer);
	free(handle);
}

static int sink_finish(void *handle, const struct object_part *object, struct error *err)
{
	struct handle *h = handle;
	struct heal *heal = h->heal;
	int failed = content_commit(h->writer, object->sha256, err);

	free(h);
	if (failed < 0)
		return -1;
	struct scrub_damage *d = find(heal, object->sha256);
	if (d)
		mark(heal, d);
	return 0;
}

/* Another damaged object of the bundle is no reason to heal less. */
static void on_problem(void *ctx, const struct error *problem)
{
	(void)ctx, (void)problem;
}

static int heal_with(struct heal *h, const struct heal_request *r, const struct channel *c,
		     const struct trust *trust, struct error *err)
{
	char dir[PATH_MAX];

	if (prover_trust_dir(r->repo, c->name, dir, err) < 0)
		return -1;
	CLEANUP(verify_close)
	struct verified_bundle *b =
		prover_open(r->prover, h->path, dir, trust, VERIFY_COMPLETE, err);
	struct stream_sink sink = { .wanted = sink_wanted,
				    .begin = sink_begin,
				    .write = sink_write,
				    .finish = sink_finish,
				    .abandon = sink_abandon,
				    .ctx = h };
	struct stream_options options = { .threads = r->threads,
					  .sink = &sink,
					  .problem = on_problem };

	if (!b || verify_volumes(b, err) < 0)
		return -1;
	return stream_volumes(b, &options, err) < 0 ? -1 : 0;
}

/* With the trust root of each channel; the last failure is the one to report. */
static int heal_from_bundle(struct heal *h, const struct heal_request *r, struct error *err)
{
	struct channel c = { .id = 0 };
	struct error failure = ERROR_INIT;
	int row;

	while ((row = channel_next(h->store, c.id, &c, err)) == 1) {
		CLEANUP(file_close) int dir = channel_open_trust(h->store, c.name, err);
		CLEANUP(trust_free)
		struct trust *trust = dir < 0 ? NULL : trust_load(dir, c.name, err);

		if (!trust)
			return -1;
		error_clear(&failure);
		if (heal_with(h, r, &c, trust, &failure) == 0)
			return 0;
	}
	if (row < 0)
		return -1;
	if (failure.id == ERROR_NONE)
		return error_set(err, ERROR_CHANNEL_ABSENT,
				 "%s: no channel here has a trust root to verify it with", h->path);
	*err = failure;
	return -1;
}

int heal_from(const struct heal_request *r, struct scrub_result *damage, struct error *err)
{
	const char *path = r->path;
	CLEANUP(heal_clear)
	struct heal h = { .store = r->store,
			  .damage = damage,
			  .path = path,
			  .buffer = buf_malloc(BUFFER_BYTES),
			  .due = buf_calloc(damage->count, sizeof *h.due) };
	CLEANUP(file_close) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < damage->count; i++)
		h.due[i] = !damage->damages[i].healed;
	if (dir < 0)
		return error_set_errno(err, ERROR_SCRUB_SOURCE, "%s: cannot open directory", path);
	if (faccessat(dir, "MANIFEST", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return heal_from_bundle(&h, r, err);
	return walk(&h, dir, 0, err) < 0 ? error_wrap(err, "%s", path) : 0;
}
