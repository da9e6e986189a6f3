#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/layout.h"
#include "media/object_table.h"
#include "media/profile.h"
#include "media/volume.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)
/* Data that exactly fills a volume of 1 MiB: header and trailer take 1536. */
#define FULL (MIB - 1536)

/*
 * Every property at once: feed the plan to object_table, which enforces geometry, coverage and
 * one part per volume, then check the limit and that nothing was split without need.
 */
static void check_plan(const struct layout *l, const uint64_t *sizes, size_t count, uint64_t limit)
{
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct error err = ERROR_INIT;
	uint64_t bytes = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct layout_part at = layout_get(l, i), *q = &at;
		struct object_part p = { .kind = OBJECT_CONTENT,
					 .size = sizes[q->object],
					 .volume = q->volume,
					 .offset = q->offset,
					 .first = q->first,
					 .length = q->length };

		memcpy(p.sha256, &q->object, sizeof q->object);
		assert_true(q->object < count);
		if (object_table_add(t, &p, &err))
			fail_msg("%s", err.message);
		if (q->length < p.size)
			assert_true(volume_member_bytes(p.size) + USTAR_TRAILER > limit ||
				    p.size > USTAR_SIZE_MAX);
	}
	if (object_table_finish(t, &err))
		fail_msg("%s", err.message);
	assert_int_equal(object_table_objects(t), count);
	assert_int_equal(object_table_volumes(t), l->volumes);
	for (uint32_t v = 1; v <= l->volumes; v++) {
		assert_true(object_table_volume_size(t, v) <= limit);
		bytes += object_table_volume_size(t, v);
	}
	assert_int_equal(bytes, l->bytes);
}

static void boundaries(void **state)
{
	static const struct {
		uint64_t limit;
		size_t count;
		uint64_t sizes[4];
		size_t parts;
		uint32_t volumes;
	} rows[] = {
		{ MIB, 0, { 0 }, 0, 0 },
		{ MIB, 1, { 0 }, 1, 1 },
		{ MIB, 1, { FULL }, 1, 1 },
		{ MIB, 1, { FULL + 1 }, 2, 2 },
		{ MIB, 1, { 2 * FULL }, 2, 2 },
		{ MIB, 1, { 2 * FULL + 1 }, 3, 3 },
		{ MIB, 2, { FULL - 512, 0 }, 2, 1 },
		{ MIB, 2, { FULL - 512, 1 }, 2, 2 },
		{ MIB, 2, { FULL - 1024, 1 }, 2, 1 },
		{ MIB, 3, { FULL - 2048, FULL - 512, 1 }, 3, 2 }, /* filled up */
		{ MIB + 511, 1, { FULL + 1 }, 2, 2 },
		{ MIB + 512, 1, { FULL + 1 }, 1, 1 },
		{ 4 * GIB - 512, 1, { (1ull << 31) - 1 }, 1, 1 },
		{ 4 * GIB - 512, 1, { (1ull << 31) + 1 }, 1, 1 },
		{ 4 * GIB - 512, 1, { (1ull << 32) - 2048 }, 1, 1 },
		{ 4 * GIB - 512, 1, { (1ull << 32) - 2047 }, 2, 2 },
		{ 4 * GIB - 512, 2, { 1ull << 32, (1ull << 32) + 1 }, 4, 3 },
		{ 64 * GIB, 1, { 8 * GIB - 512 }, 1, 1 },
		{ 64 * GIB, 1, { 8 * GIB - 1 }, 1, 1 },
		{ 64 * GIB, 1, { 8 * GIB }, 2, 2 },
		{ 64 * GIB, 3, { 12 * GIB, 9 * GIB, 5 * GIB }, 5, 2 },
		{ LIMIT_VOLUME_BYTES, 1, { LIMIT_OBJECT_BYTES }, 9, 9 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct layout l CLEANUP(layout_clear) = { .count = 0 };

		assert_int_equal(layout_plan(rows[i].sizes, rows[i].count, rows[i].limit, &l, &err),
				 0);
		check_plan(&l, rows[i].sizes, rows[i].count, rows[i].limit);
		if (l.count != rows[i].parts || l.volumes != rows[i].volumes)
			fail_msg("row %zu: %zu parts in %u volumes", i, l.count, l.volumes);
	}
}

static void refusals(void **state)
{
	static const struct {
		uint64_t limit, size;
		size_t count;
		enum error_id id;
		const char *cause;
	} rows[] = {
		{ MIB - 1, 1, 1, ERROR_MEDIA_PROFILE, "not 1 MiB to 1 TiB" },
		{ LIMIT_VOLUME_BYTES + 1, 1, 1, ERROR_MEDIA_PROFILE, "not 1 MiB to 1 TiB" },
		{ MIB, LIMIT_OBJECT_BYTES + 1, 1, ERROR_MEDIA_LIMIT, "object 0 has 68719476737" },
		{ MIB, LIMIT_OBJECT_BYTES, 1, ERROR_LAYOUT_VOLUMES, "more than 9999 volumes" },
		{ MIB, FULL, 10000, ERROR_LAYOUT_VOLUMES, "more than 9999 volumes" },
		{ 2 * MIB, 2 * MIB - 1535, 1025, ERROR_LAYOUT_VOLUMES, "more than 1024 objects" },
		{ LIMIT_VOLUME_BYTES, 64 * GIB, 129, ERROR_MEDIA_LIMIT,
		  "more than 2097152 chunks" },
		{ MIB, 0, LIMIT_OBJECTS + 1, ERROR_MEDIA_LIMIT, "more than 4000000 objects" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct layout l CLEANUP(layout_clear) = { .count = 0 };
		uint64_t *sizes = buf_calloc(rows[i].count, sizeof *sizes);

		for (size_t k = 0; k < rows[i].count; k++)
			sizes[k] = rows[i].size;
		assert_int_equal(layout_plan(sizes, rows[i].count, rows[i].limit, &l, &err), -1);
		assert_error(err, rows[i].id, rows[i].cause);
		free(sizes);
	}
}

/* A small generator of our own: the same numbers on every machine. */
static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 33;
}

static int descending(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a > b ? -1 : a < b;
}

static void many_sizes_fill_volumes_well(void **state)
{
	static const uint64_t limits[] = { MIB, 5 * MIB + 77, 700 * MIB, 2 * GIB };
	enum { MANY = 3000 };
	uint64_t sizes[MANY], seed = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct error err = ERROR_INIT;
		struct layout l CLEANUP(layout_clear) = { .count = 0 };
		struct layout again CLEANUP(layout_clear) = { .count = 0 };

		for (size_t k = 0; k < MANY; k++) {
			uint64_t value = next(&seed) << 31;

			value |= next(&seed);
			sizes[k] = value % (limits[i] >> next(&seed) % 8);
		}
		qsort(sizes, MANY, sizeof *sizes, descending);
		assert_int_equal(layout_plan(sizes, MANY, limits[i], &l, &err), 0);
		check_plan(&l, sizes, MANY, limits[i]);
		/* Nine tenths full, all volumes together. */
		assert_true((uint64_t)l.volumes * limits[i] / 10 * 9 < l.bytes + limits[i]);

		assert_int_equal(layout_plan(sizes, MANY, limits[i], &again, &err), 0);
		assert_int_equal(l.count, again.count);
		for (size_t k = 0; k < l.count; k++) {
			struct layout_part a = layout_get(&l, k), b = layout_get(&again, k);

			assert_memory_equal(&a, &b, sizeof a);
		}
	}
}

static void four_million_objects(void **state)
{
	struct error err = ERROR_INIT;
	struct layout l CLEANUP(layout_clear) = { .count = 0 };
	uint64_t *sizes = buf_calloc(LIMIT_OBJECTS, sizeof *sizes);

	(void)state;
	for (size_t i = 0; i < LIMIT_OBJECTS; i++)
		sizes[i] = (LIMIT_OBJECTS - i) / 8;
	assert_int_equal(layout_plan(sizes, LIMIT_OBJECTS, 4 * GIB - 512, &l, &err), 0);
	assert_int_equal(l.count, LIMIT_OBJECTS);
	free(sizes);
}

static void profiles_are_limits(void **state)
{
	static const struct {
		const char *text;
		uint64_t limit;
	} rows[] = {
		{ "cd", 649240576 },        { "dvd5", 4146479104 },    { "dvd9", 7535599616 },
		{ "fat32", 4293918720 },    { "usb", 13ull << 30 },    { "lto", 1ull << 40 },
		{ "exfat", 1ull << 40 },    { "usb:16", 13231806464 }, { "usb:2048", 1ull << 40 },
		{ "1M", 1 << 20 },          { "1048577", 1 << 20 },    { "1T", 1ull << 40 },
		{ "4700M", 4700ull << 20 },
	};
	static const char *const bad[] = { "",  "CD",  "cd ",  "1023K", "1048575",  "2T",
					   "0", "-1M", "usb:", "usb:0", "usb:2049", "usb:1G" };
	uint64_t limit;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(profile_volume_limit(rows[i].text, &limit, &err), 0);
		assert_int_equal(limit, rows[i].limit);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(profile_volume_limit(bad[i], &limit, &err), -1);
		assert_error(err, ERROR_MEDIA_PROFILE, bad[i]);
	}
	size_t count = 0;
	for (; profile_at(count); count++) {
		const struct profile *p = profile_at(count);

		assert_int_equal(p->volume_limit % USTAR_BLOCK, 0);
		assert_true(p->volume_limit <= LIMIT_VOLUME_BYTES);
		assert_true((p->capacity == 0) == (p->volume_limit != 0));
	}
	assert_int_equal(count, 10);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries),
		cmocka_unit_test(refusals),
		cmocka_unit_test(many_sizes_fill_volumes_well),
		cmocka_unit_test(four_million_objects),
		cmocka_unit_test(profiles_are_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
