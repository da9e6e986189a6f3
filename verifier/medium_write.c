#include "verifier/medium_write.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/verify.h"
#include "verifier/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PART_NAME = MANIFEST_DIRECTORY_SIZE + 8 };

/* FAT keeps sizes in 32 bits. */
#define FAT_FILE_MAX ((4ull << 30) - 1)

/* Directories, tables of the file system, clusters that are not full. */
#define RESERVE_MIN (512u << 10)

/* ---- what is wanted ---- */

static void want(struct medium_job *job, uint32_t volume, uint64_t at, uint64_t len)
{
	job->wanted = buf_grow(job->wanted, &job->wanted_capacity, job->wanted_count,
			       sizeof *job->wanted);
	job->wanted[job->wanted_count++] =
		(struct medium_piece){ .volume = volume, .chunk = at / VOLUME_CHUNK, .bytes = len };
}

int medium_write_begin(struct medium_job *job, struct verified_bundle *b, const bool *only,
		       struct progress *progress, struct error *err)
{
	const struct object_table *t = verify_objects(b);

	*job = (struct medium_job){ .bundle = b, .progress = progress };
	for (uint32_t v = 1; v <= object_table_volumes(t); v++)
		if (!only || only[v - 1]) {
			if (verify_volume(b, v, err) < 0)
				return -1;
			want(job, v, 0, object_table_volume_size(t, v));
		}
	if (medium_copy_list(b, &job->files, err) < 0)
		return -1;
	job->helpers_done = buf_calloc(job->files.helper_count + 1, sizeof *job->helpers_done);
	for (size_t i = 0; only && i < job->files.helper_count; i++) {
		const char *name = job->files.helpers[i].name;
		struct volume_file f;

		/* Parity of a volume that is not wanted is not wanted either. */
		job->helpers_done[i] = volume_file_parse(name, strlen(name), &f) &&
				       f.kind == VOLUME_PARITY && !only[f.number - 1];
	}
	return 0;
}

void medium_write_clear(struct medium_job *job)
{
	medium_copy_clear(&job->files);
	free(job->wanted);
	free(job->helpers_done);
	*job = (struct medium_job){ 0 };
}

uint64_t medium_write_wanted(const struct medium_job *job)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < job->wanted_count; i++)
		bytes += job->wanted[i].bytes;
	return bytes;
}

/* ---- the bundle's directory on a medium ---- */

struct place {
	int top, dir; /* gapferry/, and the bundle's below it; -1: not there */
	bool finished;
	char name[MANIFEST_DIRECTORY_SIZE], part[PART_NAME];
};

static void place_clear(struct place *p)
{
	file_close(p->dir);
	file_close(p->top);
}
DEFINE_CLEANUP_IN_PLACE(struct place, place_clear);

static int check_same(const struct verified_bundle *b, const struct place *p, struct error *err)
{
	CLEANUP(free) unsigned char *text = NULL;
	size_t len, want_len;
	const void *want_text = verify_manifest_bytes(b, &want_len);

	if (file_load(p->dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &text, &len, err) < 0)
		return -1;
	if (text && len == want_len && memcmp(text, want_text, len) == 0)
		return 0;
	return error_set(err, ERROR_BUNDLE_OTHER, "gapferry/%s: another bundle has this name there",
			 p->name);
}

static int open_place(const struct verified_bundle *b, const char *root, bool create,
		      struct place *p, struct error *err)
{
	struct error absent = ERROR_INIT;
	CLEANUP(file_close) int dir = file_open_dir(root, err);

	if (dir < 0)
		return -1;
	manifest_directory(verify_manifest(b), p->name);
	snprintf(p->part, sizeof p->part, "%s.part", p->name);
	p->top = file_open_subdir(dir, "gapferry", create, create ? err : &absent);
	if (p->top < 0)
		return create ? -1 : 0;
	p->dir = file_open_subdir(p->top, p->name, false, &absent);
	p->finished = p->dir >= 0;
	if (p->finished)
		return check_same(b, p, err) < 0 ? error_wrap(err, "%s", root) : 0;
	error_clear(&absent);
	p->dir = file_open_subdir(p->top, p->part, create, create ? err : &absent);
	return create && p->dir < 0 ? -1 : 0;
}

/* ---- resuming ---- */

static int resume_file(struct medium_job *job, int dir, const char *name, struct error *err)
{
	struct volume_file file;
	struct stat st;

	if (!volume_file_parse(name, strlen(name), &file) ||
	    (file.kind != VOLUME_WHOLE && file.kind != VOLUME_SEGMENT))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot examine", name);
	const struct medium_piece piece = { .volume = file.number,
					    .chunk = file.chunk,
					    .bytes = (uint64_t)st.st_size };
	if (piece.volume <= object_table_volumes(verify_objects(job->bundle)) &&
	    volume_segment_fits(
		    piece.chunk, piece.bytes,
		    object_table_volume_size(verify_objects(job->bundle), piece.volume))) {
		int good = medium_copy_check(job->bundle, &piece, dir, job->progress, err);

		if (good != 0)
			return good < 0 ? -1 : 0;
	}
	if (unlinkat(dir, name, 0) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", name);
	return 0;
}

static int resume_place(struct medium_job *job, struct volumes *there, const char *root,
			struct error *err)
{
	CLEANUP(place_clear) struct place p = { .top = -1, .dir = -1 };
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (open_place(job->bundle, root, false, &p, err) < 0)
		return -1;
	if (p.dir < 0)
		return 0;
	if (file_list_load(p.dir, LIMIT_MEDIUM_FILES, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (resume_file(job, p.dir, list.names[i], err) < 0)
			return error_wrap(err, "%s", root);
	return volumes_add_dir(there, p.dir, root, true, err);
}

int medium_write_resume(struct medium_job *job, const char *const *roots, size_t count,
			struct error *err)
{
	const struct object_table *t = verify_objects(job->bundle);
	CLEANUP(volumes_free)
	struct volumes *there = volumes_new(object_table_volume_sizes(t), object_table_volumes(t));
	CLEANUP(free) unsigned char *only = buf_calloc(object_table_volumes(t) + 1, 1);

	for (size_t i = 0; i < count; i++)
		if (resume_place(job, there, roots[i], err) < 0)
			return -1;
	for (size_t i = 0; i < job->wanted_count; i++)
		only[job->wanted[i].volume - 1] = 1;
	job->wanted_count = 0;
	for (uint32_t v = 1; v <= object_table_volumes(t); v++) {
		struct error ignored = ERROR_INIT; /* the gaps say what is missing */
		uint64_t at = 0, len;

		if (!only[v - 1] || volumes_open(there, v, &ignored) == 0)
			continue;
		for (; volumes_gap(there, v, &at, &len); at += len)
			want(job, v, at, len);
	}
	return 0;
}

/* ---- room ---- */

struct medium_space medium_write_capacity(const struct medium_job *job, uint64_t capacity,
					  uint64_t file_max)
{
	struct medium_space s = { .file_max = file_max, .per_file = 4096 };
	uint64_t taken = job->files.small_bytes + job->files.small_count * s.per_file;
	uint64_t reserve = capacity / 1024 > RESERVE_MIN ? capacity / 1024 : RESERVE_MIN;

	s.room = capacity > taken + reserve ? capacity - taken - reserve : 0;
	return s;
}

int medium_write_space(const struct medium_job *job, const char *root, struct medium_space *out,
		       struct error *err)
{
	CLEANUP(file_close) int dir = file_open_dir(root, err);
	struct statvfs vfs;
	struct statfs fs;
	uint64_t room;

	if (dir < 0 || file_free_space(dir, &room, err) < 0)
		return error_wrap(err, "%s", root);
	if (fstatvfs(dir, &vfs) < 0 || fstatfs(dir, &fs) < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot examine", root);
	*out = medium_write_capacity(job, room,
				     fs.f_type == MSDOS_SUPER_MAGIC ? FAT_FILE_MAX : UINT64_MAX);
	if (vfs.f_frsize > out->per_file)
		out->per_file = vfs.f_frsize;
	return 0;
}

/* ---- writing ---- */

static int write_helpers(struct medium_job *job, int dir, struct medium_space space,
			 struct error *err)
{
	for (size_t i = 0; i < job->files.helper_count; i++) {
		const struct medium_file *f = &job->files.helpers[i];

		if (job->helpers_done[i])
			continue;
		int has = medium_copy_has(job->bundle, f, dir, job->progress, err);
		if (has < 0)
			return -1;
		job->helpers_done[i] = has == 1;
		if (has == 1 || f->size > space.file_max || f->size + space.per_file > space.room)
			continue;
		if (medium_copy_file(job->bundle, f, dir, job->progress, err) < 0)
			return -1;
		space.room -= f->size + space.per_file;
		job->helpers_done[i] = true;
	}
	return 0;
}

static int publish(const struct place *p, struct error *err)
{
	if (file_sync(p->dir, p->name, err) < 0)
		return -1;
	if (!p->finished && renameat(p->top, p->part, p->top, p->name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place",
				       p->name);
	return file_sync(p->top, "gapferry", err);
}

int medium_write_target(struct medium_job *job, const struct medium_plan *plan, uint32_t index,
			const char *root, struct error *err)
{
	CLEANUP(place_clear) struct place p = { .top = -1, .dir = -1 };

	if (open_place(job->bundle, root, true, &p, err) < 0)
		return error_wrap(err, "%s", root);
	for (size_t i = 0; i < job->files.small_count; i++)
		if (medium_copy_file(job->bundle, &job->files.small[i], p.dir, job->progress, err) <
		    0)
			return error_wrap(err, "%s", root);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->pieces[i].medium == index &&
		    medium_copy_piece(job->bundle, &plan->pieces[i], p.dir, job->progress, err) < 0)
			return error_wrap(err, "%s", root);
	if (write_helpers(job, p.dir, plan->spaces[index], err) < 0 || publish(&p, err) < 0)
		return error_wrap(err, "%s", root);
	return 0;
}
