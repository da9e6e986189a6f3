#include "verifier/medium_copy.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what there is ---- */

void medium_copy_clear(struct medium_files *f)
{
	free(f->small);
	free(f->helpers);
	*f = (struct medium_files){ 0 };
}

static void add_file(struct medium_files *out, const char *folder, const char *name, uint64_t size,
		     bool helper)
{
	struct medium_file f = { .size = size };

	snprintf(f.name, sizeof f.name, "%s%s%s", folder, folder[0] ? "/" : "", name);
	if (helper) {
		out->helpers = buf_grow(out->helpers, &out->helper_capacity, out->helper_count,
					sizeof *out->helpers);
		out->helpers[out->helper_count++] = f;
		return;
	}
	out->small =
		buf_grow(out->small, &out->small_capacity, out->small_count, sizeof *out->small);
	out->small[out->small_count++] = f;
	out->small_bytes += size;
}

static int list_folder(int dir, const char *folder, struct medium_files *out, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(dir, LIMIT_MEDIUM_FILES, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const char *name = list.names[i];
		struct volume_file f;
		struct stat st;
		bool named = !folder[0] && volume_file_parse(name, strlen(name), &f);

		if (name[0] == '.' || named)
			continue;
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set_errno(err, ERROR_FILE_READ, "%s: cannot examine", name);
		if (!S_ISDIR(st.st_mode)) {
			add_file(out, folder, name, (uint64_t)st.st_size, false);
			continue;
		}
		CLEANUP(file_close)
		int below = folder[0] ? -1 : file_open_subdir(dir, name, false, err);
		if (below >= 0 && list_folder(below, name, out, err) < 0)
			return -1;
	}
	return 0;
}

static int find_helper(const struct verified_bundle *b, const struct volume_file *f,
		       struct medium_files *out, struct error *err)
{
	char name[VOLUME_FILE_SIZE];
	CLEANUP(file_close) int fd = -1;
	uint64_t size;

	volume_file_name(f, name);
	int found = verify_open_helper(b, name, &fd, &size, err);
	if (found == 1)
		add_file(out, "", name, size, true);
	return found < 0 ? -1 : 0;
}

/* Parity may lie on any medium of the bundle. */
static int find_helpers(const struct verified_bundle *b, struct medium_files *out,
			struct error *err)
{
	uint32_t volumes = object_table_volumes(verify_objects(b));
	uint32_t spares = volumes < LIMIT_VOLUMES / 4 ? volumes * 4 : LIMIT_VOLUMES;

	for (uint32_t n = 1; n <= spares; n++) {
		const struct volume_file parity = { .kind = VOLUME_PARITY, .number = n };
		const struct volume_file spare = { .kind = VOLUME_SPARE, .number = n };

		if ((n <= volumes && find_helper(b, &parity, out, err) < 0) ||
		    find_helper(b, &spare, out, err) < 0)
			return -1;
	}
	return 0;
}

int medium_copy_list(const struct verified_bundle *b, struct medium_files *out, struct error *err)
{
	return list_folder(verify_dir(b), "", out, err) < 0 ? -1 : find_helpers(b, out, err);
}

int medium_copy_open(const struct verified_bundle *b, const struct medium_file *file, int *fd,
		     struct error *err)
{
	const char *slash = strchr(file->name, '/');
	struct volume_file helper;
	CLEANUP(file_close) int dir = -1;
	uint64_t size;
	int found;

	if (slash) {
		char folder[SUM_NAME_SIZE];

		snprintf(folder, sizeof folder, "%.*s", (int)(slash - file->name), file->name);
		dir = file_open_subdir(verify_dir(b), folder, false, err);
		if (dir < 0)
			return -1;
	}
	if (volume_file_parse(file->name, strlen(file->name), &helper))
		found = verify_open_helper(b, file->name, fd, &size, err);
	else
		found = file_open_read(slash ? dir : verify_dir(b), slash ? slash + 1 : file->name,
				       fd, &size, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_BUNDLE_FILE_MISSING, "%s: not there", file->name);
	if (size == file->size)
		return 0;
	return error_set(err, ERROR_BUNDLE_DIGEST, "%s: its size changed", file->name);
}

void medium_copy_name(const struct verified_bundle *b, const struct medium_piece *piece,
		      char out[MEDIUM_COPY_NAME])
{
	const struct volume_file whole = { .kind = VOLUME_WHOLE, .number = piece->volume };
	const struct volume_file segment = { .kind = VOLUME_SEGMENT,
					     .number = piece->volume,
					     .chunk = (uint32_t)piece->chunk };

	volume_file_name(piece->chunk == 0 &&
					 piece->bytes == object_table_volume_size(verify_objects(b),
										  piece->volume)
				 ? &whole
				 : &segment,
			 out);
}

/* ---- a file that is being written: ".NAME.part" until it was read back ---- */

struct target {
	int dir, fd;
	const char *name;
	char temporary[SUM_NAME_SIZE + 8];
};

static void target_clear(struct target *t)
{
	file_close(t->fd);
	if (t->temporary[0])
		(void)unlinkat(t->dir, t->temporary, 0); /* only abandons */
}
DEFINE_CLEANUP_IN_PLACE(struct target, target_clear);

static int target_open(struct target *t, struct error *err)
{
	snprintf(t->temporary, sizeof t->temporary, ".%s.part", t->name);
	if (unlinkat(t->dir, t->temporary, 0) < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", t->temporary);
	t->fd = openat(t->dir, t->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		       0644);
	if (t->fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", t->name);
	return 0;
}

/* Onto the device, and out of memory: what is read next comes from the device. */
static int target_flush(struct target *t, struct error *err)
{
	if (file_sync(t->fd, t->name, err) < 0)
		return -1;
	(void)posix_fadvise(t->fd, 0, 0,
			    POSIX_FADV_DONTNEED); /* a hint: nothing else may be done */
	return 0;
}

static int target_publish(struct target *t, struct error *err)
{
	if (renameat(t->dir, t->temporary, t->dir, t->name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place",
				       t->name);
	t->temporary[0] = '\0';
	return file_sync(t->dir, t->name, err);
}

/* ---- pieces of volumes ---- */

static int stopped(struct progress *progress, uint64_t bytes, struct error *err)
{
	return progress_add(progress, bytes) ? error_set(err, ERROR_STOPPED, "stopped") : 0;
}

/* Compare what a descriptor holds with CHUNKS: 1, 0 and *bad (a chunk), -1 when stopped. */
static int compare_piece(const struct verified_bundle *b, const struct medium_piece *piece, int fd,
			 struct progress *progress, uint64_t *bad, struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);
	uint64_t count = volume_chunks(piece->bytes);

	for (uint64_t i = 0; i < count; i++) {
		size_t chunk = (size_t)(piece->chunk + i), len;
		unsigned char actual[DIGEST_SHA256];
		struct error problem = ERROR_INIT;

		(void)verify_chunk_span(b, piece->volume, chunk, &len);
		*bad = chunk;
		if (file_read_at(fd, "medium", buffer, len, i * VOLUME_CHUNK, &problem) < 0)
			return 0;
		digest_sha256(buffer, len, actual);
		if (memcmp(actual, chunk_table_digest(verify_chunks(b), piece->volume, chunk),
			   sizeof actual) != 0)
			return 0;
		if (stopped(progress, len, err) < 0)
			return -1;
	}
	return 1;
}

int medium_copy_check(const struct verified_bundle *b, const struct medium_piece *piece, int dir,
		      struct progress *progress, struct error *err)
{
	struct error problem = ERROR_INIT; /* a file that cannot be read is written again */
	char name[MEDIUM_COPY_NAME];
	CLEANUP(file_close) int fd = -1;
	uint64_t size, bad;

	medium_copy_name(b, piece, name);
	if (file_open_read(dir, name, &fd, &size, &problem) != 1 || size != piece->bytes)
		return 0;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* as above */
	return compare_piece(b, piece, fd, progress, &bad, err);
}

static int write_piece(const struct verified_bundle *b, const struct medium_piece *piece,
		       const struct target *t, struct progress *progress, struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);
	uint64_t count = volume_chunks(piece->bytes);
	size_t len;

	for (uint64_t i = 0; i < count; i++)
		if (verify_read_chunk(b, piece->volume, (size_t)(piece->chunk + i), buffer, &len,
				      err) < 0 ||
		    file_write_at(t->fd, t->name, buffer, len, i * VOLUME_CHUNK, err) < 0 ||
		    stopped(progress, len, err) < 0)
			return -1;
	return 0;
}

int medium_copy_piece(const struct verified_bundle *b, const struct medium_piece *piece, int dir,
		      struct progress *progress, struct error *err)
{
	char name[MEDIUM_COPY_NAME];
	CLEANUP(target_clear) struct target t = { .dir = dir, .fd = -1, .name = name };
	uint64_t bad;

	medium_copy_name(b, piece, name);
	if (target_open(&t, err) < 0 || write_piece(b, piece, &t, progress, err) < 0 ||
	    target_flush(&t, err) < 0)
		return -1;
	int good = compare_piece(b, piece, t.fd, progress, &bad, err);
	if (good < 0)
		return -1;
	if (good == 0)
		return error_set(err, ERROR_MEDIUM_READBACK,
				 "%s: chunk %06llu does not read back as it was written", name,
				 (unsigned long long)bad);
	return target_publish(&t, err);
}

/* ---- other files ---- */

enum { COPY_BUFFER = 1 << 20 };

/* SHA-256 of a file of this size; with `to`, what is read is written there. */
static int pass(int fd, const char *name, uint64_t size, const struct target *to,
		struct progress *progress, unsigned char out[DIGEST_SHA256], struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(COPY_BUFFER);
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < COPY_BUFFER ? (size_t)(size - at) : COPY_BUFFER;

		if (file_read_at(fd, name, buffer, n, at, err) < 0 ||
		    (to && file_write_at(to->fd, name, buffer, n, at, err) < 0) ||
		    stopped(progress, n, err) < 0)
			return -1;
		digest_update(d, buffer, n);
		at += n;
	}
	digest_final(d, out);
	return 0;
}

static bool is_same(int dir, const char *name, uint64_t size, const unsigned char *digest,
		    struct progress *progress)
{
	struct error ignored = ERROR_INIT; /* then it is written again */
	unsigned char actual[DIGEST_SHA256];
	CLEANUP(file_close) int fd = -1;
	uint64_t have;

	return file_open_read(dir, name, &fd, &have, &ignored) == 1 && have == size &&
	       pass(fd, name, size, NULL, progress, actual, &ignored) == 0 &&
	       memcmp(actual, digest, sizeof actual) == 0;
}

int medium_copy_has(const struct verified_bundle *b, const struct medium_file *helper, int dir,
		    struct progress *progress, struct error *err)
{
	unsigned char want[DIGEST_SHA256];
	CLEANUP(file_close) int fd = -1;
	struct stat st;

	if (fstatat(dir, helper->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (medium_copy_open(b, helper, &fd, err) < 0 ||
	    pass(fd, helper->name, helper->size, NULL, progress, want, err) < 0)
		return -1;
	if (is_same(dir, helper->name, helper->size, want, progress))
		return 1;
	if (unlinkat(dir, helper->name, 0) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", helper->name);
	return 0;
}

int medium_copy_file(const struct verified_bundle *b, const struct medium_file *file, int dir,
		     struct progress *progress, struct error *err)
{
	const char *slash = strchr(file->name, '/'), *name = slash ? slash + 1 : file->name;
	unsigned char want[DIGEST_SHA256], have[DIGEST_SHA256];
	char folder[SUM_NAME_SIZE] = ".";
	CLEANUP(file_close) int fd = -1, to = -1;

	if (slash)
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - file->name), file->name);
	to = file_open_subdir(dir, folder, slash != NULL, err);
	if (to < 0 || medium_copy_open(b, file, &fd, err) < 0 ||
	    pass(fd, name, file->size, NULL, progress, want, err) < 0)
		return -1;
	if (is_same(to, name, file->size, want, progress))
		return 0;
	CLEANUP(target_clear) struct target t = { .dir = to, .fd = -1, .name = name };
	if (target_open(&t, err) < 0 || pass(fd, name, file->size, &t, progress, have, err) < 0 ||
	    target_flush(&t, err) < 0 ||
	    pass(t.fd, name, file->size, NULL, progress, have, err) < 0)
		return -1;
	if (memcmp(want, have, sizeof want) != 0)
		return error_set(err, ERROR_MEDIUM_READBACK,
				 "%s: does not read back as it was written", name);
	return target_publish(&t, err);
}
