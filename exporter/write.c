/*
 * A volume is made in windows.  While one window is filled in memory with the
 * parts that lie in it, straight from the content store, the window before is
 * hashed by chunks, folded into the parity and appended to its file.  So each
 * byte is read once and written once, an object's digest and the digests of its
 * chunks are the work of different processors, and an object that a window cuts
 * goes on in the next one.
 */
#include "exporter/write.h"

#include "exporter/write_file.h"
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
enum { ITEM_BYTES = 4 << 20, PIECE = 1 << 20, WINDOW = 16 << 20 };

static_assert(WINDOW % VOLUME_CHUNK == 0, "chunks lie in one window");
static_assert((uint64_t)PARITY_STRIPE * PARITY_SLICE % WINDOW == 0, "windows lie in one stripe");
static_assert(WINDOW % WRITE_FILE_ALIGN == 0, "windows go past the page cache");

struct item {
	size_t first, count; /* parts of one volume; the window may cut the first and the last */
};

struct window {
	uint32_t volume; /* 0: none */
	uint64_t from, to;
	unsigned char *bytes; /* WINDOW */
};

struct job {
	const struct write_request *request;
	const struct object_table *objects;
	struct write_file file; /* of before */
	uint32_t volume_count;
	struct window now, before; /* being filled, being hashed and written */
	struct item *items;        /* of now */
	size_t item_count, item_capacity;
	struct digest *cut_before, *cut_after; /* of the object at the edges of now, or NULL */
	size_t *chunk_base;                    /* index of the first chunk of each volume */
	unsigned char (*chunks)[DIGEST_SHA256];
	struct write_parity *parity; /* NULL: none is wanted */
};

static void job_clear(struct job *j)
{
	write_file_close(&j->file);
	free(j->now.bytes);
	free(j->before.bytes);
	free(j->items);
	free(j->chunk_base);
	free(j->chunks);
	digest_free(j->cut_before);
	digest_free(j->cut_after);
	write_parity_free(j->parity);
}
DEFINE_CLEANUP_IN_PLACE(struct job, job_clear);

/* ---- filling: the bytes of parts that lie in the window ---- */

/* Where byte `at` of the volume goes; len bytes are accounted for. */
static unsigned char *room(struct job *j, uint64_t at, size_t len)
{
	j->request->progress->done += len;
	return j->now.bytes + (at - j->now.from);
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
		    struct digest *d, struct error *err)
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

		unsigned char *bytes = room(j, at, n);

		if (file_read_at(fd, "content store", bytes, n, p->first + at - p->offset, err) < 0)
			return -1;
		if (d)
			digest_update(d, bytes, n);
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
static int put_part(struct job *j, const struct object_part *p, struct error *err)
{
	const struct window *w = &j->now;
	uint64_t end = p->offset + p->length, from = p->offset > w->from ? p->offset : w->from;
	bool begins = p->offset - USTAR_BLOCK >= w->from, ends = end <= w->to;
	size_t padding = ustar_padding(p->length);
	CLEANUP(digest_free) struct digest *d = NULL;

	if (begins) {
		char member[OBJECT_MEMBER_SIZE];

		object_member(p, member);
		ustar_header(member, p->length, room(j, p->offset - USTAR_BLOCK, USTAR_BLOCK));
	}
	if (p->length == p->size)
		d = begins ? digest_new(DIGEST_KIND_SHA256) : STEAL(j->cut_before);
	if (put_data(j, p, from, ends ? end : w->to, d, err) < 0)
		return -1;
	if (!ends) {
		j->cut_after = STEAL(d);
		return 0;
	}
	if (d && check_digest(d, p, err) < 0)
		return -1;
	memset(room(j, end, padding), 0, padding);
	return 0;
}

static int run_item(struct job *j, const struct item *item, struct error *err)
{
	for (size_t i = item->first; i < item->first + item->count; i++) {
		struct object_part p = object_table_get(j->objects, i);

		if (put_part(j, &p, err) < 0)
			return -1;
	}
	return 0;
}

/* The blocks of zeros that end a volume, as far as they lie in the window. */
static void put_trailer(struct job *j)
{
	uint64_t end = object_table_volume_size(j->objects, j->now.volume);
	uint64_t from = end - USTAR_TRAILER > j->now.from ? end - USTAR_TRAILER : j->now.from;

	if (from < j->now.to)
		memset(room(j, from, (size_t)(j->now.to - from)), 0, (size_t)(j->now.to - from));
}

/* ---- hashing and writing what is full ---- */

static size_t before_chunks(const struct job *j)
{
	return j->before.volume ? (size_t)volume_chunks(j->before.to - j->before.from) : 0;
}

static size_t before_groups(const struct job *j)
{
	return j->parity && j->before.volume ? write_parity_groups(j->parity, j->before.from) : 0;
}

/* Chunk i of the window: its digest and the sums of its slices. */
static void run_chunk(struct job *j, size_t i)
{
	const struct window *w = &j->before;
	size_t offset = i * VOLUME_CHUNK, left = (size_t)(w->to - w->from) - offset;
	size_t len = left < VOLUME_CHUNK ? left : VOLUME_CHUNK;
	uint64_t at = w->from + offset;

	digest_sha256(w->bytes + offset, len,
		      j->chunks[j->chunk_base[w->volume - 1] + at / VOLUME_CHUNK]);
	if (j->parity)
		write_parity_sum(j->parity, at, w->bytes + offset, len);
}

/* One worker writes, so that a file grows in order; at the end of a volume it flushes it, too. */
static int run_write(struct job *j, struct error *err)
{
	const struct window *w = &j->before;

	if (!w->volume)
		return 0;
	if (w->from == 0 && write_file_create(&j->file, j->request->dir, w->volume, err) < 0)
		return -1;
	if (write_file_append(&j->file, w->bytes, (size_t)(w->to - w->from), w->from, err) < 0)
		return -1;
	if (w->to < object_table_volume_size(j->objects, w->volume))
		return 0;
	return write_file_end(&j->file, err);
}

/* The window before goes to its file; items of this one; then chunks and groups of that before. */
static int run_task(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct job *j = ctx;

	(void)worker;
	if (i-- == 0)
		return run_write(j, err);
	if (i < j->item_count)
		return run_item(j, &j->items[i], err);
	i -= j->item_count;
	if (i < before_chunks(j))
		run_chunk(j, i);
	else
		write_parity_fold(j->parity, i - before_chunks(j), j->before.from, j->before.to,
				  j->before.bytes);
	return 0;
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

static void count_chunks(struct job *j)
{
	size_t chunks = 0;

	j->chunk_base = buf_calloc(j->volume_count + 1, sizeof *j->chunk_base);
	for (uint32_t v = 1; v <= j->volume_count; v++) {
		j->chunk_base[v - 1] = chunks;
		chunks += (size_t)volume_chunks(object_table_volume_size(j->objects, v));
	}
	j->chunk_base[j->volume_count] = chunks;
	j->chunks = buf_calloc(chunks, sizeof *j->chunks);
}

static int tick(void *ctx)
{
	struct job *j = ctx;

	return progress_tick(j->request->progress);
}

/* One worker more than processors: who writes waits for the medium most of the time. */
static int each(struct job *j, size_t count,
		int (*item)(void *ctx, size_t i, unsigned worker, struct error *err),
		struct error *err)
{
	return pool_each(&(struct pool_each){ .threads = j->request->threads + 1,
					      .count = count,
					      .item = item,
					      .tick = tick,
					      .ctx = j },
			 err);
}

/* The window to fill begins at byte `from` of a volume; behind the last volume there is none. */
static void begin_window(struct job *j, uint32_t volume, uint64_t from)
{
	struct window *w = &j->now;

	w->volume = volume <= j->volume_count ? volume : 0;
	if (!w->volume)
		return;
	uint64_t left = object_table_volume_size(j->objects, volume) - from;
	w->from = from;
	w->to = from + (left < WINDOW ? left : WINDOW);
}

/* What has been filled comes before, and the bytes of what has been written are filled next. */
static void advance(struct job *j)
{
	struct window full = j->now;

	j->now.bytes = j->before.bytes;
	j->before = full;
	if (full.volume && full.to == object_table_volume_size(j->objects, full.volume))
		begin_window(j, full.volume + 1, 0);
	else if (full.volume)
		begin_window(j, full.volume, full.to);
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

/* A slice that the volume's end cuts counts as filled up with zeros. */
static void fill_slice(const struct window *w)
{
	size_t len = (size_t)(w->to - w->from), past = len % PARITY_SLICE;

	if (past > 0)
		memset(w->bytes + len, 0, PARITY_SLICE - past);
}

static int run_window(struct job *j, struct error *err)
{
	const struct window *b = &j->before;

	plan_items(j);
	if (j->parity && b->volume && b->from == 0 &&
	    write_parity_begin(j->parity, b->volume,
			       object_table_volume_size(j->objects, b->volume), err) < 0)
		return -1;
	if (each(j, 1 + j->item_count + before_chunks(j) + before_groups(j), run_task, err) < 0)
		return -1;
	if (j->now.volume) {
		put_trailer(j);
		fill_slice(&j->now);
	}
	return end_window(j, err);
}

static int write_windows(struct job *j, struct error *err)
{
	j->now.bytes = buf_aligned(WRITE_FILE_ALIGN, WINDOW);
	j->before.bytes = buf_aligned(WRITE_FILE_ALIGN, WINDOW);
	begin_window(j, 1, 0);
	while (j->now.volume || j->before.volume) {
		if (run_window(j, err) < 0)
			return -1;
		advance(j);
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
		if (j->parity && sync_parity(j, v, err) < 0)
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
			 .file = { .fd = -1, .direct = -1 },
			 .volume_count = object_table_volumes(request->objects) };

	if (request->parity)
		j.parity = write_parity_new(request->dir);
	count_chunks(&j);
	if (write_windows(&j, err) < 0 || finish(&j, chunks, err) < 0)
		return -1;
	return write_spare(&(struct write_spare_request){ .objects = request->objects,
							  .chunks = chunks,
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
