#include "exporter/folder.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 16, ENTRIES_MAX = 4000000 };

static int add_entry(struct folder *out, int dir, const char *prefix, const char *name,
		     unsigned depth, struct error *err);

static int scan(struct folder *out, int dir, const char *prefix, unsigned depth, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(dir, ENTRIES_MAX, &list, err) < 0)
		return error_wrap(err, "%s", *prefix ? prefix : ".");
	for (size_t i = 0; i < list.count; i++)
		if (add_entry(out, dir, prefix, list.names[i], depth, err) < 0)
			return -1;
	return 0;
}

static int add_entry(struct folder *out, int dir, const char *prefix, const char *name,
		     unsigned depth, struct error *err)
{
	char path[4096];
	struct stat st;

	if ((size_t)snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "/" : "", name) >=
	    sizeof path)
		return error_set(err, ERROR_PAYLOAD_DIR, "%s/%s: path too long", prefix, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set_errno(err, ERROR_PAYLOAD_DIR, "%s: cannot examine", path);
	if (S_ISDIR(st.st_mode)) {
		if (depth == DEPTH)
			return error_set(err, ERROR_PAYLOAD_DIR, "%s: nested deeper than %d", path,
					 DEPTH);
		CLEANUP(file_close) int sub = file_open_subdir(dir, name, false, err);
		return sub < 0 ? -1 : scan(out, sub, path, depth + 1, err);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	out->files = buf_grow(out->files, &out->capacity, out->count, sizeof *out->files);
	out->files[out->count++] =
		(struct folder_file){ .path = buf_strdup(path), .size = (uint64_t)st.st_size };
	out->bytes += (uint64_t)st.st_size;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct folder_file *x = a, *y = b;

	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return strcmp(x->path, y->path);
}

int folder_scan(const char *dir, struct folder *out, struct error *err)
{
	*out = (struct folder){ .dir = file_open_dir(dir, err) };
	if (out->dir < 0 || scan(out, out->dir, "", 0, err) < 0)
		return -1;
	if (out->count > 0)
		qsort(out->files, out->count, sizeof *out->files, compare);
	return 0;
}

int folder_open(const struct folder *f, const struct folder_file *file, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	uint64_t size;
	int found = file_open_read(f->dir, file->path, &fd, &size, err);

	if (found < 0)
		return -1;
	if (found == 0 || size != file->size)
		return error_set(err, ERROR_PAYLOAD_DIR, "%s: changed while it was being read",
				 file->path);
	int result = fd;
	fd = -1;
	return result;
}

void folder_clear(struct folder *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->files[i].path);
	free(f->files);
	file_close(f->dir);
	*f = (struct folder){ .dir = -1 };
}
