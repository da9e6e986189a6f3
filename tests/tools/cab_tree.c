#include "tests/tools/cab_tree.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/tools/cab_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 4, FILES_MAX = 65535, FILE_BYTES = 64 << 20, NAME_SIZE = 256 };

static const int64_t member_time = 1784048400; /* 2026-07-14T17:00:00Z, as mkcatalog's own */

static int add_file(struct cab_write *w, int dir, const char *name, const char *member,
		    struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;
	int found = file_load(dir, name, FILE_BYTES, &bytes, &len, err);

	if (found == 0)
		return error_set(err, ERROR_FILE_READ, "%s: not there any more", name);
	return found < 0 ? -1 : cab_write_add(w, member, bytes, len, err);
}

/* Everything below a folder whose members are named `prefix`... */
static int add_folder(struct cab_write *w, int dir, const char *prefix, unsigned depth,
		      struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (depth > DEPTH)
		return error_set(err, ERROR_LIMIT_BYTES, "%s: more than %d folders deep", prefix,
				 DEPTH);
	if (file_list_load(dir, FILES_MAX, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		char member[NAME_SIZE];
		struct stat st;

		if ((size_t)snprintf(member, sizeof member, "%s%s", prefix, list.names[i]) >=
		    sizeof member - 1)
			return error_set(err, ERROR_FILE_NAME, "%s: path too long", list.names[i]);
		if (fstatat(dir, list.names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set_errno(err, ERROR_FILE_READ, "%s", list.names[i]);
		if (!S_ISDIR(st.st_mode)) {
			if (add_file(w, dir, list.names[i], member, err) < 0)
				return -1;
			continue;
		}
		CLEANUP(file_close) int below = file_open_subdir(dir, list.names[i], false, err);
		size_t end = strlen(member);

		member[end] = '\\';
		member[end + 1] = '\0';
		if (below < 0 || add_folder(w, below, member, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

int cab_tree_pack(const char *dir, const char *out, bool lzx, struct error *err)
{
	const char *slash = strrchr(out, '/');
	char parent[4096] = ".";

	if (slash && (size_t)(slash - out) >= sizeof parent)
		return error_set(err, ERROR_FILE_NAME, "%s: path too long", out);
	if (slash) {
		memcpy(parent, out, (size_t)(slash - out));
		parent[slash - out] = '\0';
	}
	CLEANUP(file_close) int from = file_open_dir(dir, err);
	CLEANUP(file_close)
	int to = from < 0 ? -1 : file_open_dir(slash == out ? "/" : parent, err);
	if (from < 0 || to < 0)
		return -1;
	CLEANUP(cab_write_free)
	struct cab_write *w =
		cab_write_new(&(struct cab_write_options){ .dirfd = to,
							   .name = slash ? slash + 1 : out,
							   .lzx = lzx,
							   .time = member_time },
			      err);
	if (!w || add_folder(w, from, "", 1, err) < 0)
		return -1;
	return cab_write_finish(w, err);
}
