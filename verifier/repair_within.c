/*
 * Two ways, the second when the first does not lead to the digest in CHUNKS.
 * By sums: slices whose sum is wrong are lost, of the chunk and of its groups.
 * Blind, when no header is left or the sums lie: all slices of chunks whose
 * digest is wrong are lost, and which parity slices are good is found by trying.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/pool.h"
#include "media/parity_code.h"
#include "verifier/repair_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SLICES = VOLUME_CHUNK / PARITY_SLICE, BATCH = 4 };

/* One group of one stripe, and what of it is lost. */
struct group {
	struct repair *repair;
	uint32_t volume, number, members;
	struct repair_volume_state *state;
	struct parity_stripe stripe;
	unsigned lost[PARITY_GROUP], lost_count; /* members */
	unsigned rows[PARITY_ROWS], row_count;   /* parity slices that may be used */
};

static uint64_t slice_of(const struct group *g, unsigned member)
{
	return g->stripe.first + (uint64_t)member * g->stripe.groups + g->number;
}

static struct group group_of(struct repair *r, uint32_t volume, uint64_t slice)
{
	struct group g = { .repair = r, .volume = volume, .state = repair_volume_of(r, volume) };

	g.stripe = parity_stripe(&g.state->layout, (uint32_t)(slice / PARITY_STRIPE));
	g.number = (uint32_t)((slice - g.stripe.first) % g.stripe.groups);
	g.members = parity_members(&g.stripe, g.number);
	return g;
}

/* ---- the files ---- */

static void open_parity(struct repair *r, uint32_t volume)
{
	struct repair_volume_state *s = repair_volume_of(r, volume);
	struct parity_id id = { .number = volume, .volumes = 1, .size = s->layout.size };
	char name[PARITY_NAME_SIZE];

	if (s->file.tried)
		return;
	parity_name(volume, name);
	repair_hash_chunks(r, volume, 1, id.chunks);
	repair_file_open(r, &s->file, name, &id, s->layout.file_bytes - s->layout.header_bytes);
}

static int read_slice(const struct group *g, unsigned member, unsigned char *out)
{
	uint64_t slice = slice_of(g, member);
	size_t len = parity_slice_bytes(&g->state->layout, slice);

	memset(out + len, 0, PARITY_SLICE - len);
	return repair_read(g->repair, g->volume, out, len, slice * PARITY_SLICE);
}

static uint64_t parity_index(const struct group *g, unsigned row)
{
	return g->stripe.parity + (uint64_t)g->number * g->stripe.rows + row;
}

static int read_row(const struct group *g, unsigned row, unsigned char *out)
{
	struct error ignored = ERROR_INIT; /* a row that cannot be read is not used */

	return file_read_at(g->state->file.fd, "parity", out, PARITY_SLICE,
			    parity_offset(&g->state->layout, parity_index(g, row)), &ignored);
}

/* Reads it in any case. */
static bool slice_is_good(const struct group *g, unsigned member, unsigned char *buffer)
{
	uint64_t slice = slice_of(g, member);

	return read_slice(g, member, buffer) == 0 &&
	       parity_code_sum(buffer, parity_slice_bytes(&g->state->layout, slice)) ==
		       g->state->file.sums[slice];
}

static bool row_is_good(const struct group *g, unsigned row, unsigned char *buffer)
{
	uint64_t sum = g->state->file.sums[g->state->layout.slices + parity_index(g, row)];

	return read_row(g, row, buffer) == 0 && parity_code_sum(buffer, PARITY_SLICE) == sum;
}

/* ---- rebuilding ---- */

static unsigned char *cached(const struct repair *r, uint32_t volume, uint64_t slice)
{
	for (size_t i = 0; i < REPAIR_CACHE; i++)
		if (r->cache[i].volume == volume && r->cache[i].slice == slice)
			return r->cache[i].bytes;
	return NULL;
}

/* The place of a slice that is about to be rebuilt; the oldest one makes room. */
static unsigned char *cache_place(struct repair *r, uint32_t volume, uint64_t slice)
{
	struct repair_cached *c = &r->cache[r->cache_next];

	for (size_t i = 0; i < REPAIR_CACHE; i++)
		if (r->cache[i].volume == volume && r->cache[i].slice == slice)
			return r->cache[i].bytes;
	r->cache_next = (r->cache_next + 1) % REPAIR_CACHE;
	if (!c->bytes)
		c->bytes = buf_malloc(PARITY_SLICE);
	c->volume = volume;
	c->slice = slice;
	return c->bytes;
}

/* Add all slices that are not lost to the rows. */
static int fold_others(const struct group *g, const struct parity_code *code,
		       unsigned char *const *rows, unsigned char *buffer)
{
	struct parity_code_slice slices[BATCH];
	size_t n = 0;

	for (unsigned m = 0, next = 0; m <= g->members; m++) {
		if (n == BATCH || m == g->members) {
			parity_code_fold(code, slices, n, PARITY_SLICE, rows);
			n = 0;
		}
		if (m == g->members)
			break;
		if (next < g->lost_count && g->lost[next] == m) {
			next++;
			continue;
		}
		slices[n].index = m;
		slices[n].bytes = buffer + n * PARITY_SLICE;
		if (read_slice(g, m, slices[n].bytes) < 0)
			return -1;
		n++;
	}
	return 0;
}

/* The lost slices of a group into the cache, by these rows, as many as are lost. */
static int rebuild(const struct group *g, const unsigned *use)
{
	CLEANUP(parity_code_free)
	struct parity_code *code = parity_code_new(PARITY_GROUP, use, g->lost_count);
	CLEANUP(free)
	unsigned char *buffer = buf_malloc((size_t)(PARITY_ROWS + BATCH) * PARITY_SLICE);
	unsigned char *rows[PARITY_ROWS], *out[PARITY_ROWS];

	for (unsigned i = 0; i < g->lost_count; i++) {
		rows[i] = buffer + (size_t)i * PARITY_SLICE;
		if (read_row(g, use[i], rows[i]) < 0)
			return -1;
	}
	if (fold_others(g, code, rows, buffer + (size_t)PARITY_ROWS * PARITY_SLICE) < 0)
		return -1;
	for (unsigned i = 0; i < g->lost_count; i++)
		out[i] = cache_place(g->repair, g->volume, slice_of(g, g->lost[i]));
	parity_code_solve(code, g->lost, rows, PARITY_SLICE, out);
	return 0;
}

static int too_many(const struct group *g)
{
	snprintf(g->repair->cause, sizeof g->repair->cause,
		 "%u of the %u slices of its parity group are damaged, %u can be replaced",
		 g->lost_count, g->members, g->row_count);
	return -1;
}

/* ---- by sums ---- */

/* Groups of one chunk that are rebuilt side by side, each slice read once. */
struct rebuilding {
	struct repair *repair;
	struct group groups[CHUNK_SLICES];
	size_t count;
	unsigned char *room[CHUNK_SLICES]; /* PARITY_ROWS rows, BATCH slices */
};

static void rebuilding_clear(struct rebuilding *b)
{
	for (size_t i = 0; i < CHUNK_SLICES; i++)
		free(b->room[i]);
}
DEFINE_CLEANUP_IN_PLACE(struct rebuilding, rebuilding_clear);

/* Read the parity slices; those that are no good are never used. */
static void take_rows(struct group *g, unsigned char **rows, unsigned char *room)
{
	for (unsigned row = 0; row < g->stripe.rows; row++) {
		rows[row] = room + (size_t)row * PARITY_SLICE;
		if (row_is_good(g, row, rows[row]))
			g->rows[g->row_count++] = row;
		else
			memset(rows[row], 0, PARITY_SLICE);
	}
}

/* Good slices of the group into all rows, whichever will be needed; the others are lost. */
static int fold_group(void *ctx, size_t i, unsigned worker, struct error *err)
{
	static const unsigned all[PARITY_ROWS] = { 0, 1, 2, 3 };
	struct rebuilding *b = ctx;
	struct group *g = &b->groups[i];
	CLEANUP(parity_code_free)
	struct parity_code *code = parity_code_new(PARITY_GROUP, all, g->stripe.rows);
	unsigned char *rows[PARITY_ROWS];
	unsigned char *batch = b->room[i] + (size_t)PARITY_ROWS * PARITY_SLICE;
	struct parity_code_slice slices[BATCH];
	size_t n = 0;

	(void)worker;
	(void)err;
	take_rows(g, rows, b->room[i]);
	for (unsigned m = 0; m < g->members && g->lost_count <= g->row_count; m++) {
		slices[n] = (struct parity_code_slice){ m, batch + n * PARITY_SLICE };
		if (slice_is_good(g, m, slices[n].bytes))
			n++;
		else
			g->lost[g->lost_count++] = m;
		if (n == BATCH) {
			parity_code_fold(code, slices, n, PARITY_SLICE, rows);
			n = 0;
		}
	}
	parity_code_fold(code, slices, n, PARITY_SLICE, rows);
	return 0;
}

/* The lost slices of a group that was folded, into the cache. */
static int solve_group(const struct group *g, unsigned char *room)
{
	unsigned char *rows[PARITY_ROWS], *out[PARITY_ROWS];

	if (g->lost_count > g->row_count)
		return too_many(g);
	CLEANUP(parity_code_free)
	struct parity_code *code = parity_code_new(PARITY_GROUP, g->rows, g->lost_count);
	for (unsigned i = 0; i < g->lost_count; i++) {
		rows[i] = room + (size_t)g->rows[i] * PARITY_SLICE;
		out[i] = cache_place(g->repair, g->volume, slice_of(g, g->lost[i]));
	}
	parity_code_solve(code, g->lost, rows, PARITY_SLICE, out);
	return 0;
}

static int stop_rebuilding(void *ctx)
{
	const struct rebuilding *b = ctx;

	return repair_stopped(b->repair);
}

static void add_group(struct rebuilding *b, const struct group *g)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->groups[i].stripe.first == g->stripe.first &&
		    b->groups[i].number == g->number)
			return;
	b->room[b->count] = buf_malloc((size_t)(PARITY_ROWS + BATCH) * PARITY_SLICE);
	b->groups[b->count++] = *g;
}

static uint64_t chunk_end(const struct repair_volume_state *s, size_t chunk)
{
	uint64_t end = ((uint64_t)chunk + 1) * CHUNK_SLICES;

	return end < s->layout.slices ? end : s->layout.slices;
}

/*
 * Slices of the chunk from the medium or the cache into out; wanting receives the groups of those
 * that must be rebuilt.
 */
static void take_slices(struct repair *r, uint32_t volume, size_t chunk, unsigned char *out,
			struct rebuilding *wanting)
{
	const struct repair_volume_state *s = repair_volume_of(r, volume);
	uint64_t first = (uint64_t)chunk * CHUNK_SLICES;
	CLEANUP(free) unsigned char *buffer = buf_malloc(PARITY_SLICE);

	for (uint64_t slice = first; slice < chunk_end(s, chunk); slice++) {
		struct group g = group_of(r, volume, slice);
		unsigned member = (unsigned)((slice - g.stripe.first) / g.stripe.groups);
		bool good = slice_is_good(&g, member, buffer);
		const unsigned char *bytes = good ? buffer : cached(r, volume, slice);

		if (bytes)
			memcpy(out + (slice - first) * PARITY_SLICE, bytes,
			       parity_slice_bytes(&s->layout, slice));
		else
			add_group(wanting, &g);
	}
}

static int by_sums(struct repair *r, uint32_t volume, size_t chunk, unsigned char *out)
{
	CLEANUP(rebuilding_clear) struct rebuilding b = { .repair = r }, none = { .repair = r };
	struct error stopped = ERROR_INIT;

	take_slices(r, volume, chunk, out, &b);
	if (pool_each(&(struct pool_each){ .threads = r->threads,
					   .count = b.count,
					   .item = fold_group,
					   .tick = stop_rebuilding,
					   .ctx = &b },
		      &stopped) < 0)
		return -1;
	for (size_t i = 0; i < b.count; i++)
		if (solve_group(&b.groups[i], b.room[i]) < 0)
			return -1;
	if (b.count > 0)
		take_slices(r, volume, chunk, out, &none);
	if (repair_is_genuine(r, volume, chunk, out))
		return 0;
	snprintf(r->cause, sizeof r->cause, "its parity file does not lead to the signed digest");
	return -1;
}

/* ---- blind ---- */

static void find_lost_blindly(struct group *g)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);

	for (unsigned m = 0; m < g->members; m++) {
		size_t chunk = (size_t)(slice_of(g, m) / CHUNK_SLICES);

		if (repair_state_of(g->repair, g->volume, chunk, buffer) == REPAIR_BAD)
			g->lost[g->lost_count++] = m;
	}
	g->row_count = g->stripe.rows;
}

/* The n-th way to choose count of rows; false past the last one. */
static bool choose(unsigned n, unsigned count, unsigned rows, unsigned out[PARITY_ROWS])
{
	for (unsigned set = 0; set < 1u << rows; set++) {
		unsigned k = 0;

		if ((unsigned)__builtin_popcount(set) != count || n-- > 0)
			continue;
		for (unsigned row = 0; row < rows; row++)
			if (set >> row & 1)
				out[k++] = row;
		return true;
	}
	return false;
}

/* Rebuild every group of the chunk with its n-th choice; 1 when there is none. */
static int try_choice(struct repair *r, uint32_t volume, size_t chunk, unsigned n,
		      unsigned char *out)
{
	const struct repair_volume_state *s = repair_volume_of(r, volume);
	uint64_t first = (uint64_t)chunk * CHUNK_SLICES;
	bool any = false;

	for (uint64_t slice = first; slice < chunk_end(s, chunk); slice++) {
		struct group g = group_of(r, volume, slice);
		unsigned use[PARITY_ROWS];

		find_lost_blindly(&g);
		if (g.lost_count > g.row_count)
			return too_many(&g);
		any |= choose(n, g.lost_count, g.row_count, use);
		if (!choose(n, g.lost_count, g.row_count, use) &&
		    !choose(0, g.lost_count, g.row_count, use))
			return -1;
		if (rebuild(&g, use) < 0)
			return 0; /* an unreadable slice of parity: the next choice may avoid it */
		memcpy(out + (slice - first) * PARITY_SLICE, cached(r, volume, slice),
		       parity_slice_bytes(&s->layout, slice));
	}
	return any ? 0 : 1;
}

/* Attempts that failed must not be taken for rebuilt slices. */
static void forget(struct repair *r, uint32_t volume)
{
	for (size_t i = 0; i < REPAIR_CACHE; i++)
		if (r->cache[i].volume == volume)
			r->cache[i].volume = 0;
}

static int blindly(struct repair *r, uint32_t volume, size_t chunk, unsigned char *out)
{
	for (unsigned n = 0; !repair_stopped(r); n++) {
		int tried = try_choice(r, volume, chunk, n, out);

		if (tried < 0)
			return -1;
		if (tried == 1)
			break;
		if (repair_is_genuine(r, volume, chunk, out))
			return 0;
		forget(r, volume);
	}
	snprintf(r->cause, sizeof r->cause, "its parity file does not lead to the signed digest");
	return -1;
}

int repair_within_chunk(struct repair *r, uint32_t volume, size_t chunk, unsigned char *out)
{
	const struct repair_volume_state *s = repair_volume_of(r, volume);

	open_parity(r, volume);
	if (s->file.fd < 0) {
		snprintf(r->cause, sizeof r->cause, "no parity file of it is at hand");
		return -1;
	}
	if (s->file.sums && by_sums(r, volume, chunk, out) == 0)
		return 0;
	return blindly(r, volume, chunk, out);
}
