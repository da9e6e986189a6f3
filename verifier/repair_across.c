/*
 * From spare volumes: chunk c of a volume follows from chunk c of the other
 * volumes of its group and of the spares.  First all of them are believed; when
 * the result has not its digest, those that are damaged are found by CHUNKS and
 * repaired from their own parity, or are lost too.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "media/object_table.h"
#include "media/parity_code.h"
#include "verifier/repair_internal.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct column {
	struct repair *repair;
	uint32_t first, count; /* volumes of the group */
	uint64_t size;         /* of the longest one */
	size_t chunk;
	unsigned lost[PARITY_SPARE_GROUP], lost_count;
	unsigned rows[PARITY_SPARES], row_count;
};

static struct column column_of(struct repair *r, uint32_t volume, size_t chunk)
{
	const struct object_table *t = verify_objects(r->options.bundle);
	struct column c = { .repair = r, .chunk = chunk };

	c.first = parity_spare_first(parity_spare_number(volume, 0));
	c.count = r->volume_count - c.first + 1;
	if (c.count > PARITY_SPARE_GROUP)
		c.count = PARITY_SPARE_GROUP;
	for (uint32_t v = c.first; v < c.first + c.count; v++)
		if (object_table_volume_size(t, v) > c.size)
			c.size = object_table_volume_size(t, v);
	return c;
}

static struct repair_file *spare_of(const struct column *c, unsigned row)
{
	return &c->repair->spares[parity_spare_number(c->first, row) - 1];
}

static void open_spares(const struct column *c)
{
	struct parity_id id = { .spare = true, .volumes = c->count, .size = c->size };
	bool hashed = false;

	for (unsigned row = 0; row < PARITY_SPARES; row++) {
		struct repair_file *f = spare_of(c, row);
		char name[PARITY_NAME_SIZE];

		if (f->tried)
			continue;
		if (!hashed)
			repair_hash_chunks(c->repair, c->first, c->count, id.chunks);
		hashed = true;
		id.number = parity_spare_number(c->first, row);
		parity_spare_name(id.number, name);
		repair_file_open(c->repair, f, name, &id,
				 parity_spare_bytes(c->size) - parity_spare_header(c->size));
	}
}

unsigned repair_across_spares(struct repair *r, uint32_t volume)
{
	struct column c = column_of(r, volume, 0);
	unsigned n = 0;

	open_spares(&c);
	for (unsigned row = 0; row < PARITY_SPARES; row++)
		n += spare_of(&c, row)->fd >= 0;
	return n;
}

/* The chunk of a spare, zeros behind its end; -1 when it is not at hand or its sum is wrong. */
static int read_spare(const struct column *c, unsigned row, unsigned char *out)
{
	const struct repair_file *f = spare_of(c, row);
	uint64_t at = (uint64_t)c->chunk * VOLUME_CHUNK, left = c->size - at;
	size_t len = left < VOLUME_CHUNK ? (size_t)left : VOLUME_CHUNK;
	struct error ignored = ERROR_INIT; /* a spare that cannot be read is not used */

	if (f->fd < 0 ||
	    file_read_at(f->fd, "spare", out, len, parity_spare_header(c->size) + at, &ignored) < 0)
		return -1;
	memset(out + len, 0, VOLUME_CHUNK - len);
	return f->sums && parity_code_sum(out, len) != f->sums[c->chunk] ? -1 : 0;
}

/* Chunk of volume first + i, padded with zeros; checked: only when it is genuine. */
static int read_member(const struct column *c, unsigned i, bool checked, unsigned char *out)
{
	struct repair *r = c->repair;
	uint32_t volume = c->first + i;
	size_t len = repair_chunk_bytes(r, volume, c->chunk);
	bool good;

	memset(out + len, 0, VOLUME_CHUNK - len);
	if (len == 0)
		return 0;
	repair_find(r, volume);
	if (checked)
		good = repair_read_chunk(r, volume, c->chunk, out) == 1;
	else
		good = repair_read(r, volume, out, len, (uint64_t)c->chunk * VOLUME_CHUNK) == 0;
	if (good)
		return 0;
	if (!checked || !repair_is_there(r, volume))
		return -1;
	return repair_within_chunk(r, volume, c->chunk, out);
}

static int find_lost(struct column *c, uint32_t volume, bool checked, unsigned char *buffer)
{
	c->lost_count = c->row_count = 0;
	for (unsigned i = 0; i < c->count; i++)
		if (c->first + i == volume || read_member(c, i, checked, buffer) < 0)
			c->lost[c->lost_count++] = i;
	for (unsigned row = 0; row < PARITY_SPARES && c->row_count < c->lost_count; row++)
		if (read_spare(c, row, buffer) == 0)
			c->rows[c->row_count++] = row;
	if (c->row_count == c->lost_count)
		return 0;
	snprintf(c->repair->cause, sizeof c->repair->cause,
		 "%u of the %u volumes of its group are missing or damaged there, %u spare volumes "
		 "are at hand",
		 c->lost_count, c->count, c->row_count);
	return -1;
}

/* All lost chunks of the column; that of volume goes to out. */
static int solve(const struct column *c, uint32_t volume, bool checked, unsigned char *buffer,
		 unsigned char *out)
{
	CLEANUP(parity_code_free)
	struct parity_code *code = parity_code_new(PARITY_SPARE_GROUP, c->rows, c->lost_count);
	CLEANUP(free)
	unsigned char *room = buf_malloc((size_t)2 * PARITY_SPARES * VOLUME_CHUNK);
	unsigned char *rows[PARITY_SPARES], *solved[PARITY_SPARES];
	unsigned next = 0;

	for (unsigned i = 0; i < c->lost_count; i++) {
		rows[i] = room + (size_t)i * VOLUME_CHUNK;
		solved[i] = room + (size_t)(PARITY_SPARES + i) * VOLUME_CHUNK;
		if (read_spare(c, c->rows[i], rows[i]) < 0)
			return -1;
	}
	for (unsigned i = 0; i < c->count; i++) {
		struct parity_code_slice slice = { i, buffer };

		if (next < c->lost_count && c->lost[next] == i) {
			next++;
			continue;
		}
		if (read_member(c, i, checked, buffer) < 0)
			return -1;
		parity_code_fold(code, &slice, 1, VOLUME_CHUNK, rows);
	}
	parity_code_solve(code, c->lost, rows, VOLUME_CHUNK, solved);
	for (unsigned i = 0; i < c->lost_count; i++)
		if (c->first + c->lost[i] == volume)
			memcpy(out, solved[i], repair_chunk_bytes(c->repair, volume, c->chunk));
	return 0;
}

int repair_across_chunk(struct repair *r, uint32_t volume, size_t chunk, unsigned char *out)
{
	struct column c = column_of(r, volume, chunk);
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);

	open_spares(&c);
	for (int checked = 0; checked <= 1; checked++) {
		if (repair_stopped(r) || find_lost(&c, volume, checked, buffer) < 0)
			return -1;
		if (solve(&c, volume, checked, buffer, out) == 0 &&
		    repair_is_genuine(r, volume, chunk, out))
			return 0;
	}
	snprintf(r->cause, sizeof r->cause, "the spare volumes do not lead to the signed digest");
	return -1;
}
