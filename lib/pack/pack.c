#include "lib/pack/pack.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/*
 * Many small fragments need the search of level 3; in long ones level 1 finds as much, with a
 * window over the whole pack (docs/decisions/0031).
 */
enum { LEVEL = 3, LEVEL_LONG = 1, LONG_FRAGMENT = 16 << 10 };

static const char magic[] = "gapferry-pack 1\n";

/* ---- frames ---- */

static void cctx_free(ZSTD_CCtx *c)
{
	ZSTD_freeCCtx(c);
}
DEFINE_CLEANUP(ZSTD_CCtx *, cctx_free);

static void dctx_free(ZSTD_DCtx *d)
{
	ZSTD_freeDCtx(d);
}
DEFINE_CLEANUP(ZSTD_DCtx *, dctx_free);

static int compress(ZSTD_CCtx *c, int level, const void *bytes, size_t len, struct buf *out,
		    struct error *err)
{
	size_t bound = ZSTD_compressBound(len);

	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 1);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 0); /* SHA-256 covers the bytes twice */
	out->len = 0;
	unsigned char *room = buf_room(out, bound, err);
	if (!room)
		return -1;
	size_t n = ZSTD_compress2(c, room, bound, bytes, len);
	if (ZSTD_isError(n))
		return error_set(err, ERROR_PACK_COMPRESS, "zstd: %s", ZSTD_getErrorName(n));
	out->len = n;
	return 0;
}

int pack_compress(const void *bytes, size_t len, struct buf *out, struct error *err)
{
	CLEANUP(cctx_free) ZSTD_CCtx *c = ZSTD_createCCtx();

	if (!c)
		abort();
	buf_clear(out);
	return compress(c, LEVEL, bytes, len, out, err);
}

/*
 * The window that a frame asks for, RFC 8878 3.1.1.1.2, or its size when it is one segment.  zstd
 * does not ask when it decompresses in one step, but a reader that streams needs that much memory.
 */
static uint64_t window_of(const unsigned char *frame, size_t len, uint64_t size)
{
	enum { SINGLE_SEGMENT = 1 << 5 };

	if (len < 6 || (frame[4] & SINGLE_SEGMENT))
		return size;
	uint64_t base = 1ull << (10 + (frame[5] >> 3));

	return base + base / 8 * (frame[5] & 7);
}

int pack_decompress(const void *bytes, size_t len, size_t max, const char *label,
		    unsigned char **out, size_t *out_len, struct error *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(bytes, len);
	CLEANUP(dctx_free) ZSTD_DCtx *d = ZSTD_createDCtx();

	if (!d)
		abort();
	/* Skippable frames hide bytes and have content size 0: only the real magic will do. */
	if (len < 4 || memcmp(bytes, "\x28\xb5\x2f\xfd", 4) != 0)
		return error_set(err, ERROR_PACK_FORMAT, "%s: not a zstd frame", label);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return error_set(err, ERROR_PACK_FORMAT, "%s: frame does not state its size",
				 label);
	if (size > max)
		return error_set(err, ERROR_PACK_FORMAT,
				 "%s: %llu bytes when decompressed, more than %zu", label, size,
				 max);
	if (ZSTD_findFrameCompressedSize(bytes, len) != len)
		return error_set(err, ERROR_PACK_FORMAT, "%s: not exactly one zstd frame", label);
	if (window_of(bytes, len, size) > 1ull << LIMIT_ZSTD_WINDOW_LOG)
		return error_set(err, ERROR_PACK_FORMAT,
				 "%s: frame needs a window of more than %u bytes", label,
				 1u << LIMIT_ZSTD_WINDOW_LOG);

	CLEANUP(free) unsigned char *plain = buf_malloc((size_t)size + 1);
	size_t n = ZSTD_decompressDCtx(d, plain, (size_t)size, bytes, len);
	/* Else a pack read for want of memory is one that is damaged. */
	if (ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
		abort();
	if (ZSTD_isError(n) || n != size)
		return error_set(err, ERROR_PACK_FORMAT, "%s: %s", label,
				 ZSTD_isError(n) ? ZSTD_getErrorName(n) : "shorter than stated");
	plain[size] = '\0';
	*out = STEAL(plain);
	*out_len = (size_t)size;
	return 0;
}

/* ---- builder ---- */

/* In front of the fragments there is room for the longest header, so that it can be put there. */
enum { ENTRY_MAX = 64 + 1 + 10 + 1, HEADER_ROOM = 64 + LIMIT_PACK_ENTRIES * ENTRY_MAX };

struct pack_builder {
	struct buf bytes;   /* HEADER_ROOM, then the fragments */
	ZSTD_CCtx *context; /* kept for the next pack */
	struct pack_entry *entries;
	size_t count, capacity;
};

struct pack_builder *pack_builder_new(void)
{
	struct pack_builder *b = buf_calloc(1, sizeof *b);
	struct error err = ERROR_INIT;

	b->bytes.max = HEADER_ROOM + LIMIT_PACK_BYTES;
	if (!buf_room(&b->bytes, HEADER_ROOM, &err))
		abort();
	pack_builder_reset(b);
	return b;
}

void pack_builder_reset(struct pack_builder *b)
{
	b->bytes.len = HEADER_ROOM;
	b->count = 0;
}

void *pack_builder_room(struct pack_builder *b, size_t len)
{
	struct error err = ERROR_INIT;
	void *room = buf_room(&b->bytes, len, &err);

	/* PACK_TARGET_BYTES plus one fragment is below the ceiling; more is misuse. */
	if (!room)
		abort();
	return room;
}

void pack_builder_add(struct pack_builder *b, const unsigned char sha256[32], const void *bytes,
		      size_t len)
{
	void *room = pack_builder_room(b, len);

	b->entries = buf_grow(b->entries, &b->capacity, b->count, sizeof *b->entries);
	struct pack_entry *e = &b->entries[b->count++];
	memcpy(e->sha256, sha256, sizeof e->sha256);
	e->offset = (uint32_t)pack_builder_bytes(b);
	e->size = (uint32_t)len;
	if (bytes != room && len > 0)
		memcpy(room, bytes, len);
	b->bytes.len += len;
}

size_t pack_builder_bytes(const struct pack_builder *b)
{
	return b->bytes.len - HEADER_ROOM;
}

size_t pack_builder_count(const struct pack_builder *b)
{
	return b->count;
}

static size_t digits(size_t value)
{
	size_t n = 1;

	while (value >= 10) {
		value /= 10;
		n++;
	}
	return n;
}

size_t pack_builder_header(const struct pack_builder *b)
{
	size_t size = sizeof magic - 1 + digits(b->count) + 1;

	for (size_t i = 0; i < b->count; i++)
		size += 64 + 1 + digits(b->entries[i].size) + 1;
	return size;
}

static unsigned char *put_number(unsigned char *p, size_t value)
{
	unsigned char *end = p + digits(value);

	for (unsigned char *at = end; at > p; value /= 10)
		*--at = (unsigned char)('0' + value % 10);
	return end;
}

/* Right in front of the fragments; returns where it begins. */
static const unsigned char *put_header(struct pack_builder *b)
{
	unsigned char *start = b->bytes.bytes + HEADER_ROOM - pack_builder_header(b);
	unsigned char *p = start + sizeof magic - 1;

	memcpy(start, magic, sizeof magic - 1);
	p = put_number(p, b->count);
	*p++ = '\n';
	for (size_t i = 0; i < b->count; i++) {
		str_to_hex(b->entries[i].sha256, DIGEST_SHA256, (char *)p);
		p[DIGEST_HEX - 1] = ' ';
		p = put_number(p + DIGEST_HEX, b->entries[i].size);
		*p++ = '\n';
	}
	return start;
}

int pack_builder_finish(struct pack_builder *b, struct buf *out, struct error *err)
{
	bool is_long = b->count > 0 && pack_builder_bytes(b) / b->count >= LONG_FRAGMENT;

	if (!b->context)
		b->context = ZSTD_createCCtx();
	if (!b->context || b->count > LIMIT_PACK_ENTRIES)
		abort();
	const unsigned char *start = put_header(b);
	ZSTD_CCtx_setParameter(b->context, ZSTD_c_windowLog, LIMIT_ZSTD_WINDOW_LOG);
	return compress(b->context, is_long ? LEVEL_LONG : LEVEL, start,
			pack_builder_header(b) + pack_builder_bytes(b), out, err);
}

void pack_builder_free(struct pack_builder *b)
{
	if (!b)
		return;
	buf_clear(&b->bytes);
	ZSTD_freeCCtx(b->context);
	free(b->entries);
	free(b);
}

/* ---- reader ---- */

/* The line at *at without its LF, and *at moved behind it; false at a missing LF. */
static bool next_line(const struct pack *p, size_t *at, const char **line, size_t *len)
{
	const unsigned char *start = p->bytes + *at;
	const unsigned char *end = memchr(start, '\n', p->len - *at);

	if (!end)
		return false;
	*line = (const char *)start;
	*len = (size_t)(end - start);
	*at += *len + 1;
	return true;
}

static int parse_entries(struct pack *p, const char *label, struct error *err)
{
	size_t at = sizeof magic - 1, len;
	const char *line;
	uint64_t count, size;

	if (p->len < at || memcmp(p->bytes, magic, at) != 0)
		return error_set(err, ERROR_PACK_FORMAT, "%s: does not begin with the pack magic",
				 label);
	if (!next_line(p, &at, &line, &len) || !str_to_u64(line, len, LIMIT_PACK_ENTRIES, &count))
		return error_set(err, ERROR_PACK_FORMAT, "%s: bad number of fragments", label);
	p->entries = buf_calloc((size_t)count, sizeof *p->entries);
	p->count = (size_t)count;
	for (size_t i = 0; i < p->count; i++) {
		struct pack_entry *e = &p->entries[i];

		if (!next_line(p, &at, &line, &len) || len < 66 || line[64] != ' ' ||
		    !str_from_hex(line, 64, e->sha256, DIGEST_SHA256) ||
		    !str_to_u64(line + 65, len - 65, LIMIT_FRAGMENT_BYTES, &size))
			return error_set(err, ERROR_PACK_FORMAT, "%s: bad entry %zu", label, i + 1);
		e->size = (uint32_t)size;
	}
	for (size_t i = 0; i < p->count; i++) {
		struct pack_entry *e = &p->entries[i];

		if (e->size > p->len - at)
			return error_set(err, ERROR_PACK_FORMAT,
					 "%s: fragment %zu ends beyond the pack", label, i + 1);
		e->offset = (uint32_t)at;
		at += e->size;
	}
	if (at != p->len)
		return error_set(err, ERROR_PACK_FORMAT, "%s: %zu bytes belong to no fragment",
				 label, p->len - at);
	return 0;
}

static int check_digests(const struct pack *p, const char *label, struct error *err)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	for (size_t i = 0; i < p->count; i++) {
		unsigned char sha256[DIGEST_SHA256];

		digest_update(d, p->bytes + p->entries[i].offset, p->entries[i].size);
		digest_final(d, sha256);
		if (memcmp(sha256, p->entries[i].sha256, sizeof sha256) != 0)
			return error_set(err, ERROR_PACK_DIGEST,
					 "%s: fragment %zu at byte %u does not match its SHA-256",
					 label, i + 1, p->entries[i].offset);
	}
	return 0;
}

struct pack *pack_open(const void *bytes, size_t len, const char *label, struct error *err)
{
	CLEANUP(pack_free) struct pack *p = buf_calloc(1, sizeof *p);

	if (pack_decompress(bytes, len, LIMIT_PACK_BYTES, label, &p->bytes, &p->len, err) < 0 ||
	    parse_entries(p, label, err) < 0 || check_digests(p, label, err) < 0)
		return NULL;
	return STEAL(p);
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	free(p->bytes);
	free(p->entries);
	free(p);
}
