#include "importer/export_content.h"

#include "importer/export_set.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/file_writer.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "lib/store/stored.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE = 1 << 20, NAME_SIZE = 40 + 17 };

struct making {
	struct store *store;
	struct export_content *out;
	struct progress *progress;
	bool copy;
	int dir; /* WsusContent */
	unsigned char *piece;
};

void export_content_clear(struct export_content *c)
{
	free(c->missing);
	*c = (struct export_content){ .missing = NULL };
}

static int copy_bytes(struct making *m, const struct stored_object *o, int fd,
		      struct file_writer *w, struct error *err)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	unsigned char sha256[DIGEST_SHA256];

	for (uint64_t at = 0; at < o->size;) {
		size_t n = o->size - at < PIECE ? (size_t)(o->size - at) : PIECE;

		if (file_read_at(fd, o->name, m->piece, n, at, err) < 0 ||
		    file_writer_append(w, m->piece, n, err) < 0)
			return -1;
		digest_update(d, m->piece, n);
		at += n;
		if (progress_add(m->progress, n))
			return error_set(err, ERROR_STOPPED, "stopped on request");
	}
	digest_final(d, sha256);
	if (memcmp(sha256, o->sha256, sizeof sha256) != 0)
		return error_set(err, ERROR_CONTENT_DIGEST, "%s: its bytes have another SHA-256",
				 o->name);
	return 0;
}

static int copy_file(struct making *m, const struct stored_object *o, int dir, const char *name,
		     struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	uint64_t size;
	int found = content_open(m->store, o->sha256, &fd, &size, err);

	if (found < 0)
		return -1;
	if (found == 0 || size != o->size)
		return 0;
	CLEANUP(file_writer_abandon)
	struct file_writer *w = file_writer_begin(dir, name, 0444, err);
	if (!w || copy_bytes(m, o, fd, w, err) < 0)
		return -1;
	return file_writer_commit(STEAL(w), err) < 0 ? -1 : 1;
}

static bool is_there(int dir, const char *name, uint64_t size)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == size;
}

/* 1 when it is at its place, 0 when the bytes are not here, -1. */
static int place(struct making *m, const struct stored_object *o, const char *folder,
		 const char *name, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_subdir(m->dir, folder, true, err);

	if (dir < 0)
		return -1;
	if (is_there(dir, name, o->size)) {
		m->out->there++;
		return 1;
	}
	int linked = m->copy ? 0 : content_link(m->store, o->sha256, dir, name, err);
	if (linked != 0) {
		m->out->linked += linked > 0;
		return linked;
	}
	int copied = copy_file(m, o, dir, name, err);
	m->out->copied += copied > 0;
	return copied;
}

static int make_file(struct making *m, const struct export_file *f, struct error *err)
{
	char name[NAME_SIZE], folder[3];
	struct stored_object o;
	int found = stored_find_sha1(m->store, f->sha1.bytes, &o, err);

	for (size_t i = 0; i < sizeof f->sha1.bytes; i++)
		snprintf(name + 2 * i, 3, "%02X", f->sha1.bytes[i]);
	snprintf(folder, sizeof folder, "%.2s", name + 38);
	snprintf(name + 40, sizeof name - 40, "%s", f->extension);
	if (found == 1)
		found = place(m, &o, folder, name, err);
	if (found == 1)
		m->out->bytes += o.size;
	return found;
}

static int compare_files(const void *left, const void *right)
{
	const struct export_file *a = left, *b = right;
	int order = memcmp(&a->sha1, &b->sha1, sizeof a->sha1);

	return order ? order : strcmp(a->extension, b->extension);
}

/* Every file of what is exported, sorted; the caller frees them. */
static struct export_file *collect(const struct export_set *set, size_t *out)
{
	struct export_file *all = NULL;
	size_t count = 0, capacity = 0, kept = 0;

	for (size_t k = 0; k < set->order.count; k++) {
		const struct export_item *item = &set->items[set->order.order[k]];

		for (size_t i = 0; i < item->files_count; i++) {
			all = buf_grow(all, &capacity, count, sizeof *all);
			all[count++] = item->files[i];
		}
	}
	if (count > 0)
		qsort(all, count, sizeof *all, compare_files);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_files(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	*out = kept;
	return all;
}

static void add_missing(struct export_content *c, const struct catalog_sha1 *sha1)
{
	if (c->missing_count > 0 &&
	    memcmp(&c->missing[c->missing_count - 1], sha1, sizeof *sha1) == 0)
		return;
	c->missing =
		buf_grow(c->missing, &c->missing_capacity, c->missing_count, sizeof *c->missing);
	c->missing[c->missing_count++] = *sha1;
}

int export_content_make(struct store *s, const struct export_set *set, int dirfd, bool copy,
			struct progress *progress, struct export_content *out, struct error *err)
{
	struct making m = { .store = s, .out = out, .progress = progress, .copy = copy };
	size_t count;
	struct export_file *files = collect(set, &count);
	int failed = 0;

	*out = (struct export_content){ .missing = NULL };
	CLEANUP(file_close) int dir = file_open_subdir(dirfd, "WsusContent", true, err);
	m.dir = dir;
	m.piece = buf_malloc(PIECE);
	progress_begin(progress, "placing content", 0);
	for (size_t i = 0; i < count && dir >= 0 && !failed; i++) {
		int found = make_file(&m, &files[i], err);

		if (found == 0)
			add_missing(out, &files[i].sha1);
		failed = found < 0 || (progress_tick(progress) &&
				       error_set(err, ERROR_STOPPED, "stopped on request") < 0);
	}
	progress_end(progress);
	free(m.piece);
	free(files);
	return dir < 0 || failed ? -1 : 0;
}
