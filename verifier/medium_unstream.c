/* The reading side of verifier/medium_stream.h. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/stream_member.h"
#include "media/sum_table.h"
#include "media/ustar.h"
#include "media/volume.h"
#include "verifier/medium_stream.h"
#include "verifier/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAGE "unstream.part"

struct reading {
	struct medium_unstream *u;
	unsigned char *record, *chunk;
	size_t have, used; /* in the record */
	uint64_t at;       /* bytes of the stream taken */
	int top, stage;
	struct verified_bundle *bundle; /* once the small files were proved */
	bool tried;                     /* the ones in front are complete, good or not */
	size_t small;                   /* how many */
};

static void reading_clear(struct reading *r)
{
	struct error ignored = ERROR_INIT; /* the first failure is the one to report */

	verify_close(r->bundle);
	file_close(r->stage);
	if (r->top >= 0 && file_remove_tree(r->top, STAGE, &ignored) < 0)
		error_clear(&ignored);
	file_close(r->top);
	free(r->record);
	free(r->chunk);
}
DEFINE_CLEANUP_IN_PLACE(struct reading, reading_clear);

/* ---- bytes ---- */

static int fill(struct reading *r, struct error *err)
{
	ssize_t n;

	do
		n = read(r->u->fd, r->record, r->u->record);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot read at byte %llu",
				       r->u->name, (unsigned long long)r->at);
	if (n == 0)
		return error_set(err, ERROR_STREAM_FORMAT, "%s: ends at byte %llu, too early",
				 r->u->name, (unsigned long long)r->at);
	r->have = (size_t)n;
	r->used = 0;
	return progress_add(r->u->progress, (uint64_t)n) ? error_set(err, ERROR_STOPPED, "stopped")
							 : 0;
}

static int take(struct reading *r, unsigned char *out, size_t len, struct error *err)
{
	while (len > 0) {
		if (r->used == r->have && fill(r, err) < 0)
			return -1;
		size_t n = r->have - r->used < len ? r->have - r->used : len;

		memcpy(out, r->record + r->used, n);
		r->used += n;
		r->at += n;
		out += n;
		len -= n;
	}
	return 0;
}

/* The data of a member and its padding, to a descriptor from an offset on, or nowhere (-1). */
static int take_to(struct reading *r, const struct stream_member *m, int fd, uint64_t to,
		   struct error *err)
{
	unsigned char padding[USTAR_BLOCK];

	for (uint64_t at = 0; at < m->size;) {
		size_t n = m->size - at < VOLUME_CHUNK ? (size_t)(m->size - at) : VOLUME_CHUNK;

		if (take(r, r->chunk, n, err) < 0 ||
		    (fd >= 0 && file_write_at(fd, m->name, r->chunk, n, to + at, err) < 0))
			return -1;
		at += n;
	}
	return take(r, padding, ustar_padding(m->size), err);
}

/* ---- small files ---- */

static uint64_t small_limit(const char *name)
{
	if (strcmp(name, "OBJECTS") == 0)
		return LIMIT_OBJECTS_BYTES;
	return strcmp(name, "CHUNKS") == 0 ? LIMIT_CHUNKS_BYTES : LIMIT_SUMS_BYTES;
}

static int open_new(int dir, const char *name, struct error *err)
{
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", name);
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd >= 0 ? fd : error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
}

static int read_small(struct reading *r, const struct stream_member *m, struct error *err)
{
	const char *slash = strchr(m->name, '/');
	char folder[SUM_NAME_SIZE] = ".";

	/* Proved in front: those at the end are the same, or of no use. */
	if (r->bundle)
		return take_to(r, m, -1, 0, err);
	if (m->size > small_limit(m->name) || ++r->small > 2 * (LIMIT_SUMS + LIMIT_SIGNATURES + 4))
		return error_set(err, ERROR_STREAM_FORMAT, "%s: more than any bundle has", m->name);
	if (slash)
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - m->name), m->name);
	CLEANUP(file_close) int dir = file_open_subdir(r->stage, folder, slash != NULL, err);
	CLEANUP(file_close)
	int fd = dir < 0 ? -1 : open_new(dir, slash ? slash + 1 : m->name, err);
	return fd < 0 || take_to(r, m, fd, 0, err) < 0 ? -1 : file_sync(fd, m->name, err);
}

static int stage_open(struct reading *r, struct error *err)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof path, "%s/gapferry/" STAGE, r->u->to) >= sizeof path)
		return error_set(err, ERROR_FILE_NAME, "%.100s: path too long", r->u->to);
	const struct prover_means *m = &r->u->means;

	r->bundle = prover_open(m->prover, path, m->trust_dir, m->trust, VERIFY_COMPLETE, err);
	return r->bundle ? 0 : -1;
}

/* ---- volumes ---- */

static void note_damage(struct reading *r, uint32_t volume, uint64_t chunk)
{
	if (r->u->damaged++ > 0)
		return;
	r->u->bad_volume = volume;
	r->u->bad_chunk = chunk;
}

static int read_proved(struct reading *r, const struct stream_member *m, int fd, struct error *err)
{
	unsigned char padding[USTAR_BLOCK], actual[DIGEST_SHA256];
	uint64_t size;

	if (m->volume > object_table_volumes(verify_objects(r->bundle)))
		return error_set(err, ERROR_STREAM_FORMAT, "%s: no volume of this bundle", m->name);
	size = object_table_volume_size(verify_objects(r->bundle), m->volume);
	if (!volume_segment_fits(m->chunk, m->size, size))
		return error_set(err, ERROR_STREAM_FORMAT, "%s: %llu bytes cannot be part of it",
				 m->name, (unsigned long long)m->size);
	for (uint64_t i = 0; i < volume_chunks(m->size); i++) {
		size_t len, chunk = (size_t)(m->chunk + i);
		uint64_t at = verify_chunk_span(r->bundle, m->volume, chunk, &len);

		if (take(r, r->chunk, len, err) < 0)
			return -1;
		digest_sha256(r->chunk, len, actual);
		if (memcmp(actual, chunk_table_digest(verify_chunks(r->bundle), m->volume, chunk),
			   sizeof actual) != 0)
			note_damage(r, m->volume, chunk);
		if (file_write_at(fd, m->name, r->chunk, len, at, err) < 0)
			return -1;
	}
	return take(r, padding, ustar_padding(m->size), err);
}

static int read_volume(struct reading *r, const struct stream_member *m, struct error *err)
{
	uint64_t first = m->chunk * VOLUME_CHUNK;
	char name[VOLUME_NAME_SIZE];

	volume_name(m->volume, name);
	if (first + m->size > LIMIT_VOLUME_BYTES)
		return error_set(err, ERROR_STREAM_FORMAT, "%s: more than any volume has", m->name);
	CLEANUP(file_close)
	int fd = openat(r->stage, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
	if ((r->bundle ? read_proved(r, m, fd, err) : take_to(r, m, fd, first, err)) < 0)
		return -1;
	return file_sync(fd, name, err);
}

/* Nothing was proved while it was read: the tables came at the end. */
static int prove_volumes(struct reading *r, struct error *err)
{
	const struct chunk_table *chunks = verify_chunks(r->bundle);
	size_t len;

	for (uint32_t v = 1; v <= chunk_table_volumes(chunks); v++) {
		if (verify_volume(r->bundle, v, err) < 0)
			return -1;
		for (size_t i = 0; i < chunk_table_count(chunks, v); i++) {
			struct error problem = ERROR_INIT;

			if (verify_read_chunk(r->bundle, v, i, r->chunk, &len, &problem) < 0)
				note_damage(r, v, i);
			if (progress_tick(r->u->progress))
				return error_set(err, ERROR_STOPPED, "stopped");
		}
	}
	return 0;
}

/* ---- members ---- */

static int read_helper(struct reading *r, const struct stream_member *m, struct error *err)
{
	CLEANUP(file_close) int fd = open_new(r->stage, m->name, err);

	return fd < 0 || take_to(r, m, fd, 0, err) < 0 ? -1 : file_sync(fd, m->name, err);
}

static int read_member(struct reading *r, const struct stream_member *m, struct error *err)
{
	struct error damaged = ERROR_INIT; /* then the copies at the end have to do */

	if (m->kind == STREAM_MEMBER_SMALL)
		return read_small(r, m, err);
	if (!r->tried) {
		r->tried = true;
		if (stage_open(r, &damaged) < 0)
			error_clear(&damaged);
	}
	return m->kind == STREAM_MEMBER_VOLUME ? read_volume(r, m, err) : read_helper(r, m, err);
}

static int read_members(struct reading *r, struct error *err)
{
	for (;;) {
		unsigned char block[USTAR_BLOCK];
		struct stream_member m;
		uint64_t at = r->at;

		if (take(r, block, sizeof block, err) < 0 ||
		    stream_member_parse(block, at, &m, err) < 0)
			return -1;
		if (m.kind == STREAM_MEMBER_END)
			return 0;
		if (read_member(r, &m, err) < 0)
			return -1;
	}
}

static int open_stage(struct reading *r, struct error *err)
{
	CLEANUP(file_close) int to = file_open_dir(r->u->to, err);
	if (to < 0)
		return -1;
	r->top = file_open_subdir(to, "gapferry", true, err);
	if (r->top < 0 || file_remove_tree(r->top, STAGE, err) < 0)
		return -1;
	r->stage = file_open_subdir(r->top, STAGE, true, err);
	return r->stage < 0 ? -1 : 0;
}

static int publish(struct reading *r, struct error *err)
{
	char name[MANIFEST_DIRECTORY_SIZE];

	manifest_directory(verify_manifest(r->bundle), name);
	if ((size_t)snprintf(r->u->path, sizeof r->u->path, "%s/gapferry/%s", r->u->to, name) >=
	    sizeof r->u->path)
		return error_set(err, ERROR_FILE_NAME, "%.100s: path too long", r->u->to);
	if (faccessat(r->top, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, ERROR_FILE_EXISTS, "%s: exists already", r->u->path);
	if (file_sync(r->stage, STAGE, err) < 0)
		return -1;
	if (renameat(r->top, STAGE, r->top, name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place", name);
	return file_sync(r->top, "gapferry", err);
}

int medium_unstream_read(struct medium_unstream *u, struct error *err)
{
	CLEANUP(reading_clear) struct reading r = { .u = u, .top = -1, .stage = -1 };

	r.record = buf_malloc(u->record);
	r.chunk = buf_malloc(VOLUME_CHUNK);
	if (open_stage(&r, err) < 0 || read_members(&r, err) < 0)
		return -1;
	bool proved = r.bundle != NULL;
	if (!proved && stage_open(&r, err) < 0)
		return -1;
	/* The directory was listed before its volumes were there. */
	if (proved) {
		verify_close(r.bundle);
		r.bundle = NULL;
		if (stage_open(&r, err) < 0 || verify_volumes(r.bundle, err) < 0)
			return -1;
	} else if (prove_volumes(&r, err) < 0) {
		return -1;
	}
	return publish(&r, err);
}
