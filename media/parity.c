#include "media/parity.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "media/ustar.h"
#include "media/volume.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Places in the fixed part of a header; numbers are big-endian. */
enum {
	AT_MAGIC = 0,
	AT_NUMBER = 24,
	AT_VOLUMES = 28,
	AT_SIZE = 32,
	AT_COUNT = 40,
	AT_CHUNKS = 48,
	AT_TABLE = 80,
	AT_SELF = 112, /* SHA-256 of everything before */
	SUM_BYTES = 8,
	ALIGN = 4096
};

static uint64_t divide_up(uint64_t n, uint64_t by)
{
	return n / by + (n % by != 0);
}

/* ---- within a volume ---- */

static void stripe_shape(uint64_t slices, uint32_t *groups, uint32_t *rows)
{
	uint64_t g = divide_up(slices, PARITY_GROUP);

	*groups = (uint32_t)g;
	*rows = (uint32_t)divide_up(divide_up(slices, g), PARITY_GROUP / PARITY_ROWS);
}

static uint64_t parity_of(uint64_t slices)
{
	uint32_t groups, rows;

	if (slices == 0)
		return 0;
	stripe_shape(slices, &groups, &rows);
	return (uint64_t)groups * rows;
}

static uint64_t header_size(uint64_t sums)
{
	return divide_up(PARITY_BLOCK + sums * SUM_BYTES, ALIGN) * ALIGN;
}

struct parity_layout parity_layout(uint64_t size)
{
	struct parity_layout l = { .size = size, .slices = divide_up(size, PARITY_SLICE) };
	uint64_t whole = l.slices / PARITY_STRIPE;

	assert(size >= 1 && size <= LIMIT_VOLUME_BYTES);
	l.stripes = (uint32_t)divide_up(l.slices, PARITY_STRIPE);
	l.parity = whole * parity_of(PARITY_STRIPE) + parity_of(l.slices % PARITY_STRIPE);
	l.header_bytes = header_size(l.slices + l.parity);
	l.file_bytes = 2 * l.header_bytes + l.parity * PARITY_SLICE;
	return l;
}

struct parity_stripe parity_stripe(const struct parity_layout *l, uint32_t stripe)
{
	struct parity_stripe s = { .first = (uint64_t)stripe * PARITY_STRIPE };
	uint64_t left = l->slices - s.first;

	assert(stripe < l->stripes);
	s.slices = left < PARITY_STRIPE ? (uint32_t)left : PARITY_STRIPE;
	stripe_shape(s.slices, &s.groups, &s.rows);
	s.parity = stripe * parity_of(PARITY_STRIPE);
	return s;
}

size_t parity_slice_bytes(const struct parity_layout *l, uint64_t slice)
{
	uint64_t left = l->size - slice * PARITY_SLICE;

	assert(slice < l->slices);
	return left < PARITY_SLICE ? (size_t)left : PARITY_SLICE;
}

uint32_t parity_members(const struct parity_stripe *s, uint32_t group)
{
	assert(group < s->groups);
	return (uint32_t)divide_up(s->slices - group, s->groups);
}

uint64_t parity_offset(const struct parity_layout *l, uint64_t parity)
{
	return l->header_bytes + parity * PARITY_SLICE;
}

/* Larger volumes never have smaller parity files, so halving finds it. */
uint64_t parity_volume_within(uint64_t room)
{
	uint64_t low = 1, high = room / USTAR_BLOCK;

	if (high > LIMIT_VOLUME_BYTES / USTAR_BLOCK)
		high = LIMIT_VOLUME_BYTES / USTAR_BLOCK;
	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;

		if (middle * USTAR_BLOCK + parity_layout(middle * USTAR_BLOCK).file_bytes <= room)
			low = middle;
		else
			high = middle - 1;
	}
	return low * USTAR_BLOCK;
}

/* ---- across volumes ---- */

uint32_t parity_spare_number(uint32_t volume, unsigned row)
{
	assert(volume >= 1 && row < PARITY_SPARES);
	return (volume - 1) / PARITY_SPARE_GROUP * PARITY_SPARES + row + 1;
}

uint32_t parity_spare_first(uint32_t number)
{
	return (number - 1) / PARITY_SPARES * PARITY_SPARE_GROUP + 1;
}

unsigned parity_spare_row(uint32_t number)
{
	return (number - 1) % PARITY_SPARES;
}

uint64_t parity_spare_header(uint64_t size)
{
	return header_size(volume_chunks(size));
}

uint64_t parity_spare_bytes(uint64_t size)
{
	return 2 * parity_spare_header(size) + size;
}

/* ---- names ---- */

void parity_name(uint32_t volume, char out[PARITY_NAME_SIZE])
{
	assert(volume >= 1 && volume <= LIMIT_VOLUMES);
	snprintf(out, PARITY_NAME_SIZE, "vol-%04u.par", (unsigned)volume % 10000u);
}

void parity_spare_name(uint32_t number, char out[PARITY_NAME_SIZE])
{
	assert(number >= 1 && number <= LIMIT_VOLUMES);
	snprintf(out, PARITY_NAME_SIZE, "par-%04u.ec", (unsigned)number % 10000u);
}

bool parity_is_name(const char *name, uint32_t volumes)
{
	char again[PARITY_NAME_SIZE];
	uint32_t number = 0;

	if (strlen(name) < 8)
		return false;
	for (size_t i = 4; i < 8; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		number = number * 10 + (uint32_t)(name[i] - '0');
	}
	if (number < 1)
		return false;
	parity_name(number, again);
	if (strcmp(name, again) == 0)
		return number <= volumes;
	parity_spare_name(number, again);
	return strcmp(name, again) == 0 && parity_spare_first(number) <= volumes;
}

/* ---- headers ---- */

size_t parity_sum_count(const struct parity_id *id)
{
	if (id->spare)
		return (size_t)volume_chunks(id->size);
	struct parity_layout l = parity_layout(id->size);
	return (size_t)(l.slices + l.parity);
}

size_t parity_header_bytes(const struct parity_id *id)
{
	return (size_t)header_size(parity_sum_count(id));
}

static void put_number(unsigned char *at, uint64_t value, size_t bytes)
{
	for (size_t i = bytes; i-- > 0; value >>= 8)
		at[i] = (unsigned char)value;
}

/* The fixed part of a header whose table has this digest. */
static void make_block(const struct parity_id *id, const unsigned char table[DIGEST_SHA256],
		       unsigned char out[PARITY_BLOCK])
{
	static const char magic[2][AT_NUMBER] = { "gapferry-parity 1\n", "gapferry-spare 1\n" };

	memset(out, 0, PARITY_BLOCK);
	memcpy(out + AT_MAGIC, magic[id->spare], AT_NUMBER);
	put_number(out + AT_NUMBER, id->number, 4);
	put_number(out + AT_VOLUMES, id->volumes, 4);
	put_number(out + AT_SIZE, id->size, 8);
	put_number(out + AT_COUNT, parity_sum_count(id), 8);
	memcpy(out + AT_CHUNKS, id->chunks, sizeof id->chunks);
	memcpy(out + AT_TABLE, table, DIGEST_SHA256);
	digest_sha256(out, AT_SELF, out + AT_SELF);
}

void parity_header_write(const struct parity_id *id, const uint64_t *sums, unsigned char *out)
{
	size_t bytes = parity_header_bytes(id), count = parity_sum_count(id);
	unsigned char table[DIGEST_SHA256];

	memset(out, 0, bytes);
	for (size_t i = 0; i < count; i++)
		put_number(out + PARITY_BLOCK + i * SUM_BYTES, sums[i], SUM_BYTES);
	digest_sha256(out + PARITY_BLOCK, bytes - PARITY_BLOCK, table);
	make_block(id, table, out);
}

int parity_header_read(const unsigned char *bytes, const struct parity_id *id, uint64_t *sums,
		       struct error *err)
{
	size_t len = parity_header_bytes(id), count = parity_sum_count(id), tail;
	unsigned char want[PARITY_BLOCK], digest[DIGEST_SHA256];
	const unsigned char *table = bytes + PARITY_BLOCK;

	digest_sha256(table, len - PARITY_BLOCK, digest);
	make_block(id, digest, want);
	if (memcmp(bytes, want, sizeof want) != 0) {
		digest_sha256(bytes, AT_SELF, digest);
		if (memcmp(bytes + AT_SELF, digest, sizeof digest) == 0 &&
		    memcmp(bytes, want, AT_TABLE) != 0)
			return error_set(err, ERROR_PARITY_OTHER,
					 "the header is that of other volumes");
		return error_set(err, ERROR_PARITY_DAMAGED, "the header is damaged");
	}
	tail = len - PARITY_BLOCK - count * SUM_BYTES;
	for (size_t i = 0; i < tail; i++)
		if (table[count * SUM_BYTES + i] != 0)
			return error_set(err, ERROR_PARITY_DAMAGED,
					 "the header has bytes after its sums");
	for (size_t i = 0; i < count; i++) {
		sums[i] = 0;
		for (size_t k = 0; k < SUM_BYTES; k++)
			sums[i] = sums[i] << 8 | table[i * SUM_BYTES + k];
	}
	return 0;
}
