#include "media/chunk_table.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/text.h"
#include "media/volume.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "CHUNKS";

struct sha256 {
	unsigned char bytes[DIGEST_SHA256];
};

struct chunk_table {
	struct sha256 *digests;
	size_t count, capacity;
	uint32_t volumes;
	uint32_t start[LIMIT_VOLUMES]; /* of volume i + 1: its first digest */
	struct text_reader reader;
};

enum { LINE_FIELDS = 3, NUMBER_SIZE = 24 };

static void chunk_number(size_t chunk, char out[NUMBER_SIZE])
{
	snprintf(out, NUMBER_SIZE, "%06zu", chunk);
}

static int parse_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct chunk_table *t = ctx;
	struct text_field f[LINE_FIELDS];
	struct sha256 digest;
	char want[NUMBER_SIZE];
	uint32_t volume;

	if (text_split(line, f, LINE_FIELDS, err) ||
	    text_hex(line, f, "digest", digest.bytes, sizeof digest, err))
		return -1;
	if (!volume_number(f[1].bytes, f[1].len, &volume))
		return text_fail(line, err, "not the name of a volume");
	if (volume != t->volumes && volume != t->volumes + 1)
		return text_fail(line, err, "volume %u is out of order", volume);
	chunk_number(volume == t->volumes ? chunk_table_count(t, volume) : 0, want);
	if (!text_is(f + 2, want))
		return text_fail(line, err, "not chunk %s", want);
	return chunk_table_add(t, volume, digest.bytes, err);
}

struct chunk_table *chunk_table_new(void)
{
	struct chunk_table *t = buf_calloc(1, sizeof *t);

	t->reader = (struct text_reader){ .file = file_name,
					  .id = ERROR_CHUNKS_FORMAT,
					  .max_bytes = LIMIT_CHUNKS_BYTES,
					  .max_lines = LIMIT_CHUNKS,
					  .line = parse_line,
					  .ctx = t };
	return t;
}

void chunk_table_free(struct chunk_table *t)
{
	if (!t)
		return;
	free(t->digests);
	free(t);
}

int chunk_table_add(struct chunk_table *t, uint32_t volume, const unsigned char sha256[32],
		    struct error *err)
{
	if (t->count >= LIMIT_CHUNKS)
		return error_set(err, ERROR_MEDIA_LIMIT, "%s: more than %u chunks", file_name,
				 LIMIT_CHUNKS);
	if (volume == 0 || volume > LIMIT_VOLUMES ||
	    (volume != t->volumes && volume != t->volumes + 1))
		return error_set(err, ERROR_CHUNKS_FORMAT, "%s: volume %u is out of order",
				 file_name, volume);
	if (volume > t->volumes) {
		t->start[volume - 1] = (uint32_t)t->count;
		t->volumes = volume;
	}
	t->digests = buf_grow(t->digests, &t->capacity, t->count, sizeof *t->digests);
	memcpy(t->digests[t->count++].bytes, sha256, DIGEST_SHA256);
	return 0;
}

int chunk_table_feed(struct chunk_table *t, const void *bytes, size_t len, struct error *err)
{
	return text_feed(&t->reader, bytes, len, err);
}

int chunk_table_finish(struct chunk_table *t, struct error *err)
{
	return text_finish(&t->reader, err);
}

uint32_t chunk_table_volumes(const struct chunk_table *t)
{
	return t->volumes;
}

size_t chunk_table_total(const struct chunk_table *t)
{
	return t->count;
}

size_t chunk_table_count(const struct chunk_table *t, uint32_t volume)
{
	assert(volume >= 1 && volume <= t->volumes);
	return (volume < t->volumes ? t->start[volume] : t->count) - t->start[volume - 1];
}

const unsigned char *chunk_table_digest(const struct chunk_table *t, uint32_t volume, size_t chunk)
{
	assert(chunk < chunk_table_count(t, volume));
	return t->digests[t->start[volume - 1] + chunk].bytes;
}

int chunk_table_check(const struct chunk_table *t, const uint64_t *sizes, uint32_t volumes,
		      struct error *err)
{
	if (t->volumes != volumes)
		return error_set(err, ERROR_MEDIA_MISMATCH, "%s has %u volumes, OBJECTS has %u",
				 file_name, t->volumes, volumes);
	for (uint32_t v = 1; v <= volumes; v++) {
		uint64_t want = volume_chunks(sizes[v - 1]);

		if (chunk_table_count(t, v) != want)
			return error_set(err, ERROR_MEDIA_MISMATCH,
					 "%s: vol-%04u.tar has %zu chunks, its size needs %llu",
					 file_name, v, chunk_table_count(t, v),
					 (unsigned long long)want);
	}
	return 0;
}

int chunk_table_write(const struct chunk_table *t, uint32_t volume, struct buf *out,
		      struct error *err)
{
	char name[VOLUME_NAME_SIZE], hex[DIGEST_HEX], number[NUMBER_SIZE];
	size_t count = chunk_table_count(t, volume);

	volume_name(volume, name);
	for (size_t i = 0; i < count; i++) {
		str_to_hex(chunk_table_digest(t, volume, i), DIGEST_SHA256, hex);
		chunk_number(i, number);
		if (buf_printf(out, err, "%s %s %s\n", hex, name, number))
			return -1;
	}
	return 0;
}
