/*
 * Work items are runs of neighbouring parts, as in verifier/stream.c.  A chunk
 * that lies wholly inside one item is hashed by it on the way; the others, at
 * the seams, are read back from the volume afterwards and hashed then.
 */
#include "exporter/write.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/ustar.h"
#include "media/volume.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ITEM_BYTES = 32 << 20, PIECE = 1 << 20 };

struct item {
	size_t first, count; /* parts of one volume */
};

struct job {
	struct store *store;
	const struct object_table *objects;
	struct progress *progress;
	int *volumes;
	uint32_t volume_count;
	struct item *items;
	size_t item_count, item_capacity;
	size_t *chunk_base; /* index of the first chunk of each volume */
	unsigned char (*chunks)[DIGEST_SHA256];
	unsigned char *hashed; /* per chunk: a digest is there */
	size_t *seams;         /* chunks to be read back */
	size_t seam_count;
	unsigned char **buffers;
	unsigned threads;
};

static void job_clear(struct job *j)
{
	for (uint32_t v = 0; j->volumes && v < j->volume_count; v++)
		file_close(j->volumes[v]);
	for (unsigned i = 0; j->buffers && i < j->threads; i++)
		free(j->buffers[i]);
	free(j->volumes);
	free(j->buffers);
	free(j->items);
	free(j->chunk_base);
	free(j->chunks);
	free(j->hashed);
	free(j->seams);
}
DEFINE_CLEANUP_IN_PLACE(struct job, job_clear);

/* ---- a stretch of one volume, written in order ---- */

struct stretch {
	struct job *job;
	uint32_t volume;
	uint64_t at, end;
	struct digest *chunk; /* of the chunk at `at`, when hashing is true */
	bool hashing;
};

/* At a chunk's first byte: does all of it belong to this stretch? */
static void begin_chunk(struct stretch *s)
{
	uint64_t size = object_table_volume_size(s->job->objects, s->volume);
	uint64_t end = size - s->at < VOLUME_CHUNK ? size : s->at + VOLUME_CHUNK;

	s->hashing = end <= s->end;
}

static void end_chunk(struct stretch *s)
{
	size_t index = s->job->chunk_base[s->volume - 1] + (size_t)((s->at - 1) / VOLUME_CHUNK);

	if (!s->hashing)
		return;
	digest_final(s->chunk, s->job->chunks[index]);
	s->job->hashed[index] = 1;
	s->hashing = false;
}

static int put(struct stretch *s, const unsigned char *bytes, size_t len, struct error *err)
{
	char name[VOLUME_NAME_SIZE];
	uint64_t start = s->at;

	for (size_t done = 0; done < len;) {
		if (s->at % VOLUME_CHUNK == 0)
			begin_chunk(s);
		uint64_t left = VOLUME_CHUNK - s->at % VOLUME_CHUNK;
		size_t n = len - done < left ? len - done : (size_t)left;

		if (s->hashing)
			digest_update(s->chunk, bytes + done, n);
		s->at += n;
		done += n;
		if (s->at % VOLUME_CHUNK == 0 || s->at == s->end)
			end_chunk(s);
	}
	volume_name(s->volume, name);
	s->job->progress->done += len;
	return file_write_at(s->job->volumes[s->volume - 1], name, bytes, len, start, err);
}

/* ---- parts ---- */

static int object_error(const struct object_part *p, enum error_id id, const char *what,
			struct error *err)
{
	char hex[DIGEST_HEX];

	str_to_hex(p->sha256, DIGEST_SHA256, hex);
	return error_set(err, id, "content store: object %s (%s): %s", hex, p->name ? p->name : "-",
			 what);
}

/* The bytes of one part; the digest runs over whole objects only. */
static int put_data(struct stretch *s, const struct object_part *p, unsigned char *buffer,
		    struct error *err)
{
	CLEANUP(digest_free)
	struct digest *d = p->length == p->size ? digest_new(DIGEST_KIND_SHA256) : NULL;
	CLEANUP(file_close) int fd = -1;
	unsigned char actual[DIGEST_SHA256];
	uint64_t size;
	int found = content_open(s->job->store, p->sha256, &fd, &size, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return object_error(p, ERROR_CONTENT_ABSENT, "not there", err);
	if (size != p->size)
		return object_error(p, ERROR_CONTENT_DIGEST, "has another size than recorded", err);
	for (uint64_t at = 0; at < p->length;) {
		size_t n = p->length - at < PIECE ? (size_t)(p->length - at) : PIECE;

		if (file_read_at(fd, "content store", buffer, n, p->first + at, err) < 0)
			return -1;
		if (d)
			digest_update(d, buffer, n);
		if (put(s, buffer, n, err) < 0)
			return -1;
		at += n;
	}
	if (!d)
		return 0;
	digest_final(d, actual);
	if (memcmp(actual, p->sha256, sizeof actual) != 0)
		return object_error(p, ERROR_CONTENT_DIGEST, "damaged", err);
	return 0;
}

static int put_part(struct stretch *s, const struct object_part *p, unsigned char *buffer,
		    struct error *err)
{
	static const unsigned char zeros[USTAR_BLOCK];
	char member[OBJECT_MEMBER_SIZE];
	unsigned char header[USTAR_BLOCK];

	object_member(p, member);
	ustar_header(member, p->length, header);
	if (put(s, header, sizeof header, err) < 0 || put_data(s, p, buffer, err) < 0)
		return -1;
	return put(s, zeros, ustar_padding(p->length), err);
}

static int run_item(void *ctx, size_t index, unsigned worker, struct error *err)
{
	static const unsigned char trailer[USTAR_TRAILER];
	struct job *j = ctx;
	const struct item *item = &j->items[index];
	size_t after = item->first + item->count;
	struct object_part first = object_table_get(j->objects, item->first);
	struct object_part last = object_table_get(j->objects, after - 1);
	bool ends_volume = after == object_table_volume_first(j->objects, last.volume + 1);
	CLEANUP(digest_free) struct digest *chunk = digest_new(DIGEST_KIND_SHA256);
	struct stretch s = {
		.job = j, .volume = first.volume, .at = first.offset - USTAR_BLOCK, .chunk = chunk
	};

	s.end = last.offset + last.length + ustar_padding(last.length) +
		(ends_volume ? USTAR_TRAILER : 0);
	for (size_t i = item->first; i < after; i++) {
		struct object_part p = object_table_get(j->objects, i);

		if (put_part(&s, &p, j->buffers[worker], err) < 0)
			return -1;
	}
	return ends_volume ? put(&s, trailer, sizeof trailer, err) : 0;
}

/* ---- the seams, and parts of split objects ---- */

static int run_seam(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct job *j = ctx;
	size_t index = j->seams[i];
	uint32_t volume = 1;
	char name[VOLUME_NAME_SIZE];

	while (volume < j->volume_count && j->chunk_base[volume] <= index)
		volume++;
	volume_name(volume, name);
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	uint64_t size = object_table_volume_size(j->objects, volume);
	uint64_t at = (uint64_t)(index - j->chunk_base[volume - 1]) * VOLUME_CHUNK;
	uint64_t end = size - at < VOLUME_CHUNK ? size : at + VOLUME_CHUNK;
	while (at < end) {
		size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;

		if (file_read_at(j->volumes[volume - 1], name, j->buffers[worker], n, at, err) < 0)
			return -1;
		digest_update(d, j->buffers[worker], n);
		at += n;
	}
	digest_final(d, j->chunks[index]);
	return 0;
}

/* An object in several parts was written by several workers: check it once as a whole. */
static int check_split(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct job *j = ctx;
	struct object_part p = object_table_get(j->objects, i);

	(void)worker;
	if (p.part != 1)
		return 0;
	int good = content_check(j->store, p.sha256, p.size, err);
	return good < 0    ? -1
	       : good == 1 ? 0
			   : object_error(&p, ERROR_CONTENT_DIGEST, "damaged", err);
}

/* ---- all of it ---- */

static void plan_items(struct job *j)
{
	size_t count = object_table_count(j->objects), first = 0;
	uint64_t bytes = 0;
	uint32_t volume = 1;

	for (size_t i = 0; i <= count; i++) {
		struct object_part p = { 0 };

		if (i < count)
			p = object_table_get(j->objects, i);
		if (i > first &&
		    (i == count || p.volume != volume || bytes + p.length > ITEM_BYTES)) {
			j->items = buf_grow(j->items, &j->item_capacity, j->item_count,
					    sizeof *j->items);
			j->items[j->item_count++] = (struct item){ first, i - first };
			first = i;
			bytes = 0;
		}
		volume = p.volume;
		bytes += p.length;
	}
}

static int create_volumes(struct job *j, int dir, struct error *err)
{
	size_t chunks = 0;

	j->volumes = buf_calloc(j->volume_count, sizeof *j->volumes);
	j->chunk_base = buf_calloc(j->volume_count + 1, sizeof *j->chunk_base);
	for (uint32_t v = 0; v < j->volume_count; v++)
		j->volumes[v] = -1;
	for (uint32_t v = 1; v <= j->volume_count; v++) {
		uint64_t size = object_table_volume_size(j->objects, v);
		char name[VOLUME_NAME_SIZE];

		volume_name(v, name);
		int fd =
			openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot create", name);
		j->volumes[v - 1] = fd;
		if (ftruncate(fd, (off_t)size) < 0)
			return error_set_errno(err, ERROR_FILE_WRITE,
					       "%s: cannot reserve %llu bytes", name,
					       (unsigned long long)size);
		j->chunk_base[v - 1] = chunks;
		chunks += (size_t)volume_chunks(size);
	}
	j->chunk_base[j->volume_count] = chunks;
	j->chunks = buf_calloc(chunks, sizeof *j->chunks);
	j->hashed = buf_calloc(chunks, 1);
	j->seams = buf_calloc(chunks, sizeof *j->seams);
	return 0;
}

static int tick(void *ctx)
{
	struct job *j = ctx;

	return progress_tick(j->progress);
}

static int each(struct job *j, size_t count,
		int (*item)(void *ctx, size_t i, unsigned worker, struct error *err),
		struct error *err)
{
	return pool_each(&(struct pool_each){ .threads = j->threads,
					      .count = count,
					      .item = item,
					      .tick = tick,
					      .ctx = j },
			 err);
}

static int finish(struct job *j, struct chunk_table *chunks, struct error *err)
{
	size_t total = j->chunk_base[j->volume_count];

	for (size_t i = 0; i < total; i++)
		if (!j->hashed[i])
			j->seams[j->seam_count++] = i;
	if (each(j, j->seam_count, run_seam, err) < 0 ||
	    each(j, object_table_count(j->objects), check_split, err) < 0)
		return -1;
	for (uint32_t v = 1; v <= j->volume_count; v++) {
		char name[VOLUME_NAME_SIZE];

		volume_name(v, name);
		if (file_sync(j->volumes[v - 1], name, err) < 0)
			return -1;
		for (size_t i = j->chunk_base[v - 1]; i < j->chunk_base[v]; i++)
			if (chunk_table_add(chunks, v, j->chunks[i], err) < 0)
				return -1;
	}
	return chunk_table_finish(chunks, err);
}

int write_volumes(struct store *s, const struct object_table *objects, int dir, unsigned threads,
		  struct progress *progress, struct chunk_table *chunks, struct error *err)
{
	CLEANUP(job_clear)
	struct job j = { .store = s,
			 .objects = objects,
			 .progress = progress,
			 .threads = threads,
			 .volume_count = object_table_volumes(objects) };

	j.buffers = buf_calloc(threads, sizeof *j.buffers);
	for (unsigned i = 0; i < threads; i++)
		j.buffers[i] = buf_malloc(PIECE);
	if (create_volumes(&j, dir, err) < 0)
		return -1;
	plan_items(&j);
	if (each(&j, j.item_count, run_item, err) < 0)
		return -1;
	return finish(&j, chunks, err);
}
