#include "lib/store/relation.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* A GUID is numbered by its last byte. */
static int64_t identity(void *ctx, const struct catalog_guid *guid)
{
	(void)ctx;
	return guid->bytes[15] == 255 ? INT64_MAX : guid->bytes[15];
}

struct text {
	char bytes[512];
	size_t len;
};

static void say(struct text *t, const char *what, long long value)
{
	t->len += (size_t)snprintf(t->bytes + t->len, sizeof t->bytes - t->len, "%s%lld ", what,
				   value);
}

static void on_group(void *ctx)
{
	say(ctx, "g", 0);
}

static void on_alternative(void *ctx, int64_t id)
{
	say(ctx, "a", id);
}

static void on_superseded(void *ctx, uint32_t revision)
{
	say(ctx, "s", revision);
}

static void on_bundled(void *ctx, uint32_t revision)
{
	say(ctx, "b", revision);
}

static void on_category(void *ctx, unsigned type, int64_t id)
{
	say(ctx, "t", type);
	say(ctx, "c", id);
}

static void on_language(void *ctx, const char *text, size_t len)
{
	struct text *t = ctx;

	t->len += (size_t)snprintf(t->bytes + t->len, sizeof t->bytes - t->len, "%.*s ", (int)len,
				   text);
}

static int read_text(const void *bytes, size_t len, struct text *t, struct error *err)
{
	const struct relation_visitor v = { on_group,   on_alternative, on_superseded,
					    on_bundled, on_category,    on_language,
					    t };

	*t = (struct text){ .len = 0 };
	return relation_read(bytes, len, &v, err);
}

static void write_full(struct buf *out)
{
	static const struct catalog_guid ids[] = { { { [15] = 1 } },
						   { { [15] = 200 } },
						   { { [15] = 255 } } };
	static const struct catalog_group groups[] = { { ids, 2 }, { ids + 2, 1 }, { NULL, 0 } };
	static const uint32_t by[] = { 0, 127, 128, UINT32_MAX };
	static const struct catalog_category categories[] = {
		{ CATALOG_CATEGORY_PRODUCT, { { [15] = 9 } } },
		{ CATALOG_CATEGORY_OTHER, { { [15] = 8 } } }
	};
	static const char *const languages[] = { "en", "", "pt-br" };
	const struct catalog_revision r = {
		.prerequisites = groups,
		.prerequisites_count = 3,
		.superseded_by = by,
		.superseded_by_count = 4,
		.bundled_by = by + 1,
		.bundled_by_count = 1,
		.categories = categories,
		.categories_count = 2,
		.languages = languages,
		.languages_count = 3,
	};
	struct error err = ERROR_INIT;

	assert_int_equal(relation_write(&r, identity, NULL, out, &err), 0);
}

static const char full[] = "g0 a1 a200 g0 a9223372036854775807 g0 s0 s127 s128 s4294967295 b127 "
			   "t4 c9 t0 c8 en  pt-br ";

static void relations_survive_a_round_trip(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096), empty = BUF_INIT(4096);
	const struct catalog_revision none = { .revision_id = 1 };
	const struct relation_visitor nobody = { .ctx = NULL };
	struct error err = ERROR_INIT;
	struct text t;

	(void)state;
	write_full(&out);
	assert_int_equal(read_text(out.bytes, out.len, &t, &err), 0);
	assert_string_equal(t.bytes, full);
	assert_int_equal(relation_read(out.bytes, out.len, &nobody, &err), 0);
	assert_int_equal(relation_write(&none, identity, NULL, &empty, &err), 0);
	assert_int_equal(empty.len, 6);
	assert_int_equal(read_text(empty.bytes, empty.len, &t, &err), 0);
	assert_string_equal(t.bytes, "");
	struct buf small = BUF_INIT(5);
	assert_int_equal(relation_write(&none, identity, NULL, &small, &err), -1);
	assert_int_equal(err.id, ERROR_LIMIT_BYTES);
	buf_clear(&small);
}

static void damaged_blobs_are_refused(void **state)
{
	static const struct {
		unsigned char bytes[24];
		size_t len;
		const char *want;
	} rows[] = {
		{ { 0 }, 0, "unknown version" },
		{ { 0 }, 6, "unknown version" },
		{ { 2, 0, 0, 0, 0, 0 }, 6, "unknown version" },
		{ { 1 }, 1, "damaged" },
		{ { 1, 0, 0, 0, 0 }, 5, "damaged" },
		{ { 1, 0, 0, 0, 0, 0, 0 }, 7, "damaged" },
		{ { 1, 0x80, 0, 0, 0, 0, 0 }, 7, "damaged" /* overlong */ },
		{ { 1, 1, 1, 0x85, 0x80, 0, 0, 0, 0, 0 }, 10, "damaged" /* overlong */ },
		{ { 1, 200, 0, 0, 0, 0 }, 6, "damaged" },
		{ { 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 },
		  11,
		  "damaged" },
		{ { 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x10, 0, 0, 0 }, 11, "damaged" /* 33 bits */ },
		{ { 1, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0 }, 11, "damaged" /* 2^32 */ },
		{ { 1, 0, 0, 0, 1, 5, 1, 0 }, 8, "damaged" /* no such category */ },
		{ { 1, 0, 0, 0, 0, 1, 2, 'a' }, 8, "damaged" },
		{ { 1, 0, 0, 0, 0, 1, 2, 'a', 0 }, 9, "damaged" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct text t;

		if (read_text(rows[i].bytes, rows[i].len, &t, &err) == 0)
			fail_msg("row %zu was accepted", i);
		assert_error(err, ERROR_DB_CORRUPT, rows[i].want);
	}
}

static void every_truncation_and_flip_is_survived(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

	(void)state;
	write_full(&out);
	for (size_t len = 0; len < out.len; len++) {
		struct error err = ERROR_INIT;
		struct text t;

		assert_int_equal(read_text(out.bytes, len, &t, &err), -1);
		assert_int_equal(err.id, ERROR_DB_CORRUPT);
		for (int bit = 0; bit < 8; bit++) {
			error_clear(&err);
			out.bytes[len] ^= (unsigned char)(1 << bit);
			int result = read_text(out.bytes, out.len, &t, &err);
			assert_int_equal(result == 0, err.id == ERROR_NONE);
			assert_true(result < 0 || strcmp(t.bytes, full) != 0);
			out.bytes[len] ^= (unsigned char)(1 << bit);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(relations_survive_a_round_trip),
		cmocka_unit_test(damaged_blobs_are_refused),
		cmocka_unit_test(every_truncation_and_flip_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
