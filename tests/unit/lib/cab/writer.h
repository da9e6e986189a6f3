/*
 * A tiny cabinet writer for tests: stored folders and MSZIP folders made of stored deflate blocks,
 * any reserve areas.  It remembers where every structure lies, so that tests can tell lies there.
 */
#ifndef TESTS_CAB_WRITER_H
#define TESTS_CAB_WRITER_H

#include "lib/base/error.h"
#include "lib/base/source.h"
#include "lib/cab/cab.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

enum { WRITER_BYTES = 1 << 18, WRITER_PLACES = 32 };

struct writer_member {
	const char *name;
	uint32_t size;
	uint16_t folder, attributes;
	const unsigned char *bytes; /* NULL: writer_byte() */
};

struct writer {
	uint16_t types[16]; /* of each folder */
	unsigned folder_count;
	const struct writer_member *members;
	unsigned member_count;
	bool reserve;
	unsigned header_reserve, folder_reserve, block_reserve;

	unsigned char bytes[WRITER_BYTES];
	size_t len;
	size_t folders[WRITER_PLACES], entries[WRITER_PLACES], blocks[WRITER_PLACES];
	unsigned block_count;
};

/* Byte i of member m. */
static unsigned char writer_byte(const struct writer_member *m, unsigned index, size_t i)
{
	return m->bytes ? m->bytes[i] : (unsigned char)(index * 37 + i * 11 + (i >> 8));
}

static void writer_number(struct writer *w, size_t at, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		w->bytes[at + i] = (unsigned char)(value >> 8 * i);
}

/* Append a number; where it begins. */
static size_t writer_add(struct writer *w, unsigned width, uint32_t value)
{
	size_t at = w->len;

	assert_true(at + width <= sizeof w->bytes);
	writer_number(w, at, width, value);
	w->len += width;
	return at;
}

static void writer_fill(struct writer *w, size_t count)
{
	while (count-- > 0)
		writer_add(w, 1, 0xa5);
}

static uint32_t writer_sum(const unsigned char *p, size_t len)
{
	uint32_t sum = 0;
	size_t whole = len / 4 * 4;

	for (size_t i = 0; i < whole; i++)
		sum ^= (uint32_t)p[i] << 8 * (i % 4);
	for (size_t i = whole; i < len; i++)
		sum ^= (uint32_t)p[i] << 8 * (len - 1 - i);
	return sum;
}

/* Compute the checksum of the block at `at` again. */
static void writer_seal(struct writer *w, size_t at)
{
	size_t data = at + 8 + w->block_reserve;
	size_t size = (size_t)(w->bytes[at + 4] | w->bytes[at + 5] << 8);
	uint32_t sum = writer_sum(w->bytes + data, size) ^
		       writer_sum(w->bytes + at + 4, 4 + w->block_reserve);

	writer_number(w, at, 4, sum);
}

static void writer_block(struct writer *w, uint16_t type, const unsigned char *bytes, uint32_t len)
{
	size_t at = w->len;

	w->blocks[w->block_count++] = at;
	writer_add(w, 4, 0);
	writer_add(w, 2, type == 1 ? len + 7 : len);
	writer_add(w, 2, len);
	writer_fill(w, w->block_reserve);
	if (type == 1) { /* "CK", final stored deflate block */
		writer_add(w, 3, 0x014b43);
		writer_add(w, 2, len);
		writer_add(w, 2, ~len);
	}
	for (uint32_t i = 0; i < len; i++)
		writer_add(w, 1, bytes[i]);
	writer_seal(w, at);
}

static void writer_folder(struct writer *w, unsigned folder)
{
	unsigned char *plain = calloc(1, WRITER_BYTES);
	uint32_t len = 0, count = 0;

	for (unsigned m = 0; m < w->member_count; m++)
		for (uint32_t i = 0; w->members[m].folder == folder && i < w->members[m].size; i++)
			plain[len++] = writer_byte(&w->members[m], m, i);
	writer_number(w, w->folders[folder], 4, (uint32_t)w->len);
	for (uint32_t from = 0; from < len; from += 32768, count++)
		writer_block(w, w->types[folder], plain + from,
			     len - from < 32768 ? len - from : 32768);
	writer_number(w, w->folders[folder] + 4, 2, count);
	free(plain);
}

static void writer_head(struct writer *w)
{
	w->len = 0;
	w->block_count = 0;
	writer_add(w, 4, 0x4643534d);
	for (int i = 0; i < 5; i++)
		writer_add(w, 4, 0);
	writer_add(w, 2, 0x0103);
	writer_add(w, 2, w->folder_count);
	writer_add(w, 2, w->member_count);
	writer_add(w, 2, w->reserve ? 4 : 0);
	writer_add(w, 4, 1234);
	if (!w->reserve)
		return;
	writer_add(w, 2, w->header_reserve);
	writer_add(w, 1, w->folder_reserve);
	writer_add(w, 1, w->block_reserve);
	writer_fill(w, w->header_reserve);
}

static void writer_build(struct writer *w)
{
	writer_head(w);
	for (unsigned i = 0; i < w->folder_count; i++) {
		w->folders[i] = writer_add(w, 4, 0);
		writer_add(w, 2, 0);
		writer_add(w, 2, w->types[i]);
		writer_fill(w, w->folder_reserve);
	}
	writer_number(w, 16, 4, (uint32_t)w->len);
	for (unsigned i = 0; i < w->member_count; i++) {
		const struct writer_member *m = &w->members[i];
		uint32_t before = 0;

		for (unsigned k = 0; k < i; k++)
			before += w->members[k].folder == m->folder ? w->members[k].size : 0;
		w->entries[i] = writer_add(w, 4, m->size);
		writer_add(w, 4, before);
		writer_add(w, 2, m->folder);
		writer_add(w, 4, 0x53dc46f5);
		writer_add(w, 2, m->attributes);
		for (const char *p = m->name; *p; p++)
			writer_add(w, 1, (unsigned char)*p);
		writer_add(w, 1, 0);
	}
	for (unsigned i = 0; i < w->folder_count; i++)
		writer_folder(w, i);
	writer_number(w, 8, 4, (uint32_t)w->len);
}

/* Everything a cabinet gives: 0 and the bytes of all members in out, or -1. */
struct reading {
	unsigned char bytes[WRITER_BYTES];
	size_t len;
	uint32_t sizes[WRITER_PLACES];
	unsigned members;
};

static int reading_all(struct source *src, size_t step, struct reading *out, struct error *err)
{
	CLEANUP(cab_close) struct cab *c = cab_open(src, "t.cab", err);
	struct cab_member m;
	int more;

	out->len = 0;
	out->members = 0;
	if (!c)
		return -1;
	while ((more = cab_next(c, &m, err)) > 0) {
		size_t before = out->len;
		ssize_t n;

		do {
			assert_true(out->len + step <= sizeof out->bytes);
			n = cab_read(c, out->bytes + out->len, step, err);
			out->len += n > 0 ? (size_t)n : 0;
		} while (n > 0);
		if (n < 0)
			return -1;
		assert_int_equal(out->len - before, m.size);
		assert_true(out->members < WRITER_PLACES);
		assert_int_equal(m.index, out->members);
		out->sizes[out->members++] = (uint32_t)m.size;
	}
	return more;
}

/* The same from an exact copy in memory, so that reading one byte too far is seen. */
static int reading_bytes(const unsigned char *bytes, size_t len, struct reading *out,
			 struct error *err)
{
	unsigned char *exact = malloc(len ? len : 1);
	struct source_memory src;

	memcpy(exact, bytes, len);
	source_memory_init(&src, exact, len);
	int r = reading_all(&src.base, 4096, out, err);

	free(exact);
	assert_int_equal(r < 0, err->id != ERROR_NONE);
	return r;
}

#endif
