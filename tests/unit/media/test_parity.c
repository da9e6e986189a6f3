/* Geometry of parity at every boundary; headers; every pattern of losses of small groups. */
#include "media/parity.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/parity_code.h"
#include "media/profile.h"
#include "media/volume.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)PARITY_SLICE)

static void shapes(void **state)
{
	static const struct {
		uint64_t slices;
		uint32_t stripes, groups, rows; /* of the last stripe */
		uint64_t parity;
	} rows[] = {
		{ 1, 1, 1, 1, 1 },       { 16, 1, 1, 1, 1 },     { 17, 1, 1, 2, 2 },
		{ 32, 1, 1, 2, 2 },      { 33, 1, 1, 3, 3 },     { 48, 1, 1, 3, 3 },
		{ 49, 1, 1, 4, 4 },      { 64, 1, 1, 4, 4 },     { 65, 1, 2, 3, 6 },
		{ 128, 1, 2, 4, 8 },     { 129, 1, 3, 3, 9 },    { 4095, 1, 64, 4, 256 },
		{ 4096, 1, 64, 4, 256 }, { 4097, 2, 1, 1, 257 }, { 8192, 2, 64, 4, 512 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct parity_layout l = parity_layout(rows[i].slices * MIB);
		struct parity_stripe s = parity_stripe(&l, l.stripes - 1);

		assert_int_equal(l.slices, rows[i].slices);
		assert_int_equal(l.stripes, rows[i].stripes);
		assert_int_equal(s.groups, rows[i].groups);
		assert_int_equal(s.rows, rows[i].rows);
		assert_int_equal(l.parity, rows[i].parity);
		assert_int_equal(l.file_bytes, 2 * l.header_bytes + l.parity * MIB);
		assert_true(l.header_bytes % 4096 == 0 &&
			    l.header_bytes >= PARITY_BLOCK + 8 * (l.slices + l.parity));
	}
}

/* Each slice is in exactly one group, each parity slice belongs to exactly one group. */
static void every_slice_has_one_place(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= PARITY_STRIPE + 70; n += n < 300 ? 1 : 61) {
		struct parity_layout l = parity_layout(n * MIB);
		uint64_t parity = 0, slices = 0;

		for (uint32_t i = 0; i < l.stripes; i++) {
			struct parity_stripe s = parity_stripe(&l, i);

			assert_int_equal(s.first, slices);
			assert_int_equal(s.parity, parity);
			for (uint32_t g = 0; g < s.groups; g++) {
				uint32_t members = parity_members(&s, g);

				assert_true(members >= 1 && members <= PARITY_GROUP);
				assert_true((members - 1) * s.groups + g < s.slices);
				assert_true(members * s.groups + g >= s.slices);
				slices += members;
			}
			parity += (uint64_t)s.groups * s.rows;
		}
		assert_int_equal(slices, n);
		assert_int_equal(parity, l.parity);
	}
}

static void sizes_between_slices(void **state)
{
	struct parity_layout l = parity_layout(1);

	(void)state;
	assert_int_equal(l.slices, 1);
	assert_int_equal(parity_slice_bytes(&l, 0), 1);
	l = parity_layout(MIB + 1);
	assert_int_equal(parity_slice_bytes(&l, 0), MIB);
	assert_int_equal(parity_slice_bytes(&l, 1), 1);
	l = parity_layout(LIMIT_VOLUME_BYTES);
	assert_int_equal(l.stripes, 256);
	assert_int_equal(l.parity, 65536);
	assert_int_equal(parity_offset(&l, 3), l.header_bytes + 3 * MIB);
}

static void larger_volumes_never_need_less(void **state)
{
	uint64_t before = 0;

	(void)state;
	for (uint64_t n = 1; n <= 3 * PARITY_STRIPE; n++) {
		struct parity_layout l = parity_layout(n * MIB);

		assert_true(l.file_bytes >= before);
		before = l.file_bytes;
	}
	for (uint64_t room = MIB * 3 / 2; room < LIMIT_VOLUME_BYTES; room += room / 3) {
		uint64_t size = parity_volume_within(room);

		assert_int_equal(size % 512, 0);
		if (size > 512)
			assert_true(size + parity_layout(size).file_bytes <= room);
		assert_true(size + 512 + parity_layout(size + 512).file_bytes > room);
	}
}

static void profiles_leave_room_for_parity(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; profile_at(i); i++) {
		const struct profile *p = profile_at(i);
		uint64_t limit, reserve = p->capacity / 16;

		if (reserve > 1216ull << 20)
			reserve = 1216ull << 20;
		assert_int_equal(profile_volume_limit(p->name, &limit, &err), 0);
		if (p->capacity)
			assert_true(limit + parity_layout(limit).file_bytes + reserve <=
				    p->capacity);
		if (strcmp(p->name, "fat32") == 0)
			assert_true(parity_spare_bytes(limit) < 4ull << 30);
	}
}

static void spare_numbers(void **state)
{
	(void)state;
	assert_int_equal(parity_spare_number(1, 0), 1);
	assert_int_equal(parity_spare_number(8, 3), 4);
	assert_int_equal(parity_spare_number(9, 0), 5);
	for (uint32_t v = 1; v <= LIMIT_VOLUMES; v++)
		for (unsigned row = 0; row < PARITY_SPARES; row++) {
			uint32_t n = parity_spare_number(v, row);

			assert_true(n <= LIMIT_VOLUMES);
			assert_int_equal(parity_spare_first(n), (v - 1) / 8 * 8 + 1);
			assert_int_equal(parity_spare_row(n), row);
		}
}

static void names(void **state)
{
	static const char *const good[] = { "vol-0001.par", "vol-0009.par", "par-0001.ec",
					    "par-0008.ec" };
	static const char *const bad[] = { "",
					   "vol-0000.par",
					   "vol-0010.par",
					   "par-0009.ec",
					   "par-0000.ec",
					   "vol-0001.tar",
					   "vol-0001.parx",
					   "vol-001.par",
					   "vol-00a1.par",
					   "VOL-0001.par",
					   "par-0001.par",
					   "par-0001" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(parity_is_name(good[i], 9));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(parity_is_name(bad[i], 9));
}

/* Any byte of a header changed: refused, or (by who computes digests anew) other sums only. */
static void headers(void **state)
{
	struct parity_id id = { .number = 3, .volumes = 1, .size = 70 * MIB + 5 }, other = id;
	size_t count = parity_sum_count(&id), len = parity_header_bytes(&id);
	CLEANUP(free) unsigned char *bytes = buf_malloc(len);
	uint64_t *sums = buf_calloc(count, sizeof *sums), *again = buf_calloc(count, sizeof *again);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(count, 71 + 6);
	for (size_t i = 0; i < count; i++)
		sums[i] = 0x0123456789abcdefull * (i + 1);
	parity_header_write(&id, sums, bytes);
	assert_int_equal(parity_header_read(bytes, &id, again, &err), 0);
	assert_memory_equal(sums, again, count * sizeof *sums);
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 1;
		assert_int_equal(parity_header_read(bytes, &id, again, &err), -1);
		assert_int_equal(err.id, ERROR_PARITY_DAMAGED);
		error_clear(&err);
		bytes[i] ^= 1;
	}
	other.chunks[31] = 1;
	assert_int_equal(parity_header_read(bytes, &other, again, &err), -1);
	assert_int_equal(err.id, ERROR_PARITY_OTHER);
	free(sums);
	free(again);
}

/* ---- the code ---- */

enum { LEN = 96 };

static void fill(unsigned char *bytes, size_t len)
{
	static uint32_t x = 7;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (unsigned char)(x >> 24);
	}
}

/* Lose the slices of one set and rebuild them from the rows of another. */
static void lose(unsigned char data[][LEN], unsigned n, unsigned k, unsigned set, unsigned row_set)
{
	static const unsigned all[] = { 0, 1, 2, 3 };
	unsigned char parity[PARITY_ROWS][LEN] = { { 0 } }, out[PARITY_ROWS][LEN];
	unsigned char *rows[PARITY_ROWS], *used[PARITY_ROWS], *to[PARITY_ROWS];
	unsigned lost[PARITY_ROWS], use[PARITY_ROWS], losses = 0, r = 0;
	CLEANUP(parity_code_free) struct parity_code *encode = parity_code_new(k, all, PARITY_ROWS);

	for (unsigned i = 0; i < PARITY_ROWS; i++) {
		rows[i] = parity[i];
		to[i] = out[i];
		if (row_set >> i & 1) {
			used[r] = parity[i];
			use[r++] = i;
		}
	}
	for (unsigned i = 0; i < n; i++)
		parity_code_fold(encode, &(struct parity_code_slice){ i, data[i] }, 1, LEN, rows);
	CLEANUP(parity_code_free) struct parity_code *decode = parity_code_new(k, use, r);
	for (unsigned i = 0; i < n; i++) {
		if (set >> i & 1)
			lost[losses++] = i;
		else
			parity_code_fold(decode, &(struct parity_code_slice){ i, data[i] }, 1, LEN,
					 used);
	}
	assert_int_equal(losses, r);
	parity_code_solve(decode, lost, used, LEN, to);
	for (unsigned i = 0; i < losses; i++)
		assert_memory_equal(out[i], data[lost[i]], LEN);
}

static void every_pattern_of_losses(void **state)
{
	unsigned char data[9][LEN];

	(void)state;
	fill(data[0], sizeof data);
	for (unsigned n = 1; n <= 8; n++)
		for (unsigned set = 0; set < 1u << n; set++)
			for (unsigned rows = 0; rows < 16; rows++)
				if (__builtin_popcount(set) == __builtin_popcount(rows)) {
					lose(data, n, PARITY_SPARE_GROUP, set, rows);
					lose(data, n, PARITY_GROUP, set, rows);
				}
}

/* The coefficients are those of FORMAT.md: 1 / ((k + row) xor index), polynomial 0x11d. */
static void coefficients(void **state)
{
	static const unsigned rows[] = { 0, 1, 2, 3 };
	CLEANUP(parity_code_free) struct parity_code *c = parity_code_new(PARITY_GROUP, rows, 4);

	(void)state;
	for (unsigned i = 0; i < PARITY_GROUP; i++) {
		unsigned char one = 1, out[4] = { 0 }, *to[4] = { out, out + 1, out + 2, out + 3 };

		parity_code_fold(c, &(struct parity_code_slice){ i, &one }, 1, 1, to);
		for (unsigned r = 0; r < 4; r++) {
			unsigned a = out[r], b = (PARITY_GROUP + r) ^ i, product = 0;

			for (; b; b >>= 1, a = a << 1 ^ (a & 0x80 ? 0x11d : 0))
				product ^= b & 1 ? a : 0;
			assert_int_equal(product, 1);
		}
	}
}

static void sums_are_crc64_xz(void **state)
{
	(void)state;
	assert_true(parity_code_sum((const unsigned char *)"123456789", 9) ==
		    0x995dc9bbdf1939faull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(every_slice_has_one_place),
		cmocka_unit_test(sizes_between_slices),
		cmocka_unit_test(larger_volumes_never_need_less),
		cmocka_unit_test(profiles_leave_room_for_parity),
		cmocka_unit_test(spare_numbers),
		cmocka_unit_test(names),
		cmocka_unit_test(headers),
		cmocka_unit_test(every_pattern_of_losses),
		cmocka_unit_test(coefficients),
		cmocka_unit_test(sums_are_crc64_xz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
