#include "lib/pack/pack.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

static void add(struct pack_builder *b, const void *bytes, size_t len)
{
	unsigned char sha256[DIGEST_SHA256];

	digest_sha256(bytes, len, sha256);
	pack_builder_add(b, sha256, bytes, len);
}

static void fragments_come_back_in_order(void **state)
{
	static const char *const texts[] = { "<a/>", "", "<b>text</b>", "x" };
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	CLEANUP(buf_clear) struct buf out = BUF_INIT(SIZE_MAX), again = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		add(b, texts[i], strlen(texts[i]));
	assert_int_equal(pack_builder_count(b), 4);
	assert_int_equal(pack_builder_bytes(b), 16);
	assert_int_equal(pack_builder_finish(b, &out, &err), 0);
	assert_int_equal(pack_builder_finish(b, &again, &err), 0);
	assert_int_equal(out.len, again.len); /* deterministic */
	assert_memory_equal(out.bytes, again.bytes, out.len);
	CLEANUP(pack_free) struct pack *p = pack_open(out.bytes, out.len, "p", &err);
	assert_no_error(err);
	assert_int_equal(p->count, 4);
	assert_int_equal(p->entries[0].offset, pack_builder_header(b));
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(p->entries[i].size, strlen(texts[i]));
		assert_memory_equal(p->bytes + p->entries[i].offset, texts[i], strlen(texts[i]));
	}
}

static void every_number_of_fragments_has_its_header(void **state)
{
	static const size_t counts[] = { 0, 1, 9, 10, 11, 99, 100, 1000, LIMIT_PACK_ENTRIES };

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
		CLEANUP(buf_clear) struct buf out = BUF_INIT(SIZE_MAX);
		struct error err = ERROR_INIT;

		for (size_t k = 0; k < counts[i]; k++) {
			char text[16];

			add(b, text, (size_t)snprintf(text, sizeof text, "%zu", k));
		}
		assert_int_equal(pack_builder_finish(b, &out, &err), 0);
		CLEANUP(pack_free) struct pack *p = pack_open(out.bytes, out.len, "p", &err);
		assert_non_null(p);
		assert_int_equal(p->count, counts[i]);
		assert_int_equal(p->len, pack_builder_header(b) + pack_builder_bytes(b));
	}
}

/* Whether a fragment is copied or was put where it will lie, the pack is the same. */
static void a_fragment_may_lie_where_it_will_be(void **state)
{
	static const size_t sizes[] = { 5, 0, 3 << 20, 1 };
	CLEANUP(pack_builder_free) struct pack_builder *there = pack_builder_new();
	CLEANUP(pack_builder_free) struct pack_builder *copied = pack_builder_new();
	CLEANUP(buf_clear) struct buf one = BUF_INIT(SIZE_MAX), two = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CLEANUP(free) unsigned char *bytes = buf_malloc(sizes[i]);

		memset(bytes, (int)('a' + i), sizes[i]);
		/* room that nothing is added to costs nothing */
		memset(pack_builder_room(there, sizes[i] + 9), 'x', sizes[i] + 9);
		void *room = pack_builder_room(there, sizes[i]);
		memcpy(room, bytes, sizes[i]);
		add(there, room, sizes[i]);
		add(copied, bytes, sizes[i]);
	}
	assert_int_equal(pack_builder_finish(there, &one, &err), 0);
	assert_int_equal(pack_builder_finish(copied, &two, &err), 0);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.bytes, two.bytes, one.len);
}

#define MAGIC "gapferry-pack 1\n"
#define SHA_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void every_refusal_has_its_reason(void **state)
{
	static const struct {
		const char *text;
		enum error_id id;
		const char *want;
	} rows[] = {
		{ "", ERROR_PACK_FORMAT, "does not begin with the pack magic" },
		{ "gapferry-pack 1", ERROR_PACK_FORMAT, "does not begin with the pack magic" },
		{ "gapferry-pack 2\n0\n", ERROR_PACK_FORMAT, "does not begin with the pack magic" },
		{ MAGIC, ERROR_PACK_FORMAT, "bad number of fragments" },
		{ MAGIC "1", ERROR_PACK_FORMAT, "bad number of fragments" },
		{ MAGIC "01\n", ERROR_PACK_FORMAT, "bad number of fragments" },
		{ MAGIC "65537\n", ERROR_PACK_FORMAT, "bad number of fragments" },
		{ MAGIC "-1\n", ERROR_PACK_FORMAT, "bad number of fragments" },
		{ MAGIC "65536\n", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC " 3", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC "\n", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC " \nabc", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC "  3\nabc", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC "\t3\nabc", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC " 03\nabc", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC
		  "1\nBA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3\nabc",
		  ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC " 16777217\nabc", ERROR_PACK_FORMAT, "bad entry 1" },
		{ MAGIC "1\n" SHA_ABC " 16777216\nabc", ERROR_PACK_FORMAT,
		  "fragment 1 ends beyond" },
		{ MAGIC "1\n" SHA_ABC " 4\nabc", ERROR_PACK_FORMAT, "fragment 1 ends beyond" },
		{ MAGIC "1\n" SHA_ABC " 3\nabcd", ERROR_PACK_FORMAT,
		  "1 bytes belong to no fragment" },
		{ MAGIC "0\nx", ERROR_PACK_FORMAT, "1 bytes belong to no fragment" },
		{ MAGIC "1\n" SHA_ABC " 3\nabd", ERROR_PACK_DIGEST, "fragment 1 at byte 85" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(buf_clear) struct buf frame = BUF_INIT(SIZE_MAX);
		struct error err = ERROR_INIT;

		assert_int_equal(pack_compress(rows[i].text, strlen(rows[i].text), &frame, &err),
				 0);
		assert_null(pack_open(frame.bytes, frame.len, "label", &err));
		assert_error(err, rows[i].id, rows[i].want);
		assert_int_equal(strncmp(err.message, "label: ", 7), 0);
	}
}

static void refuse_frame(const void *bytes, size_t len, size_t max, const char *want)
{
	struct error err = ERROR_INIT;
	unsigned char *out = NULL;
	size_t out_len;

	assert_int_equal(pack_decompress(bytes, len, max, "f", &out, &out_len, &err), -1);
	assert_error(err, ERROR_PACK_FORMAT, want);
	assert_null(out);
}

static void only_one_plain_frame_will_do(void **state)
{
	/* Content size unknown: single segment off, an empty last raw block. */
	static const unsigned char unsized[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 0, 0 };
	static const unsigned char skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x' };
	/* 2 GiB stated in eight bytes, in a frame of a dozen. */
	static const unsigned char bomb[] = { 0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x58, 0, 0, 0,
					      0x80, 0,    0,    0,    0,    1,    0, 0 };
	CLEANUP(buf_clear) struct buf frame = BUF_INIT(SIZE_MAX);
	struct error err = ERROR_INIT;
	unsigned char *out;
	size_t len;

	(void)state;
	assert_int_equal(pack_compress("hello hello hello", 17, &frame, &err), 0);
	assert_int_equal(pack_decompress(frame.bytes, frame.len, 17, "f", &out, &len, &err), 0);
	assert_int_equal(len, 17);
	assert_string_equal((char *)out, "hello hello hello"); /* terminated */
	free(out);
	refuse_frame(frame.bytes, frame.len, 16, "17 bytes when decompressed, more than 16");
	for (size_t cut = 0; cut < frame.len; cut++)
		refuse_frame(frame.bytes, cut, 17, "f: ");
	assert_int_equal(buf_append(&frame, "", 1, &err), 0);
	refuse_frame(frame.bytes, frame.len, 17, "not exactly one zstd frame");
	frame.len--;
	assert_int_equal(buf_append(&frame, skippable, sizeof skippable, &err), 0);
	refuse_frame(frame.bytes, frame.len, 17, "not exactly one zstd frame");
	refuse_frame(skippable, sizeof skippable, 100, "not a zstd frame");
	refuse_frame(unsized, sizeof unsized, 100, "does not state its size");
	refuse_frame(bomb, sizeof bomb, LIMIT_PACK_BYTES, "2147483648 bytes when decompressed");
	assert_int_equal(pack_compress("", 0, &frame, &err), 0);
	assert_int_equal(pack_decompress(frame.bytes, frame.len, 0, "f", &out, &len, &err), 0);
	assert_int_equal(len, 0);
	free(out);
}

/* A frame that asks for a window of 8 MiB, and for one of 8 MiB and an eighth. */
static void larger_windows_are_refused(void **state)
{
	enum { SIZE = 20 << 20, BLOCK = 128 << 10 };
	/* Checksum and dictionary off, size in four bytes, window descriptor. */
	static const unsigned char head[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x80 };
	static const unsigned char size[] = { 0, 0, 0x40, 1 };
	static const unsigned char windows[] = { (LIMIT_ZSTD_WINDOW_LOG - 10) << 3,
						 ((LIMIT_ZSTD_WINDOW_LOG - 10) << 3) + 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(windows); i++) {
		CLEANUP(buf_clear) struct buf frame = BUF_INIT(SIZE_MAX);
		struct error err = ERROR_INIT;
		unsigned char *out = NULL;
		size_t len = 0;

		assert_int_equal(buf_append(&frame, head, sizeof head, &err), 0);
		assert_int_equal(buf_append(&frame, &windows[i], 1, &err), 0);
		assert_int_equal(buf_append(&frame, size, sizeof size, &err), 0);
		for (unsigned at = 0; at < SIZE; at += BLOCK) {
			/* A block of one byte repeated; bit 0 on the last one. */
			unsigned n = (unsigned)BLOCK << 3 | 1u << 1 | (at + BLOCK == SIZE);
			const unsigned char block[] = { (unsigned char)n, (unsigned char)(n >> 8),
							(unsigned char)(n >> 16), 'x' };

			assert_int_equal(buf_append(&frame, block, sizeof block, &err), 0);
		}
		int result = pack_decompress(frame.bytes, frame.len, LIMIT_PACK_BYTES, "f", &out,
					     &len, &err);
		if (i > 0) {
			assert_int_equal(result, -1);
			assert_error(err, ERROR_PACK_FORMAT, "a window of more than 8388608");
		} else {
			assert_no_error(err);
			assert_int_equal(len, SIZE);
		}
		free(out);
	}
}

/* The largest pack that building makes: just below the target, then the largest fragment. */
static void the_largest_pack_opens(void **state)
{
	CLEANUP(pack_builder_free) struct pack_builder *b = pack_builder_new();
	CLEANUP(buf_clear) struct buf out = BUF_INIT(SIZE_MAX);
	unsigned char *big = buf_calloc(1, LIMIT_FRAGMENT_BYTES);
	struct error err = ERROR_INIT;

	(void)state;
	for (unsigned i = 1; i < LIMIT_PACK_ENTRIES; i++) {
		char text[64];
		int n = snprintf(text, sizeof text, "%063u", i);

		add(b, text, (size_t)n);
	}
	assert_true(pack_builder_bytes(b) < PACK_TARGET_BYTES);
	add(b, big, LIMIT_FRAGMENT_BYTES);
	assert_int_equal(pack_builder_count(b), LIMIT_PACK_ENTRIES);
	assert_int_equal(pack_builder_finish(b, &out, &err), 0);
	CLEANUP(pack_free) struct pack *p = pack_open(out.bytes, out.len, "p", &err);
	assert_no_error(err);
	assert_int_equal(p->count, LIMIT_PACK_ENTRIES);
	assert_int_equal(p->entries[p->count - 1].size, LIMIT_FRAGMENT_BYTES);
	free(big);
}

static void a_pack_beyond_the_limit_is_refused(void **state)
{
	CLEANUP(buf_clear) struct buf frame = BUF_INIT(SIZE_MAX);
	unsigned char *big = buf_calloc(1, LIMIT_PACK_BYTES + 1);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(pack_compress(big, LIMIT_PACK_BYTES + 1, &frame, &err), 0);
	assert_null(pack_open(frame.bytes, frame.len, "p", &err));
	assert_error(err, ERROR_PACK_FORMAT,
		     "33554433 bytes when decompressed, more than 33554432");
	error_clear(&err);
	assert_int_equal(pack_compress(big, LIMIT_PACK_BYTES, &frame, &err), 0);
	assert_null(pack_open(frame.bytes, frame.len, "p", &err));
	assert_error(err, ERROR_PACK_FORMAT, "magic");
	free(big);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_come_back_in_order),
		cmocka_unit_test(every_number_of_fragments_has_its_header),
		cmocka_unit_test(a_fragment_may_lie_where_it_will_be),
		cmocka_unit_test(every_refusal_has_its_reason),
		cmocka_unit_test(only_one_plain_frame_will_do),
		cmocka_unit_test(larger_windows_are_refused),
		cmocka_unit_test(the_largest_pack_opens),
		cmocka_unit_test(a_pack_beyond_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
