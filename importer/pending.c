#include "importer/pending.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/store.h"
#include "media/manifest.h"
#include "media/need.h"
#include "verifier/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 20, PENDING_MAX = 4096 };

/* ---- keeping ---- */

static int copy_file(int from, int to, const char *name, struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(COPY_BYTES);
	CLEANUP(file_close) int in = -1;
	uint64_t size;
	int found = file_open_read(from, name, &in, &size, err);

	if (found < 0)
		return -1;
	CLEANUP(file_close)
	int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (found == 0 || out < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "pending/%s: cannot create", name);
	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < COPY_BYTES ? (size_t)(size - at) : COPY_BYTES;

		if (file_read_at(in, name, buffer, n, at, err) < 0 ||
		    file_write_at(out, name, buffer, n, at, err) < 0)
			return -1;
		at += n;
	}
	return file_sync(out, name, err);
}

/* Volumes, their parts and their parity are not needed any more: the objects are here. */
static bool is_bulk(const char *name)
{
	return strncmp(name, "vol-", 4) == 0 || strncmp(name, "par-", 4) == 0;
}

/* The files of a directory, and those one level below. */
static int copy_dir(int from, int to, bool deeper, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(from, LIMIT_TRUST_FILES, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const char *name = list.names[i];
		struct stat st;

		if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set_errno(err, ERROR_FILE_READ, "%s: cannot look at", name);
		if (S_ISREG(st.st_mode) && !is_bulk(name) && copy_file(from, to, name, err) < 0)
			return -1;
		if (!S_ISDIR(st.st_mode) || !deeper)
			continue;
		CLEANUP(file_close) int below = file_open_subdir(from, name, false, err);
		CLEANUP(file_close)
		int copy = below < 0 ? -1 : file_open_subdir(to, name, true, err);
		if (copy < 0 || copy_dir(below, copy, false, err) < 0 ||
		    file_sync(copy, name, err) < 0)
			return -1;
	}
	return 0;
}

static int open_all(struct store *s, bool create, struct error *err)
{
	return file_open_subdir(store_dir(s), "pending", create, err);
}

int pending_save(struct store *s, const struct verified_bundle *b, struct error *err)
{
	CLEANUP(file_close) int all = open_all(s, true, err);
	char name[DIGEST_HEX], part[DIGEST_HEX + 8];

	str_to_hex(verify_manifest_digest(b), DIGEST_SHA256, name);
	snprintf(part, sizeof part, "%s.part", name);
	if (all < 0)
		return -1;
	if (faccessat(all, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (file_remove_tree(all, part, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_subdir(all, part, true, err);
	if (dir < 0 || copy_dir(verify_dir(b), dir, true, err) < 0 || file_sync(dir, part, err) < 0)
		return -1;
	if (renameat(all, part, all, name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "pending/%s: cannot rename", name);
	return file_sync(all, "pending", err) < 0 ? -1 : file_sync(store_dir(s), "R", err);
}

int pending_save_tables(const struct verified_bundle *b, int dir, struct error *err)
{
	const char *objects = manifest_table_name(MANIFEST_OBJECTS);
	size_t len;
	const void *manifest = verify_manifest_bytes(b, &len);

	if (faccessat(dir, "MANIFEST", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	/* Left by a run that was killed. */
	if (unlinkat(dir, objects, 0) < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILE_WRITE, "partial/%s: cannot remove", objects);
	if (copy_file(verify_dir(b), dir, objects, err) < 0)
		return -1;
	return file_save(dir, "MANIFEST", manifest, len, 0644, err);
}

/* What is half removed does not wait any more, and pending_tidy() finds it. */
int pending_remove(struct store *s, const char *name, struct error *err)
{
	CLEANUP(file_close) int all = open_all(s, true, err);
	char part[DIGEST_HEX + 8];

	snprintf(part, sizeof part, "%s.part", name);
	if (all < 0 || file_remove_tree(all, part, err) < 0)
		return -1;
	if (renameat(all, name, all, part) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "pending/%s: cannot rename", name);
	return file_remove_tree(all, part, err);
}

/* ---- what waits ---- */

void pending_list_clear(struct pending_list *l)
{
	free(l->items);
	*l = (struct pending_list){ 0 };
}

/* 1 when name is a bundle that waits; 0 when it is something else; -1 when that cannot be told. */
static int look_at(int all, const char *name, struct pending *out, struct error *err)
{
	struct error ignored = ERROR_INIT; /* then it is none */
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char digest[DIGEST_SHA256];
	struct manifest m;
	size_t len;

	if (strlen(name) != DIGEST_HEX - 1 || !str_from_hex(name, strlen(name), digest, 32))
		return 0;
	CLEANUP(file_close) int dir = file_open_subdir(all, name, false, err);
	int found =
		dir < 0 ? -1 : file_load(dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &bytes, &len, err);
	if (found <= 0)
		return found < 0 ? error_wrap(err, "pending/%s", name) : 0;
	if (manifest_parse(bytes, len, &m, &ignored) < 0)
		return 0;
	*out = (struct pending){ .epoch = m.epoch, .sequence = m.sequence, .base = m.base };
	snprintf(out->name, sizeof out->name, "%s", name);
	return 1;
}

static int compare(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* What lies in R/pending, and its descriptor; nothing, and -1 for that, where it does not exist. */
static int list_all(struct store *s, int *all, struct file_list *list, struct error *err)
{
	if (faccessat(store_dir(s), "pending", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	*all = open_all(s, false, err);
	if (*all < 0)
		return -1;
	return file_list_load(*all, PENDING_MAX, list, err) < 0 ? error_wrap(err, "pending") : 0;
}

int pending_list_load(struct store *s, struct pending_list *out, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	CLEANUP(file_close) int all = -1;

	*out = (struct pending_list){ 0 };
	if (list_all(s, &all, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		out->items = buf_grow(out->items, &out->capacity, out->count, sizeof *out->items);
		int waits = look_at(all, list.names[i], &out->items[out->count], err);

		if (waits < 0)
			return -1;
		out->count += (size_t)waits;
	}
	if (out->count > 0)
		qsort(out->items, out->count, sizeof *out->items, compare);
	return 0;
}

int pending_tidy(struct store *s, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	CLEANUP(file_close) int all = -1;

	if (list_all(s, &all, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const char *end = strrchr(list.names[i], '.');

		if (end && strcmp(end, ".part") == 0 &&
		    file_remove_tree(all, list.names[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- R/need ---- */

int pending_save_need(struct store *s, struct need *n, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_NEED_BYTES);

	if (!n) {
		if (unlinkat(store_dir(s), "need", 0) < 0 && errno != ENOENT)
			return error_set_errno(err, ERROR_FILE_WRITE, "need: cannot remove");
		return 0;
	}
	if (need_write(n, &text, err) < 0)
		return -1;
	return file_save(store_dir(s), "need", text.bytes, text.len, 0644, err);
}

int pending_load_need(struct store *s, struct need *out, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;
	int found = file_load(store_dir(s), "need", LIMIT_NEED_BYTES, &bytes, &len, err);

	if (found <= 0)
		return found;
	return need_parse(bytes, len, out, err) < 0 ? -1 : 1;
}
