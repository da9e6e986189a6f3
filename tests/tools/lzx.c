/*
 * Greedy parsing with one byte of look-ahead over hash chains, and the three repeated offsets of
 * the format.  One verbatim block stands for BLOCK bytes; a match never crosses a frame, because
 * each frame is a separate CFDATA that ends on a 16-bit boundary.
 */
#include "tests/tools/lzx.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/tools/huffman.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	WINDOW = 1 << LZX_WINDOW_BITS,
	FRAMES = 8, /* of one block */
	BLOCK = FRAMES * LZX_FRAME,
	BUFFER = 2 * WINDOW + BLOCK,
	REACH = WINDOW - 3, /* longest distance the offset code can express */
	MAIN = 256 + 8 * 50,
	LENGTHS = 249,
	PRETREE = 20,
	HASH_BITS = 17,
	DEPTH = 20, /* candidates looked at */
	MATCH_MIN = 4,
	MATCH_MAX = 257,
	MATCH_GOOD = 48, /* long enough not to look further */
	NEAR = 1 << 15,  /* a match of MATCH_MIN bytes must not be further away */
	OUTPUT = LZX_FRAME * 2 + 4096,
};

struct token {
	uint32_t extra; /* low bits of the offset */
	uint16_t main;
	unsigned char length; /* symbol of the length tree, if main says that there is one */
	unsigned char extra_bits;
};

struct match {
	uint32_t len;
	uint32_t distance;
};

struct lzx {
	lzx_sink *sink;
	void *ctx;
	unsigned char *buffer; /* history, then bytes to be encoded */
	size_t start, fill;    /* of the latter in buffer */
	uint64_t base;         /* stream position of buffer[0] */
	uint32_t *head;        /* by hash: stream position + 1 */
	uint32_t *chain;       /* by position modulo WINDOW: the one before with the same hash */
	uint32_t repeat[3];
	struct token *tokens;
	size_t token_count, frame_tokens[FRAMES + 1];
	uint32_t main_freq[MAIN], length_freq[LENGTHS];
	unsigned char main_lengths[MAIN], length_lengths[LENGTHS];
	uint16_t main_codes[MAIN], length_codes[LENGTHS];
	uint64_t bits;
	unsigned bit_count;
	unsigned char out[OUTPUT];
	size_t out_len;
};

struct lzx *lzx_new(lzx_sink *sink, void *ctx)
{
	struct lzx *l = buf_calloc(1, sizeof *l);

	l->sink = sink;
	l->ctx = ctx;
	l->buffer = buf_malloc(BUFFER);
	l->head = buf_calloc((size_t)1 << HASH_BITS, sizeof *l->head);
	l->chain = buf_malloc(WINDOW * sizeof *l->chain);
	l->tokens = buf_malloc(BLOCK * sizeof *l->tokens);
	for (size_t i = 0; i < 3; i++)
		l->repeat[i] = 1;
	/* The first bit of the stream: no E8 translation. */
	l->bit_count = 1;
	return l;
}

void lzx_free(struct lzx *l)
{
	if (!l)
		return;
	free(l->buffer);
	free(l->head);
	free(l->chain);
	free(l->tokens);
	free(l);
}

/* ---- output: bits in 16-bit words, most significant bit first, low byte first ---- */

static void put(struct lzx *l, uint32_t value, unsigned count)
{
	l->bits = l->bits << count | value;
	l->bit_count += count;
	while (l->bit_count >= 16) {
		l->bit_count -= 16;
		assert(l->out_len + 2 <= sizeof l->out);
		l->out[l->out_len++] = (unsigned char)(l->bits >> l->bit_count);
		l->out[l->out_len++] = (unsigned char)(l->bits >> (l->bit_count + 8));
	}
}

static void put_code(struct lzx *l, const uint16_t *codes, const unsigned char *lengths, size_t s)
{
	put(l, codes[s], lengths[s]);
}

struct run {
	unsigned char symbol, extra, extra_bits;
};

/* Code lengths as differences to the ones of the block before, zeros in runs. */
static size_t make_runs(const unsigned char *now, const unsigned char *before, size_t count,
			struct run *runs)
{
	size_t used = 0;

	for (size_t i = 0; i < count;) {
		size_t zeros = 0;

		while (i + zeros < count && zeros < 51 && now[i + zeros] == 0)
			zeros++;
		if (zeros >= 20) {
			runs[used++] = (struct run){ 18, (unsigned char)(zeros - 20), 5 };
			i += zeros;
		} else if (zeros >= 4) {
			runs[used++] = (struct run){ 17, (unsigned char)(zeros - 4), 4 };
			i += zeros;
		} else {
			runs[used++] =
				(struct run){ (unsigned char)((before[i] + 17 - now[i]) % 17), 0,
					      0 };
			i++;
		}
	}
	return used;
}

static void put_tree(struct lzx *l, const unsigned char *now, unsigned char *before, size_t count)
{
	struct run runs[MAIN];
	uint32_t freq[PRETREE] = { 0 };
	unsigned char lengths[PRETREE];
	uint16_t codes[PRETREE] = { 0 };
	size_t used = make_runs(now, before, count, runs);

	for (size_t i = 0; i < used; i++)
		freq[runs[i].symbol]++;
	huffman_lengths(freq, PRETREE, 15, lengths);
	huffman_codes(lengths, PRETREE, codes);
	for (size_t i = 0; i < PRETREE; i++)
		put(l, lengths[i], 4);
	for (size_t i = 0; i < used; i++) {
		put_code(l, codes, lengths, runs[i].symbol);
		put(l, runs[i].extra, runs[i].extra_bits);
	}
	memcpy(before, now, count);
}

static void put_block_head(struct lzx *l, size_t plain)
{
	unsigned char main[MAIN], lengths[LENGTHS];

	huffman_lengths(l->main_freq, MAIN, 16, main);
	huffman_lengths(l->length_freq, LENGTHS, 16, lengths);
	huffman_codes(main, MAIN, l->main_codes);
	huffman_codes(lengths, LENGTHS, l->length_codes);
	put(l, 1, 3); /* verbatim */
	put(l, (uint32_t)plain >> 8, 16);
	put(l, (uint32_t)plain & 255, 8);
	put_tree(l, main, l->main_lengths, 256);
	put_tree(l, main + 256, l->main_lengths + 256, MAIN - 256);
	put_tree(l, lengths, l->length_lengths, LENGTHS);
}

static void put_tokens(struct lzx *l, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct token *t = &l->tokens[i];

		put_code(l, l->main_codes, l->main_lengths, t->main);
		if (t->main >= 256 && (t->main & 7) == 7)
			put_code(l, l->length_codes, l->length_lengths, t->length);
		put(l, t->extra, t->extra_bits);
	}
}

static int put_block(struct lzx *l, size_t plain, struct error *err)
{
	size_t frames = (plain + LZX_FRAME - 1) / LZX_FRAME;

	put_block_head(l, plain);
	for (size_t f = 0; f < frames; f++) {
		size_t size = f + 1 < frames ? LZX_FRAME : plain - f * LZX_FRAME;

		put_tokens(l, l->frame_tokens[f], l->frame_tokens[f + 1]);
		if (l->bit_count > 0)
			put(l, 0, 16 - l->bit_count);
		if (l->sink(l->ctx, l->out, l->out_len, size, err) < 0)
			return -1;
		l->out_len = 0;
	}
	return 0;
}

/* ---- tokens ---- */

static void add_literal(struct lzx *l, unsigned char byte)
{
	l->main_freq[byte]++;
	l->tokens[l->token_count++] = (struct token){ .main = byte };
}

/* The slot 0..2 of a distance among the repeated ones, which it brings to the front; else 3. */
static unsigned use_repeat(struct lzx *l, uint32_t distance)
{
	for (unsigned i = 0; i < 3; i++) {
		if (l->repeat[i] != distance)
			continue;
		l->repeat[i] = l->repeat[0];
		l->repeat[0] = distance;
		return i;
	}
	l->repeat[2] = l->repeat[1];
	l->repeat[1] = l->repeat[0];
	l->repeat[0] = distance;
	return 3;
}

static void add_match(struct lzx *l, struct match m)
{
	uint32_t formatted = m.distance + 2, slot = use_repeat(l, m.distance), extra = 0;

	if (slot == 3 && formatted >= 1u << 18) {
		slot = 34 + (formatted >> 17);
		extra = 17;
	} else if (slot == 3 && formatted >= 4) {
		uint32_t top = 31 - (uint32_t)__builtin_clz(formatted);

		slot = 2 * top + (formatted >> (top - 1) & 1);
		extra = top - 1;
	}
	uint32_t len = m.len - 2, symbol = 256 + 8 * slot + (len < 7 ? len : 7);

	l->main_freq[symbol]++;
	if (len >= 7)
		l->length_freq[len - 7]++;
	l->tokens[l->token_count++] = (struct token){
		.extra = formatted & ((1u << extra) - 1),
		.main = (uint16_t)symbol,
		.length = (unsigned char)(len >= 7 ? len - 7 : 0),
		.extra_bits = (unsigned char)extra,
	};
}

/* ---- matches ---- */

static uint32_t hash(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof value);
	return value * 2654435761u >> (32 - HASH_BITS);
}

static void remember(struct lzx *l, size_t at)
{
	if (at + MATCH_MIN > l->fill)
		return;
	uint32_t h = hash(l->buffer + at);
	uint64_t position = l->base + at;

	l->chain[position % WINDOW] = l->head[h];
	l->head[h] = (uint32_t)position + 1;
}

static uint32_t common(const unsigned char *a, const unsigned char *b, uint32_t limit)
{
	uint32_t len = 0;

	while (len + 8 <= limit) {
		uint64_t x, y;

		memcpy(&x, a + len, 8);
		memcpy(&y, b + len, 8);
		if (x != y)
			return len + (uint32_t)__builtin_ctzll(x ^ y) / 8;
		len += 8;
	}
	while (len < limit && a[len] == b[len])
		len++;
	return len;
}

static struct match find_repeat(const struct lzx *l, size_t at, uint32_t limit)
{
	struct match best = { 0, 0 };

	for (size_t i = 0; i < 3; i++) {
		if (l->repeat[i] > at)
			continue;
		uint32_t len = common(l->buffer + at - l->repeat[i], l->buffer + at, limit);

		if (len > best.len)
			best = (struct match){ len, l->repeat[i] };
	}
	return best;
}

static struct match find_chain(const struct lzx *l, size_t at, uint32_t limit, uint32_t beat)
{
	const unsigned char *now = l->buffer + at;
	struct match best = { beat, 0 };
	uint64_t position = l->base + at;
	uint32_t candidate = l->head[hash(now)];

	for (unsigned depth = 0; depth < DEPTH && candidate > 0; depth++) {
		uint64_t distance = position - (candidate - 1);

		if (distance > REACH || distance == 0 || best.len >= limit)
			break;
		const unsigned char *old = now - distance;

		if (old[best.len] == now[best.len]) {
			uint32_t len = common(old, now, limit);

			if (len > best.len)
				best = (struct match){ len, (uint32_t)distance };
			if (len >= MATCH_GOOD)
				break;
		}
		uint32_t next = l->chain[(candidate - 1) % WINDOW];
		if (next >= candidate)
			break; /* overwritten: older than the window */
		candidate = next;
	}
	return best;
}

/* The best match at a place before the end of its frame; length 0 when a literal is better. */
static struct match find(const struct lzx *l, size_t at, size_t frame_end)
{
	size_t left = frame_end - at;
	uint32_t limit = left < MATCH_MAX ? (uint32_t)left : MATCH_MAX;

	if (limit < MATCH_MIN)
		return (struct match){ 0, 0 };
	struct match best = find_repeat(l, at, limit);

	if (best.len >= MATCH_GOOD)
		return best;
	/* A repeated offset costs some 15 bits less, so another match must be longer by two. */
	uint32_t beat = best.len >= 3 ? best.len + 1 : MATCH_MIN - 1;
	struct match other = beat < limit ? find_chain(l, at, limit, beat) : (struct match){ 0, 0 };

	if (other.distance > 0 && (other.len > MATCH_MIN || other.distance <= NEAR))
		return other;
	return best.len >= 3 ? best : (struct match){ 0, 0 };
}

/* Tokens of one frame.  After many literals in a row only some places are searched. */
static void parse_frame(struct lzx *l, size_t at, size_t end)
{
	struct match m = find(l, at, end);
	size_t misses = 0;

	remember(l, at);
	while (at < end) {
		size_t known = at + 1; /* first place not yet remembered */

		if (m.len > 0 && m.len < MATCH_GOOD && at + 1 < end) {
			struct match next = find(l, at + 1, end);

			remember(l, at + 1);
			known = at + 2;
			if (next.len > m.len) {
				add_literal(l, l->buffer[at++]);
				m = next;
				continue;
			}
		}
		if (m.len > 0) {
			add_match(l, m);
			at += m.len;
			misses = 0;
		} else {
			for (size_t n = 1 + (misses++ >> 6); n > 0 && at < end; n--)
				add_literal(l, l->buffer[at++]);
		}
		for (; known < at && m.len > 0; known++)
			remember(l, known);
		if (at >= end)
			break;
		m = find(l, at, end);
		remember(l, at);
	}
}

static int encode_block(struct lzx *l, size_t plain, struct error *err)
{
	size_t end = l->start + plain, frame = 0;

	l->token_count = 0;
	memset(l->main_freq, 0, sizeof l->main_freq);
	memset(l->length_freq, 0, sizeof l->length_freq);
	for (size_t at = l->start; at < end; at += LZX_FRAME) {
		l->frame_tokens[frame++] = l->token_count;
		parse_frame(l, at, at + LZX_FRAME < end ? at + LZX_FRAME : end);
	}
	l->frame_tokens[frame] = l->token_count;
	l->start = end;
	return put_block(l, plain, err);
}

/* Keep one window of history and make room at the end. */
static void slide(struct lzx *l)
{
	size_t drop = l->start - WINDOW;

	memmove(l->buffer, l->buffer + drop, l->fill - drop);
	l->base += drop;
	l->start -= drop;
	l->fill -= drop;
}

int lzx_write(struct lzx *l, const void *bytes, size_t len, struct error *err)
{
	const unsigned char *p = bytes;

	while (len > 0) {
		size_t want = BLOCK - (l->fill - l->start), part = len < want ? len : want;

		if (l->fill + part > BUFFER)
			slide(l);
		memcpy(l->buffer + l->fill, p, part);
		l->fill += part;
		p += part;
		len -= part;
		if (l->fill - l->start == BLOCK && encode_block(l, BLOCK, err) < 0)
			return -1;
	}
	return 0;
}

int lzx_finish(struct lzx *l, struct error *err)
{
	if (l->fill == l->start)
		return 0;
	return encode_block(l, l->fill - l->start, err);
}
