/*
 * A volume is written in windows.  While the items of one window, runs of
 * neighbouring parts, are copied out of the content store, the window before is
 * read back through the page cache, where it has just been put: its chunks are
 * hashed and its slices folded into the parity.  So an object's digest and the
 * digest of its chunks are the work of two processors, and an item that a
 * window cuts goes on in the next one.
 */
#include "exporter/write.h"

#include "exporter/write_parity.h"
#include "exporter/write_spare.h"
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
#include "media/parity.h"
#include "media/ustar.h"
#include "media/volume.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A window divides a stripe of parity and is a whole number of chunks. */
enum { ITEM_BYTES = 32 << 20, PIECE = 1 << 20, WINDOW = 256 << 20, BUFFER = VOLUME_CHUNK };

static_assert(WINDOW % VOLUME_CHUNK == 0, "chunks lie in one window");
static_assert((uint64_t)PARITY_STRIPE * PARITY_SLICE % WINDOW == 0, "windows lie in one stripe");
static_assert((int)BUFFER >= (int)WRITE_PARITY_BUFFER, "one buffer serves both");

struct item {
	size_t first, count; /* parts of one volume; the window may cut the first and the last */
};

struct window {
	uint32_t volume; /* 0: none */
	uint64_t from, to;
};

struct job {
	const struct write_request *request;
	const struct object_table *objects;
	int *volumes;
	uint32_t volume_count;
	struct window now, before; /* being written, being read back */
	struct item *items;        /* of now */
	size_t item_count, item_capacity;
	struct digest *cut_before, *cut_after; /* of the object at the edges of now, or NULL */
	size_t *chunk_base;                    /* index of the first chunk of each volume */
	unsigned char (*chunks)[DIGEST_SHA256];
	struct write_parity *parity; /* NULL: none is wanted */
	unsigned char **buffers;
};

static void job_clear(struct job *j)
{
	for (uint32_t v = 0; j->volumes && v < j->volume_count; v++)
		file_close(j->volumes[v]);
	for (unsigned i = 0; j->buffers && i < j->request->threads; i++)
		free(j->buffers[i]);
	free(j->volumes);
	free(j->buffers);
	free(j->items);
	free(j->chunk_base);
	free(j->chunks);
	digest_free(j->cut_before);
	digest_free(j->cut_after);
	write_parity_free(j->parity);
}
DEFINE_CLEANUP_IN_PLACE(struct job, job_clear);

/* ---- writing: the bytes of parts that lie in the window ---- */

static int put(struct job *j, const void *bytes, size_t len, uint64_t at, struct error *err)
{
	char name[VOLUME_NAME_SIZE];

	volume_name(j->now.volume, name);
	j->request->progress->done += len;
	return file_write_at(j->volumes[j->now.volume - 1], name, bytes, len, at, err);
}

static int object_error(const struct object_part *p, enum error_id id, const char *what,
			struct error *err)
{
	char hex[DIGEST_HEX];

	str_to_hex(p->sha256, DIGEST_SHA256, hex);
	return error_set(err, id, "content store: object %s (%s): %s", hex, p->name ? p->name : "-",
			 what);
}

/* Data bytes [at, end) of the volume; d (or NULL) runs over the whole object. */
static int put_data(struct job *j, const struct object_part *p, uint64_t at, uint64_t end,
		    struct digest *d, unsigned char *buffer, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	uint64_t size;
	int found = content_open(j->request->store, p->sha256, &fd, &size, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return object_error(p, ERROR_CONTENT_ABSENT, "not there", err);
	if (size != p->size)
		return object_error(p, ERROR_CONTENT_DIGEST, "has another size than recorded", err);
	while (at < end) {
		size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;

		if (file_read_at(fd, "content store", buffer, n, p->first + at - p->offset, err) <
		    0)
			return -1;
		if (d)
			digest_update(d, buffer, n);
		if (put(j, buffer, n, at, err) < 0)
			return -1;
		at += n;
	}
	return 0;
}

static int check_digest(struct digest *d, const struct object_part *p, struct error *err)
{
	unsigned char actual[DIGEST_SHA256];

	digest_final(d, actual);
	if (memcmp(actual, p->sha256, sizeof actual) == 0)
		return 0;
	return object_error(p, ERROR_CONTENT_DIGEST, "damaged", err);
}

/*
 * What of a part lies in the window: header, data, padding.  Windows are cut at multiples of 512,
 * so they cut data only.  The digest of a whole object is handed over from window to window; that
 * of an object in several parts is checked at the end.
 */
static int put_part(struct job *j, const struct object_part *p, unsigned char *buffer,
		    struct error *err)
{
	static const unsigned char zeros[USTAR_BLOCK];
	const struct window *w = &j->now;
	uint64_t end = p->offset + p->length, from = p->offset > w->from ? p->offset : w->from;
	bool begins = p->offset - USTAR_BLOCK >= w->from, ends = end <= w->to;
	CLEANUP(digest_free) struct digest *d = NULL;

	if (begins) {
		char member[OBJECT_MEMBER_SIZE];
		unsigned char header[USTAR_BLOCK];

		object_member(p, member);
		ustar_header(member, p->length, header);
		if (put(j, header, sizeof header, p->offset - USTAR_BLOCK, err) < 0)
			return -1;
	}
	if (p->length == p->size)
		d = begins ? digest_new(DIGEST_KIND_SHA256) : STEAL(j->cut_before);
	if (put_data(j, p, from, ends ? end : w->to, d, buffer, err) < 0)
		return -1;
	if (!ends) {
		j->cut_after = STEAL(d);
		return 0;
	}
	if (d && check_digest(d, p, err) < 0)
		return -1;
	return put(j, zeros, ustar_padding(p->length), end, err);
}

static int run_item(struct job *j, const struct item *item, unsigned char *buffer,
		    struct error *err)
{
	for (size_t i = item->first; i < item->first + item->count; i++) {
		struct object_part p = object_table_get(j->objects, i);

		if (put_part(j, &p, buffer, err) < 0)
			return -1;
	}
	return 0;
}

/* The blocks of zeros that end a volume, as far as they lie in the window. */
static int put_trailer(struct job *j, struct error *err)
{
	static const unsigned char zeros[USTAR_TRAILER];
	uint64_t end = object_table_volume_size(j->objects, j->now.volume);
	uint64_t from = end - USTAR_TRAILER > j->now.from ? end - USTAR_TRAILER : j->now.from;

	if (from >= j->now.to)
		return 0;
	return put(j, zeros, (size_t)(j->now.to - from), from, err);
}

/* ---- reading back ---- */

static size_t before_chunks(const struct job *j)
{
	return j->before.volume ? (size_t)volume_chunks(j->before.to - j->before.from) : 0;
}

static size_t before_groups(const struct job *j)
{
	return j->parity && j->before.volume ? write_parity_groups(j->parity, j->before.from) : 0;
}

static size_t before_lanes(const struct job *j)
{
	return before_groups(j) == 0
		       ? 0
		       : write_parity_lanes(j->parity, j->before.from, j->request->threads);
}

/* Chunk i of the window: its digest and sums; with lanes its parity, too. */
static int run_chunk(struct job *j, size_t i, bool fold, unsigned char *buffer, struct error *err)
{
	const struct window *w = &j->before;
	uint64_t at = w->from + (uint64_t)i * VOLUME_CHUNK;
	size_t len = w->to - at < VOLUME_CHUNK ? (size_t)(w->to - at) : VOLUME_CHUNK;
	char name[VOLUME_NAME_SIZE];

	volume_name(w->volume, name);
	if (file_read_at(j->volumes[w->volume - 1], name, buffer, len, at, err) < 0)
		return -1;
	digest_sha256(buffer, len, j->chunks[j->chunk_base[w->volume - 1] + at / VOLUME_CHUNK]);
	if (j->parity)
		write_parity_sum(j->parity, at, buffer, len);
	if (fold)
		write_parity_add(j->parity, at, buffer, len);
	return 0;
}

static int run_lane(struct job *j, size_t lane, unsigned char *buffer, struct error *err)
{
	for (size_t i = 0; i < before_chunks(j); i++) {
		uint64_t at = j->before.from + (uint64_t)i * VOLUME_CHUNK;

		if (write_parity_lane(j->parity, at) == lane &&
		    run_chunk(j, i, true, buffer, err) < 0)
			return -1;
	}
	return 0;
}

/* Reading back: lanes, or groups and chunks. */
static size_t before_tasks(const struct job *j)
{
	size_t lanes = before_lanes(j);

	return lanes > 0 ? lanes : before_groups(j) + before_chunks(j);
}

/* Items of one window, then what there is to do for the one before. */
static int run_task(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct job *j = ctx;
	unsigned char *buffer = j->buffers[worker];
	size_t groups = before_groups(j);

	if (i < j->item_count)
		return run_item(j, &j->items[i], buffer, err);
	i -= j->item_count;
	if (before_lanes(j) > 0)
		return run_lane(j, i, buffer, err);
	if (i < groups)
		return write_parity_fold(j->parity, i, j->before.from, j->before.to, buffer, err);
	return run_chunk(j, i - groups, false, buffer, err);
}

static int run_row(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct job *j = ctx;

	(void)worker;
	return write_parity_row(j->parity, i, j->before.from, err);
}

/* An object in several parts was written by several workers: check it once as a whole. */
static int check_split(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct job *j = ctx;
	struct object_part p = object_table_get(j->objects, i);

	(void)worker;
	if (p.part != 1)
		return 0;
	int good = content_check(j->request->store, p.sha256, p.size, err);
	return good < 0    ? -1
	       : good == 1 ? 0
			   : object_error(&p, ERROR_CONTENT_DIGEST, "damaged", err);
}

/* ---- all of it ---- */

/* The first part of the volume that ends behind `from`; padding counts. */
static size_t first_part(const struct job *j, const struct window *w)
{
	size_t low = object_table_volume_first(j->objects, w->volume);
	size_t high = object_table_volume_first(j->objects, w->volume + 1);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct object_part p = object_table_get(j->objects, middle);

		if (p.offset + p.length + ustar_padding(p.length) > w->from)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void add_item(struct job *j, size_t first, size_t count)
{
	j->items = buf_grow(j->items, &j->item_capacity, j->item_count, sizeof *j->items);
	j->items[j->item_count++] = (struct item){ first, count };
}

static void plan_items(struct job *j)
{
	const struct window *w = &j->now;
	size_t end = w->volume ? object_table_volume_first(j->objects, w->volume + 1) : 0;
	size_t first = w->volume ? first_part(j, w) : 0, i;
	uint64_t bytes = 0;

	j->item_count = 0;
	for (i = first; i < end; i++) {
		struct object_part p = object_table_get(j->objects, i);

		if (p.offset - USTAR_BLOCK >= w->to)
			break;
		if (i > first && bytes + p.length > ITEM_BYTES) {
			add_item(j, first, i - first);
			first = i;
			bytes = 0;
		}
		bytes += p.length;
	}
	if (i > first)
		add_item(j, first, i - first);
}

static int create_volumes(struct job *j, struct error *err)
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
		int fd = openat(j->request->dir, name,
				O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
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
	return 0;
}

static int tick(void *ctx)
{
	struct job *j = ctx;

	return progress_tick(j->request->progress);
}

static int each(struct job *j, size_t count,
		int (*item)(void *ctx, size_t i, unsigned worker, struct error *err),
		struct error *err)
{
	return pool_each(&(struct pool_each){ .threads = j->request->threads,
					      .count = count,
					      .item = item,
					      .tick = tick,
					      .ctx = j },
			 err);
}

/* The window after w; volume 0 after the last one. */
static struct window next_window(const struct job *j, const struct window *w)
{
	struct window next = { w->volume, w->to, 0 };

	if (w->volume == 0 || w->to == object_table_volume_size(j->objects, w->volume)) {
		next.volume = w->volume + 1;
		next.from = 0;
	}
	if (next.volume > j->volume_count)
		return (struct window){ 0 };
	uint64_t left = object_table_volume_size(j->objects, next.volume) - next.from;
	next.to = next.from + (left < WINDOW ? left : WINDOW);
	return next;
}

/* The window before has been folded: a stripe, or the volume, may be complete. */
static int end_window(struct job *j, struct error *err)
{
	const struct window *w = &j->before;

	if (!j->parity || !w->volume)
		return 0;
	bool last = w->to == object_table_volume_size(j->objects, w->volume);
	if (!last && w->to % ((uint64_t)PARITY_STRIPE * PARITY_SLICE) != 0)
		return 0;
	if (each(j, write_parity_rows(j->parity, w->from), run_row, err) < 0)
		return -1;
	if (!last)
		return 0;
	size_t base = j->chunk_base[w->volume - 1];
	return write_parity_end(j->parity, (const unsigned char(*)[32])j->chunks + base,
				j->chunk_base[w->volume] - base, err);
}

/* Have the system begin to write out what is complete; the flush at the end then has less to do. */
static void push(const struct job *j, const struct window *w)
{
	if (w->volume)
		(void)!sync_file_range(j->volumes[w->volume - 1], (off_t)w->from,
				       (off_t)(w->to - w->from), SYNC_FILE_RANGE_WRITE);
}

static int run_window(struct job *j, struct error *err)
{
	const struct window *b = &j->before;

	plan_items(j);
	if (j->parity && b->volume && b->from == 0 &&
	    write_parity_begin(j->parity, b->volume, j->volumes[b->volume - 1],
			       object_table_volume_size(j->objects, b->volume), err) < 0)
		return -1;
	if (each(j, j->item_count + before_tasks(j), run_task, err) < 0 ||
	    (j->now.volume && put_trailer(j, err) < 0))
		return -1;
	push(j, &j->now);
	return end_window(j, err);
}

static int write_windows(struct job *j, struct error *err)
{
	j->now = next_window(j, &j->now);
	while (j->now.volume || j->before.volume) {
		if (run_window(j, err) < 0)
			return -1;
		j->before = j->now;
		if (j->now.volume)
			j->now = next_window(j, &j->now);
		digest_free(j->cut_before);
		j->cut_before = STEAL(j->cut_after);
	}
	return 0;
}

/* Parity files were closed one by one; what they hold is flushed now. */
static int sync_parity(const struct job *j, uint32_t volume, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	char name[PARITY_NAME_SIZE];
	uint64_t size;

	parity_name(volume, name);
	if (file_open_read(j->request->dir, name, &fd, &size, err) < 0)
		return -1;
	return file_sync(fd, name, err);
}

static int finish(struct job *j, struct chunk_table *chunks, struct error *err)
{
	if (each(j, object_table_count(j->objects), check_split, err) < 0)
		return -1;
	for (uint32_t v = 1; v <= j->volume_count; v++) {
		char name[VOLUME_NAME_SIZE];

		volume_name(v, name);
		if (file_sync(j->volumes[v - 1], name, err) < 0 ||
		    (j->parity && sync_parity(j, v, err) < 0))
			return -1;
		for (size_t i = j->chunk_base[v - 1]; i < j->chunk_base[v]; i++)
			if (chunk_table_add(chunks, v, j->chunks[i], err) < 0)
				return -1;
	}
	return chunk_table_finish(chunks, err);
}

int write_volumes(const struct write_request *request, struct chunk_table *chunks,
		  struct error *err)
{
	CLEANUP(job_clear)
	struct job j = { .request = request,
			 .objects = request->objects,
			 .volume_count = object_table_volumes(request->objects) };

	j.buffers = buf_calloc(request->threads, sizeof *j.buffers);
	for (unsigned i = 0; i < request->threads; i++)
		j.buffers[i] = buf_malloc(BUFFER);
	if (request->parity)
		j.parity = write_parity_new(request->dir);
	if (create_volumes(&j, err) < 0 || write_windows(&j, err) < 0 ||
	    finish(&j, chunks, err) < 0)
		return -1;
	return write_spare(&(struct write_spare_request){ .objects = request->objects,
							  .chunks = chunks,
							  .volumes = j.volumes,
							  .dir = request->dir,
							  .spares = request->spares,
							  .threads = request->threads,
							  .progress = request->progress },
			   err);
}

uint64_t write_bytes(const struct object_table *objects, bool parity, unsigned spares)
{
	uint64_t bytes = write_spare_bytes(objects, spares);

	for (uint32_t v = 1; v <= object_table_volumes(objects); v++) {
		uint64_t size = object_table_volume_size(objects, v);

		bytes += size + (parity ? parity_layout(size).file_bytes : 0);
	}
	return bytes;
}
