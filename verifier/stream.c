/*
 * Work is cut into items of neighbouring parts: one large object, or small
 * ones up to ITEM_BYTES.  All parts of a split object belong to the item of
 * its first part, because its digest runs through them in order.
 */
#include "verifier/stream.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/ustar.h"
#include "media/volume.h"
#include "verifier/chunk_tap.h"
#include "verifier/verify.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_BYTES = 16 << 20, BUFFER_BYTES = 1 << 20 };

struct item {
	size_t first, count; /* parts */
};

struct run {
	struct verified_bundle *bundle;
	const struct stream_options *options;
	const struct object_table *objects;
	struct item *items;
	size_t item_count, item_capacity;
	struct error *problems;  /* one per item or chunk when problems are collected */
	unsigned char **buffers; /* one per worker */
	uint32_t volume;         /* for chunks */
	struct chunk_tap *tap;   /* or NULL */
	unsigned worker;         /* in the copy that a worker has */
};

static void run_clear(struct run *r)
{
	for (unsigned i = 0; r->buffers && i < r->options->threads; i++)
		free(r->buffers[i]);
	free(r->buffers);
	free(r->items);
	free(r->problems);
}
DEFINE_CLEANUP_IN_PLACE(struct run, run_clear);

/* ---- the checking sink ---- */

static void *check_begin(void *ctx, const struct object_part *object, struct error *err)
{
	(void)ctx, (void)object, (void)err;
	return digest_new(DIGEST_KIND_SHA256);
}

static int check_write(void *handle, const void *bytes, size_t len, struct error *err)
{
	(void)err;
	digest_update(handle, bytes, len);
	return 0;
}

int stream_check_digest(const struct object_part *object, const unsigned char actual[32],
			struct error *err)
{
	char want[DIGEST_HEX], have[DIGEST_HEX];

	if (memcmp(actual, object->sha256, DIGEST_SHA256) == 0)
		return 0;
	str_to_hex(object->sha256, DIGEST_SHA256, want);
	str_to_hex(actual, DIGEST_SHA256, have);
	return error_set(err, ERROR_OBJECT_DIGEST, "object %s: its bytes have SHA-256 %s", want,
			 have);
}

static int check_finish(void *handle, const struct object_part *object, struct error *err)
{
	CLEANUP(digest_free) struct digest *d = handle;
	unsigned char actual[DIGEST_SHA256];

	digest_final(d, actual);
	return stream_check_digest(object, actual, err);
}

static void check_abandon(void *handle)
{
	digest_free(handle);
}

const struct stream_sink stream_check = {
	.begin = check_begin,
	.write = check_write,
	.finish = check_finish,
	.abandon = check_abandon,
};

/* ---- reading one part ---- */

static int read_at(const struct run *r, uint32_t volume, void *buf, size_t len, uint64_t at,
		   struct error *err)
{
	if (verify_read(r->bundle, volume, buf, len, at, err) < 0)
		return -1;
	if (r->tap)
		chunk_tap_feed(r->tap, r->worker, volume, buf, len, at);
	if (r->options->done)
		*r->options->done += len;
	return 0;
}

static int check_zero(const unsigned char *bytes, size_t len, uint32_t volume, uint64_t at,
		      struct error *err)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return error_set(err, ERROR_VOLUME_FRAME,
					 "vol-%04u.tar: byte %llu of padding is not zero", volume,
					 (unsigned long long)(at + i));
	return 0;
}

static int check_header(const struct run *r, const struct object_part *p, unsigned char *buffer,
			struct error *err)
{
	char member[OBJECT_MEMBER_SIZE];

	if (read_at(r, p->volume, buffer, USTAR_BLOCK, p->offset - USTAR_BLOCK, err) < 0)
		return -1;
	object_member(p, member);
	if (!ustar_matches(buffer, member, p->length))
		return error_set(err, ERROR_VOLUME_FRAME,
				 "vol-%04u.tar: the header at byte %llu is not the one of %s",
				 p->volume, (unsigned long long)(p->offset - USTAR_BLOCK), member);
	return 0;
}

/* Header, data and padding of one part; the data goes to the sink. */
static int read_part(const struct run *r, const struct object_part *p, void *handle,
		     unsigned char *buffer, struct error *err)
{
	const struct stream_sink *sink = r->options->sink;
	uint64_t end = p->offset + p->length;
	uint32_t padding = ustar_padding(p->length);

	if (check_header(r, p, buffer, err) < 0)
		return -1;
	for (uint64_t at = p->offset; at < end;) {
		size_t n = end - at < BUFFER_BYTES ? (size_t)(end - at) : BUFFER_BYTES;

		if (read_at(r, p->volume, buffer, n, at, err) < 0 ||
		    sink->write(handle, buffer, n, err) < 0)
			return -1;
		at += n;
	}
	if (read_at(r, p->volume, buffer, padding, end, err) < 0)
		return -1;
	return check_zero(buffer, padding, p->volume, end, err);
}

static int check_trailer(const struct run *r, uint32_t volume, unsigned char *buffer,
			 struct error *err)
{
	uint64_t at = object_table_volume_size(r->objects, volume) - USTAR_TRAILER;

	if (read_at(r, volume, buffer, USTAR_TRAILER, at, err) < 0)
		return -1;
	return check_zero(buffer, USTAR_TRAILER, volume, at, err);
}

static int read_object(const struct run *r, size_t first, unsigned char *buffer, struct error *err)
{
	const struct stream_sink *sink = r->options->sink;
	struct object_part p = object_table_get(r->objects, first);
	void *handle = sink->begin(sink->ctx, &p, err);
	size_t i = first;
	int failed = handle ? 0 : -1;

	while (!failed) {
		struct object_part part = object_table_get(r->objects, i);

		failed = read_part(r, &part, handle, buffer, err);
		if (!failed && i + 1 == object_table_volume_first(r->objects, part.volume + 1))
			failed = check_trailer(r, part.volume, buffer, err);
		if (failed || object_table_next(r->objects, &i) == 0)
			break;
	}
	if (handle && !failed)
		return sink->finish(handle, &p, err);
	if (handle)
		sink->abandon(handle);
	return -1;
}

/* ---- where is the damage? ---- */

static int hash_chunk(const struct run *r, uint32_t volume, size_t chunk, struct digest *d,
		      unsigned char *buffer, unsigned char out[DIGEST_SHA256], struct error *err)
{
	uint64_t size = object_table_volume_size(r->objects, volume);
	uint64_t at = (uint64_t)chunk * VOLUME_CHUNK;
	uint64_t end = size - at < VOLUME_CHUNK ? size : at + VOLUME_CHUNK;

	while (at < end) {
		size_t n = end - at < BUFFER_BYTES ? (size_t)(end - at) : BUFFER_BYTES;

		if (read_at(r, volume, buffer, n, at, err) < 0)
			return -1;
		digest_update(d, buffer, n);
		at += n;
	}
	digest_final(d, out);
	return 0;
}

/* The last byte that is read together with part i: of its padding, or of the trailer. */
static uint64_t part_end(const struct run *r, size_t i, const struct object_part *p)
{
	uint64_t end = p->offset + p->length + ustar_padding(p->length);

	if (i + 1 == object_table_volume_first(r->objects, p->volume + 1))
		end += USTAR_TRAILER;
	return end - 1;
}

/* Name the first damaged chunk under part i; the object's own error is already in err. */
static void locate(const struct run *r, size_t i, unsigned char *buffer, struct error *err)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	const struct chunk_table *chunks = verify_chunks(r->bundle);
	_Atomic uint64_t unseen = 0;
	struct stream_options quiet = *r->options;
	struct run again = *r;

	quiet.done = &unseen; /* these bytes were counted already */
	again.options = &quiet;
	again.tap = NULL;
	do {
		struct object_part p = object_table_get(r->objects, i);
		size_t from = (size_t)((p.offset - USTAR_BLOCK) / VOLUME_CHUNK);
		size_t to = (size_t)(part_end(r, i, &p) / VOLUME_CHUNK);

		for (size_t c = from; c <= to && c < chunk_table_count(chunks, p.volume); c++) {
			unsigned char actual[DIGEST_SHA256];
			struct error ignored =
				ERROR_INIT; /* an unreadable chunk is a damaged one */

			if (hash_chunk(&again, p.volume, c, d, buffer, actual, &ignored) == 0 &&
			    memcmp(actual, chunk_table_digest(chunks, p.volume, c),
				   sizeof actual) == 0)
				continue;
			error_wrap(err, "vol-%04u.tar chunk %06zu (4 MiB from byte %llu)", p.volume,
				   c, (unsigned long long)c * VOLUME_CHUNK);
			return;
		}
	} while (object_table_next(r->objects, &i) == 1);
	if (err->class == ERROR_CLASS_INTEGRITY)
		error_wrap(err, "every chunk is as signed, so the bundle was made wrong");
}

/* Whether it is the medium that failed, not the sink. */
static bool is_medium(const struct error *err)
{
	return err->class == ERROR_CLASS_INTEGRITY || err->class == ERROR_CLASS_MISSING;
}

/* ---- items ---- */

static int run_item(void *ctx, size_t index, unsigned worker, struct error *err)
{
	struct run mine = *(const struct run *)ctx;
	const struct run *r = &mine;
	const struct item *item = &r->items[index];
	const struct stream_sink *sink = r->options->sink;

	mine.worker = worker;
	for (size_t i = item->first; i < item->first + item->count; i++) {
		struct object_part p = object_table_get(r->objects, i);

		if (p.part > 1)
			continue; /* read with its first part */
		if (sink->wanted && !sink->wanted(sink->ctx, &p))
			continue;
		if (read_object(r, i, r->buffers[worker], err) == 0)
			continue;
		bool medium = is_medium(err);
		if (medium)
			locate(r, i, r->buffers[worker], err);
		if (!r->problems || err->class == ERROR_CLASS_SPACE ||
		    (!r->options->problem && !medium))
			return -1;
		if (r->problems[i].id == ERROR_NONE)
			r->problems[i] = *err;
		error_clear(err);
	}
	return 0;
}

static void add_item(struct run *r, size_t first, size_t count)
{
	r->items = buf_grow(r->items, &r->item_capacity, r->item_count, sizeof *r->items);
	r->items[r->item_count++] = (struct item){ first, count };
}

static void plan_items(struct run *r)
{
	size_t count = object_table_count(r->objects), first = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		struct object_part p = object_table_get(r->objects, i);

		if (i > first && bytes + p.length > ITEM_BYTES) {
			add_item(r, first, i - first);
			first = i;
			bytes = 0;
		}
		bytes += p.length;
	}
	if (count > first)
		add_item(r, first, count - first);
}

static int run_tick(void *ctx)
{
	struct run *r = ctx;

	return r->options->tick(r->options->tick_ctx);
}

static int start(struct run *r, size_t items,
		 int (*item)(void *ctx, size_t i, unsigned worker, struct error *err),
		 struct error *err)
{
	unsigned threads = r->options->threads;

	r->buffers = buf_calloc(threads, sizeof *r->buffers);
	for (unsigned i = 0; i < threads; i++)
		r->buffers[i] = buf_malloc(BUFFER_BYTES);
	return pool_each(&(struct pool_each){ .threads = threads,
					      .count = items,
					      .item = item,
					      .tick = r->options->tick ? run_tick : NULL,
					      .ctx = r },
			 err);
}

static int is_healed(const struct run *r, size_t i, struct error *err)
{
	return r->options->heal && r->options->heal(r->options->heal_ctx, i, err) == 0;
}

/* What could not be healed is a problem, or the result. */
static int report_problems(const struct run *r, size_t count, struct error *err)
{
	int found = 0;

	for (size_t i = 0; r->problems && i < count; i++) {
		struct error why = ERROR_INIT;

		if (r->problems[i].id == ERROR_NONE || is_healed(r, i, &why))
			continue;
		if (why.class == ERROR_CLASS_INTERRUPTED || why.class == ERROR_CLASS_SPACE) {
			*err = why;
			return -1;
		}
		if (!r->options->problem) {
			*err = why.id == ERROR_NONE ? r->problems[i] : why;
			return -1;
		}
		r->options->problem(r->options->problem_ctx, &r->problems[i]);
		found = 1;
	}
	return found;
}

/* Where one worker stops reading and another one goes on: items, and parts that go with others. */
static void cut_chunks(const struct run *r, struct chunk_tap *tap)
{
	for (size_t i = 0; i < r->item_count; i++) {
		struct object_part p = object_table_get(r->objects, r->items[i].first);

		chunk_tap_cut(tap, p.volume, p.offset - USTAR_BLOCK);
	}
	for (size_t i = 0; i < object_table_count(r->objects); i++) {
		struct object_part p = object_table_get(r->objects, i);
		uint64_t end = part_end(r, i, &p) + 1;

		if (p.part == 0)
			continue;
		chunk_tap_cut(tap, p.volume, p.offset - USTAR_BLOCK);
		if (end < object_table_volume_size(r->objects, p.volume))
			chunk_tap_cut(tap, p.volume, end);
	}
}

int stream_volumes(struct verified_bundle *b, const struct stream_options *options,
		   struct error *err)
{
	CLEANUP(run_clear)
	struct run r = { .bundle = b, .options = options, .objects = verify_objects(b) };
	size_t count = object_table_count(r.objects);

	assert(options->threads > 0);
	if (options->problem || options->heal)
		r.problems = buf_calloc(count, sizeof *r.problems);
	plan_items(&r);
	CLEANUP(chunk_tap_free)
	struct chunk_tap *tap = options->chunks ? chunk_tap_new(b, options->threads) : NULL;
	if (tap)
		cut_chunks(&r, tap);
	r.tap = tap;
	if (start(&r, r.item_count, run_item, err) < 0 || (tap && chunk_tap_check(tap, err) < 0))
		return -1;
	return report_problems(&r, count, err);
}

/* ---- chunks ---- */

static int run_chunk(void *ctx, size_t chunk, unsigned worker, struct error *err)
{
	struct run *r = ctx;
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	unsigned char actual[DIGEST_SHA256];
	size_t len;
	uint64_t at = verify_chunk_span(r->bundle, r->volume, chunk, &len);

	if (!verify_has(r->bundle, r->volume, at, len))
		return 0;
	int failed = hash_chunk(r, r->volume, chunk, d, r->buffers[worker], actual, err);
	if (!failed &&
	    memcmp(actual, chunk_table_digest(verify_chunks(r->bundle), r->volume, chunk),
		   sizeof actual) != 0)
		failed = error_set(
			err, ERROR_CHUNK_DIGEST,
			"vol-%04u.tar chunk %06zu (4 MiB from byte %llu): its SHA-256 is not "
			"the one CHUNKS names",
			r->volume, chunk, (unsigned long long)chunk * VOLUME_CHUNK);
	if (!failed || !r->problems)
		return failed;
	r->problems[chunk] = *err;
	error_clear(err);
	return 0;
}

int stream_chunks(struct verified_bundle *b, uint32_t volume, const struct stream_options *options,
		  struct error *err)
{
	CLEANUP(run_clear)
	struct run r = {
		.bundle = b, .options = options, .objects = verify_objects(b), .volume = volume
	};
	size_t count = chunk_table_count(verify_chunks(b), volume);

	if (options->problem || options->heal)
		r.problems = buf_calloc(count, sizeof *r.problems);
	if (start(&r, count, run_chunk, err) < 0)
		return -1;
	return report_problems(&r, count, err);
}

/* ---- one object into memory ---- */

struct memory {
	struct buf bytes;
	struct digest *digest;
};

static int memory_write(void *handle, const void *bytes, size_t len, struct error *err)
{
	struct memory *m = handle;

	digest_update(m->digest, bytes, len);
	return buf_append(&m->bytes, bytes, len, err);
}

static void *memory_begin(void *ctx, const struct object_part *object, struct error *err)
{
	(void)object, (void)err;
	return ctx;
}

static int memory_finish(void *handle, const struct object_part *object, struct error *err)
{
	struct memory *m = handle;
	struct digest *d = m->digest;

	m->digest = NULL;
	return check_finish(d, object, err);
}

static void memory_abandon(void *handle)
{
	(void)handle; /* stream_load() owns it */
}

int stream_load(struct verified_bundle *b, const unsigned char sha256[32], size_t max,
		unsigned char **out, size_t *len, struct error *err)
{
	struct memory m = { .bytes = BUF_INIT(max), .digest = digest_new(DIGEST_KIND_SHA256) };
	struct stream_sink sink = {
		.begin = memory_begin,
		.write = memory_write,
		.finish = memory_finish,
		.abandon = memory_abandon,
		.ctx = &m,
	};
	struct stream_options options = { .threads = 1, .sink = &sink };
	struct run r = { .bundle = b, .options = &options, .objects = verify_objects(b) };
	unsigned char *buffer = buf_malloc(BUFFER_BYTES);
	char hex[DIGEST_HEX];
	size_t first;
	int failed;

	str_to_hex(sha256, DIGEST_SHA256, hex);
	if (object_table_find(r.objects, sha256, &first) == 1)
		failed = read_object(&r, first, buffer, err);
	else
		failed = error_set(err, ERROR_OBJECT_UNKNOWN, "object %s: not in this bundle", hex);
	free(buffer);
	digest_free(m.digest);
	if (failed) {
		buf_clear(&m.bytes);
		return -1;
	}
	*len = m.bytes.len;
	*out = buf_take(&m.bytes);
	return 0;
}

bool stream_at_hand(const struct verified_bundle *b, const struct object_part *object)
{
	const struct run r = { .objects = verify_objects(b) };
	size_t i;

	if (object_table_find(r.objects, object->sha256, &i) != 1)
		return false;
	do {
		struct object_part p = object_table_get(r.objects, i);
		uint64_t from = p.offset - USTAR_BLOCK;

		if (!verify_has(b, p.volume, from, part_end(&r, i, &p) + 1 - from))
			return false;
	} while (object_table_next(r.objects, &i) == 1);
	return true;
}

uint64_t stream_total(const struct verified_bundle *b)
{
	const struct object_table *objects = verify_objects(b);
	uint64_t total = 0;

	for (uint32_t v = 1; v <= object_table_volumes(objects); v++)
		total += object_table_volume_size(objects, v);
	return total;
}
