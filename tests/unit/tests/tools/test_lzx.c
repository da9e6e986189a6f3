/*
 * The encoder against a decoder of its own: every frame must decode to the bytes that went in.
 * The decoder is written for clarity and reads one bit at a time.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/tools/lzx.h"
#include "tests/tools/random.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAIN = 656, LENGTHS = 249, DECODED_MAX = 12 << 20 };

/* A canonical code: how many symbols of each length, and the symbols in order of their codes. */
struct code {
	unsigned of_length[17];
	unsigned symbols[MAIN];
};

struct decoder {
	unsigned char *out;
	size_t len;
	const unsigned char *in;
	size_t in_len, bit;
	bool started;
	size_t block_left;
	unsigned char main[MAIN], lengths[LENGTHS];
	struct code main_code, length_code;
	size_t repeat[3];
	size_t frames, bytes;
};

static unsigned next_bit(struct decoder *d)
{
	size_t word = d->bit / 16 * 2;

	assert_true(word + 1 < d->in_len);
	unsigned value = d->in[word] | (unsigned)d->in[word + 1] << 8;

	return value >> (15 - d->bit++ % 16) & 1;
}

static unsigned next_bits(struct decoder *d, unsigned count)
{
	unsigned value = 0;

	while (count-- > 0)
		value = value << 1 | next_bit(d);
	return value;
}

static void make_code(struct code *c, const unsigned char *lengths, unsigned count)
{
	unsigned used = 0;

	memset(c, 0, sizeof *c);
	for (unsigned len = 1; len <= 16; len++) {
		for (unsigned i = 0; i < count; i++) {
			if (lengths[i] != len)
				continue;
			c->of_length[len]++;
			c->symbols[used++] = i;
		}
	}
}

static unsigned symbol(struct decoder *d, const struct code *c)
{
	unsigned code = 0, first = 0, before = 0;

	for (unsigned len = 1; len <= 16; len++) {
		code = code << 1 | next_bit(d);
		if (code - first < c->of_length[len])
			return c->symbols[before + code - first];
		before += c->of_length[len];
		first = (first + c->of_length[len]) << 1;
	}
	fail_msg("not a code");
	return 0;
}

static void read_tree(struct decoder *d, unsigned char *lengths, unsigned count)
{
	unsigned char pre[20];
	struct code code;

	for (size_t i = 0; i < 20; i++)
		pre[i] = (unsigned char)next_bits(d, 4);
	make_code(&code, pre, 20);
	for (unsigned i = 0; i < count;) {
		unsigned s = symbol(d, &code), run = 1;

		if (s >= 17) {
			run = s == 17 ? 4 + next_bits(d, 4) : 20 + next_bits(d, 5);
			assert_true(i + run <= count);
			memset(lengths + i, 0, run);
		} else {
			lengths[i] = (unsigned char)((lengths[i] + 17 - s) % 17);
		}
		i += run;
	}
}

static size_t read_distance(struct decoder *d, unsigned slot)
{
	size_t distance;

	if (slot < 3) {
		distance = d->repeat[slot];
		d->repeat[slot] = d->repeat[0];
	} else {
		unsigned extra = slot < 4 ? 0 : slot < 36 ? slot / 2 - 1 : 17;
		size_t base = slot < 4    ? slot
			      : slot < 36 ? (size_t)(2 + slot % 2) << extra
					  : (size_t)(slot - 34) << 17;

		distance = base + next_bits(d, extra) - 2;
		d->repeat[2] = d->repeat[1];
		d->repeat[1] = d->repeat[0];
	}
	d->repeat[0] = distance;
	return distance;
}

static void read_block(struct decoder *d)
{
	assert_int_equal(next_bits(d, 3), 1);
	d->block_left = next_bits(d, 24);
	read_tree(d, d->main, 256);
	read_tree(d, d->main + 256, MAIN - 256);
	read_tree(d, d->lengths, LENGTHS);
	make_code(&d->main_code, d->main, MAIN);
	make_code(&d->length_code, d->lengths, LENGTHS);
}

static int decode(void *ctx, const unsigned char *bytes, size_t len, size_t plain,
		  struct error *err)
{
	struct decoder *d = ctx;
	size_t end = d->len + plain;

	(void)err;
	assert_true(plain <= LZX_FRAME && len <= LZX_FRAME + 6144 && end <= DECODED_MAX);
	d->in = bytes;
	d->in_len = len;
	d->bit = 0;
	d->frames++;
	d->bytes += len;
	if (!d->started)
		assert_int_equal(next_bit(d), 0);
	d->started = true;
	while (d->len < end) {
		if (d->block_left == 0)
			read_block(d);
		unsigned s = symbol(d, &d->main_code);

		if (s < 256) {
			d->out[d->len++] = (unsigned char)s;
			d->block_left--;
			continue;
		}
		size_t match = (s & 7) + 2;
		if (match == 9)
			match += symbol(d, &d->length_code);
		size_t distance = read_distance(d, (s - 256) / 8);

		assert_true(distance > 0 && distance <= d->len && distance <= (1 << 21) - 3);
		assert_true(match <= d->block_left && d->len + match <= end);
		d->block_left -= match;
		for (; match > 0; match--, d->len++)
			d->out[d->len] = d->out[d->len - distance];
	}
	assert_int_equal((d->bit + 15) / 16 * 2, len);
	return 0;
}

/* Returns the compressed size. */
static size_t round_trip(const unsigned char *bytes, size_t len, size_t part)
{
	struct decoder d = { .out = buf_malloc(DECODED_MAX), .repeat = { 1, 1, 1 } };
	CLEANUP(lzx_free) struct lzx *l = lzx_new(decode, &d);
	struct error err = ERROR_INIT;

	for (size_t at = 0; at < len; at += part)
		assert_int_equal(lzx_write(l, bytes + at, len - at < part ? len - at : part, &err),
				 0);
	assert_int_equal(lzx_finish(l, &err), 0);
	assert_int_equal(d.len, len);
	assert_memory_equal(d.out, bytes, len);
	assert_int_equal(d.frames, (len + LZX_FRAME - 1) / LZX_FRAME);
	free(d.out);
	return d.bytes;
}

static void sizes_around_the_edges(void **state)
{
	static const size_t sizes[] = { 0,     1,     2,      3,      4,      5,     32767,
					32768, 32769, 262143, 262144, 262145, 300000 };
	unsigned char *bytes = buf_malloc(300000);
	struct random r;

	(void)state;
	random_init(&r, 1, 1);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		random_fill(&r, bytes, sizes[i]);
		round_trip(bytes, sizes[i], 1000003);
		for (size_t k = 0; k < sizes[i]; k++)
			bytes[k] = (unsigned char)(bytes[k] % 3 + 'a');
		round_trip(bytes, sizes[i], 777);
		memset(bytes, 'x', sizes[i]);
		round_trip(bytes, sizes[i], 65536);
	}
	free(bytes);
}

/* Text that repeats near, far, at the end of the window and beyond it. */
static void every_distance(void **state)
{
	enum { SIZE = 5 << 20, PIECE = 700 };
	unsigned char *bytes = buf_malloc(SIZE);
	struct random r;

	(void)state;
	random_init(&r, 7, 3);
	random_fill(&r, bytes, SIZE);
	for (size_t at = PIECE; at + PIECE <= SIZE; at += PIECE) {
		uint64_t far = random_log_uniform(&r, 1, 1u << 22);

		if (far <= at && random_percent(&r, 60))
			for (size_t k = 0; k < PIECE - random_below(&r, 690); k++)
				bytes[at + k] = bytes[at + k - far];
	}
	for (uint32_t edge = (1 << 21) - 5; edge <= (1 << 21) + 2; edge++)
		memcpy(bytes + SIZE - PIECE * (edge % 16 + 2),
		       bytes + SIZE - PIECE * (edge % 16 + 2) - edge, 300);
	size_t packed = round_trip(bytes, SIZE, 123457);

	assert_in_range(packed, SIZE / 4, SIZE);
	free(bytes);
}

static void text_becomes_small(void **state)
{
	enum { SIZE = 1 << 20 };
	unsigned char *bytes = buf_malloc(SIZE + 64);
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; len < SIZE; i++)
		len += (size_t)snprintf((char *)bytes + len, 64, "<Update RevisionId=\"%u\" />", i);
	assert_in_range(round_trip(bytes, SIZE, 4096), 1000, SIZE / 6);
	free(bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_around_the_edges),
		cmocka_unit_test(every_distance),
		cmocka_unit_test(text_becomes_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
