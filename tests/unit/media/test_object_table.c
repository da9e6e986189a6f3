#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define TAIL "23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define A "aa" TAIL
#define B "bb" TAIL
#define C "cc" TAIL
#define SHA1 "0123456789abcdef0123456789abcdef01234567"

/* Volume 1: A whole, first part of B; volume 2: second part of B, C empty. */
static const char good[] =
	A " 100 pack - 1 512 0 100 -\n" B " 3000 content " SHA1
	  " 1 1536 0 2048 windows10.0-kb1.cab\n" B " 3000 content " SHA1
	  " 2 512 2048 952 windows10.0-kb1.cab\n" C " 0 content - 2 2048 0 0 empty\n";

static int parse(struct object_table *t, const char *text, struct error *err)
{
	return object_table_feed(t, text, strlen(text), err) || object_table_finish(t, err) ? -1
											    : 0;
}

static void write_all(const struct object_table *t, struct buf *out)
{
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < object_table_count(t); i++)
		assert_int_equal(object_table_write(t, i, out, &err), 0);
}

static void good_survives_a_round_trip(void **state)
{
	struct error err = ERROR_INIT;
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct buf out CLEANUP(buf_clear) = BUF_INIT(4096);
	char member[OBJECT_MEMBER_SIZE];
	size_t i = 99;

	(void)state;
	for (size_t k = 0; k < strlen(good); k += 7) {
		size_t left = strlen(good) - k;

		assert_int_equal(object_table_feed(t, good + k, left < 7 ? left : 7, &err), 0);
	}
	assert_int_equal(object_table_finish(t, &err), 0);
	write_all(t, &out);
	assert_int_equal(out.len, strlen(good));
	assert_memory_equal(out.bytes, good, out.len);

	assert_int_equal(object_table_count(t), 4);
	assert_int_equal(object_table_objects(t), 3);
	assert_int_equal(object_table_bytes(t), 3100);
	assert_int_equal(object_table_volumes(t), 2);
	assert_int_equal(object_table_volume_size(t, 1), 512 + 512 + 512 + 2048 + 1024);
	assert_int_equal(object_table_volume_sizes(t)[1], 512 + 1024 + 512 + 1024);
	assert_int_equal(object_table_volume_first(t, 2), 2);
	assert_int_equal(object_table_volume_first(t, 3), 4);

	struct object_part p = object_table_get(t, 2);
	assert_int_equal(p.first, 2048);
	assert_int_equal(p.length, 952);
	assert_int_equal(p.part, 2);
	assert_string_equal(p.name, "windows10.0-kb1.cab");
	object_member(&p, member);
	assert_string_equal(member, B ".p0002");
	assert_int_equal(object_table_find(t, p.sha256, &i), 1);
	assert_int_equal(i, 1);
	assert_int_equal(object_table_next(t, &i), 1);
	assert_int_equal(i, 2);
	assert_int_equal(object_table_next(t, &i), 0);
	p.sha256[0] = 0;
	assert_int_equal(object_table_find(t, p.sha256, &i), 0);
	p = object_table_get(t, 0);
	object_member(&p, member);
	assert_string_equal(member, A ".zst");
	i = 0;
	assert_int_equal(object_table_next(t, &i), 0);
}

static void assumed_objects_stand_apart(void **state)
{
	static const char text[] = A " 100 pack - 0 0 0 0 -\n" B " 3000 content - 0 0 0 0 -\n" C
				     " 7 content - 1 512 0 7 -\n";
	struct error err = ERROR_INIT;
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct buf out CLEANUP(buf_clear) = BUF_INIT(4096);
	size_t i = 9;

	(void)state;
	assert_int_equal(parse(t, text, &err), 0);
	assert_int_equal(object_table_count(t), 1);
	assert_int_equal(object_table_objects(t), 1);
	assert_int_equal(object_table_bytes(t), 7);
	assert_int_equal(object_table_assumed_count(t), 2);
	assert_int_equal(object_table_assumed_bytes(t), 3100);
	struct object_part p = object_table_assumed_get(t, 1);
	assert_int_equal(p.kind, OBJECT_CONTENT);
	assert_int_equal(p.size, 3000);
	assert_int_equal(p.volume, 0);
	assert_int_equal(p.sha256[0], 0xbb);
	assert_int_equal(object_table_assumed_find(t, p.sha256, &i), 1);
	assert_int_equal(i, 1);
	assert_int_equal(object_table_find(t, p.sha256, &i), 0);
	p.sha256[0] = 0xcc;
	assert_int_equal(object_table_assumed_find(t, p.sha256, &i), 0);
	assert_int_equal(object_table_find(t, p.sha256, &i), 1);
	for (size_t k = 0; k < 2; k++)
		assert_int_equal(object_table_assumed_write(t, k, &out, &err), 0);
	write_all(t, &out);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.bytes, text, out.len);

	struct manifest m = {
		.volumes = 1, .objects = 1, .object_bytes = 7, .assumed = 2, .assumed_bytes = 3100
	};
	assert_int_equal(object_table_check(t, &m, &err), 0);
	m.assumed_bytes--;
	assert_int_equal(object_table_check(t, &m, &err), -1);
	assert_error(err, ERROR_MEDIA_MISMATCH, "assumes 2 objects of 3100 bytes");
	error_clear(&err);
	m.assumed = m.assumed_bytes = 0; /* as in version 1 */
	assert_int_equal(object_table_check(t, &m, &err), -1);
	assert_error(err, ERROR_MEDIA_MISMATCH, "MANIFEST says 0 of 0");
}

static void each_rule_is_enforced(void **state)
{
	static const struct {
		const char *text, *cause;
	} rows[] = {
		{ A " 1 pack - 1 512 0 1\n", "line 1: not 9 fields" },
		{ A " 1 pack - 1 512 0 1 - -\n", "line 1: not 9 fields" },
		{ A " 1 pack - 1 512 0 1 -", "line 1: the last line does not end in LF" },
		{ "0 1 pack - 1 512 0 1 -\n", "line 1: SHA-256 is not 64" },
		{ A " 01 pack - 1 512 0 1 -\n", "line 1: size is not" },
		{ A " 68719476737 pack - 1 512 0 1 -\n", "line 1: size is not" },
		{ A " 1 Pack - 1 512 0 1 -\n", "line 1: no such kind" },
		{ A " 1 pack x 1 512 0 1 -\n", "line 1: SHA-1 is not 40" },
		{ A " 1 pack - 0 512 0 1 -\n", "line 1: an assumed object has digest" },
		{ A " 1 pack - 0 0 0 1 -\n", "line 1: an assumed object has digest" },
		{ A " 1 pack - 0 0 1 0 -\n", "line 1: an assumed object has digest" },
		{ A " 1 pack - 0 0 0 0 x\n", "line 1: an assumed object has digest" },
		{ A " 1 pack " SHA1 " 0 0 0 0 -\n", "line 1: an assumed object has digest" },
		{ A " 1 catalog - 0 0 0 0 -\n", "line 1: no kind that can be assumed" },
		{ A " 1 pack - 0 0 0 0 -\n" A " 1 pack - 0 0 0 0 -\n",
		  "line 2: the assumed objects are not sorted" },
		{ B " 1 pack - 0 0 0 0 -\n" A " 1 pack - 0 0 0 0 -\n",
		  "line 2: the assumed objects are not sorted" },
		{ A " 1 pack - 1 512 0 1 -\n" B " 1 pack - 0 0 0 0 -\n",
		  "line 2: an assumed object after carried" },
		{ A " 1 pack - 0 0 0 0 -\n" A " 1 pack - 1 512 0 1 -\n",
		  "is both assumed and carried" },
		{ A " 1 pack - 0 0 0 0 -\n" B " 1 pack - 2 512 0 1 -\n",
		  "line 2: volume 2 is out of order" },
		{ A " 1 pack - 10000 512 0 1 -\n", "line 1: volume is not" },
		{ A " 1 pack - 1 1099511627777 0 1 -\n", "line 1: offset is not" },
		{ A " 1 pack - 1 512 68719476737 1 -\n", "line 1: first is not" },
		{ A " 8589934592 pack - 1 512 0 8589934592 -\n", "line 1: length is not" },
		{ A " 1 pack - 1 512 0 1 .hidden\n", "line 1: the name is not" },
		{ A " 1 pack - 1 512 0 1 a/b\n", "line 1: the name is not" },
		{ A " 1 pack - 2 512 0 1 -\n", "line 1: volume 2 is out of order" },
		{ A " 1 pack - 1 512 0 1 -\n" B " 1 pack - 3 512 0 1 -\n",
		  "line 2: volume 3 is out of order" },
		{ A " 1 pack - 1 512 0 1 -\n" B " 1 pack - 2 512 0 1 -\n" C
		    " 1 pack - 1 1536 0 1 -\n",
		  "line 3: volume 1 is out of order" },
		{ A " 1 pack - 1 0 0 1 -\n", "line 1: offset 0, must be 512" },
		{ A " 1 pack - 1 513 0 1 -\n", "line 1: offset 513, must be 512" },
		{ A " 512 pack - 1 512 0 512 -\n" B " 1 pack - 1 2048 0 1 -\n",
		  "line 2: offset 2048, must be 1536" },
		{ A " 513 pack - 1 512 0 513 -\n" B " 1 pack - 1 1536 0 1 -\n",
		  "line 2: offset 1536, must be 2048" },
		{ A " 1 pack - 1 512 0 2 -\n", "line 1: a part that ends after its object" },
		{ A " 1 pack - 1 512 0 0 -\n", "line 1: a part without bytes" },
		{ A " 9 pack - 1 512 4 5 -\n", "line 1: a part whose object has not begun" },
		{ A " 9 pack - 1 512 0 4 -\n", "object " A " is not complete" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 pack - 2 512 5 4 -\n",
		  "line 2: a part that starts at 5, must be 4" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 pack - 2 512 3 6 -\n",
		  "line 2: a part that starts at 3, must be 4" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 pack - 1 1536 4 5 -\n",
		  "line 2: two parts of an object in one volume" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 10 pack - 2 512 4 5 -\n",
		  "line 2: the parts of an object disagree" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 content - 2 512 4 5 -\n",
		  "line 2: the parts of an object disagree" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 pack " SHA1 " 2 512 4 5 -\n",
		  "line 2: the parts of an object disagree" },
		{ A " 9 pack " SHA1 " 1 512 0 4 -\n" A
		    " 9 pack 1123456789abcdef0123456789abcdef01234567 2 512 4 5 -\n",
		  "line 2: the parts of an object disagree" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 pack - 2 512 4 5 a\n",
		  "line 2: the parts of an object disagree" },
		{ A " 9 pack - 1 512 0 4 a\n" A " 9 pack - 2 512 4 5 b\n",
		  "line 2: the parts of an object disagree" },
		{ A " 1 pack - 1 512 0 1 -\n" A " 1 pack - 1 1536 0 1 -\n", A " appears twice" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 pack - 2 512 4 5 -\n" A
		    " 9 pack - 3 512 0 9 -\n",
		  A " appears twice" },
		{ A " 9 pack - 1 512 0 4 -\n" A " 9 pack - 2 512 4 5 -\n" A
		    " 9 pack - 3 512 4 5 -\n",
		  "line 3: a part whose object has not begun" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct object_table *t CLEANUP(object_table_free) = object_table_new();

		assert_int_equal(parse(t, rows[i].text, &err), -1);
		assert_error(err, ERROR_OBJECTS_FORMAT, rows[i].cause);
	}
}

static void add_refuses_what_parsing_would(void **state)
{
	const struct object_part ok = {
		.kind = OBJECT_CONTENT, .size = 9, .volume = 1, .offset = 512, .length = 9
	};
	struct object_part bad[6];
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = ok;
	bad[0].kind = OBJECT_KINDS;
	bad[1].size = LIMIT_OBJECT_BYTES + 1;
	bad[2].size = bad[2].length = 8ull << 30;
	bad[3].first = UINT64_MAX;
	bad[4].name = "a b";
	bad[5].volume = 0;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct object_table *t CLEANUP(object_table_free) = object_table_new();

		error_clear(&err);
		assert_int_equal(object_table_add(t, &bad[i], &err), -1);
		assert_error(err, ERROR_OBJECTS_FORMAT, "OBJECTS line 1: ");
		/* Nothing was added: the next one is still the first. */
		error_clear(&err);
		assert_int_equal(object_table_add(t, &ok, &err), 0);
	}
}

static struct object_part numbered(uint32_t i)
{
	struct object_part p = { .kind = OBJECT_CONTENT, .volume = 1 };

	memcpy(p.sha256, &i, sizeof i);
	return p;
}

static void unfinished_objects_are_limited(void **state)
{
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct error err = ERROR_INIT;

	(void)state;
	for (uint32_t i = 0; i <= LIMIT_OPEN_SPLITS; i++) {
		struct object_part p = numbered(i);

		p.size = 2;
		p.length = 1;
		p.offset = 512 + i * 1024ull;
		assert_int_equal(object_table_add(t, &p, &err), i < LIMIT_OPEN_SPLITS ? 0 : -1);
	}
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 1024 unfinished");
}

static void volumes_and_names_are_limited(void **state)
{
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct error err = ERROR_INIT;
	char name[OBJECT_NAME_MAX + 1];
	uint64_t offset = 512;
	uint32_t i = 0;

	(void)state;
	/* 127 members of 8 GiB - 512 and their headers, then one that would pass 1 TiB. */
	for (; i < 128; i++) {
		struct object_part p = numbered(i);

		p.size = p.length = (8ull << 30) - 512;
		p.offset = offset;
		offset += 8ull << 30;
		assert_int_equal(object_table_add(t, &p, &err), i < 127 ? 0 : -1);
	}
	assert_error(err, ERROR_MEDIA_LIMIT, "volume 1 is larger than 1099511627776");

	memset(name, 'n', sizeof name - 1);
	name[OBJECT_NAME_MAX] = '\0';
	error_clear(&err);
	offset = 512;
	for (; i < LIMIT_OBJECTS; i++, offset += 512) {
		struct object_part p = numbered(i);

		p.volume = 2;
		p.offset = offset;
		p.name = name;
		if (object_table_add(t, &p, &err))
			break;
	}
	assert_error(err, ERROR_MEDIA_LIMIT, "bytes of names");
	assert_int_equal(i - 128, LIMIT_OBJECT_NAMES / (OBJECT_NAME_MAX + 1));
}

static void the_count_is_limited(void **state)
{
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct error err = ERROR_INIT;

	(void)state;
	for (uint32_t i = 0; i <= LIMIT_OBJECTS; i++) {
		struct object_part p = numbered(i);

		p.offset = 512 + i * 512ull;
		assert_int_equal(object_table_add(t, &p, &err), i < LIMIT_OBJECTS ? 0 : -1);
	}
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 4000000 parts");
	error_clear(&err);
	assert_int_equal(object_table_finish(t, &err), 0);
}

static void totals_are_those_of_the_manifest(void **state)
{
	static const struct manifest rows[] = {
		{ .volumes = 2, .objects = 3, .object_bytes = 3100 },
		{ .volumes = 1, .objects = 3, .object_bytes = 3100 },
		{ .volumes = 2, .objects = 4, .object_bytes = 3100 },
		{ .volumes = 2, .objects = 3, .object_bytes = 3101 },
	};
	struct object_table *t CLEANUP(object_table_free) = object_table_new();
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(parse(t, good, &err), 0);
	assert_int_equal(object_table_check(t, &rows[0], &err), 0);
	for (size_t i = 1; i < COUNT(rows); i++) {
		error_clear(&err);
		assert_int_equal(object_table_check(t, &rows[i], &err), -1);
		assert_error(err, ERROR_MEDIA_MISMATCH, "MANIFEST says");
	}
}

static void order_is_kind_size_digest(void **state)
{
	const struct object_part rows[] = {
		{ .kind = OBJECT_CATALOG, .size = 1 },
		{ .kind = OBJECT_PACK, .size = 2 },
		{ .kind = OBJECT_PACK, .size = 1 },
		{ .kind = OBJECT_PACK, .size = 1, .sha256 = { 1 } },
		{ .kind = OBJECT_CABINET, .size = 9 },
		{ .kind = OBJECT_CONTENT, .size = UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(object_compare(&rows[i], &rows[i]), 0);
		for (size_t k = i + 1; k < COUNT(rows); k++) {
			assert_true(object_compare(&rows[i], &rows[k]) < 0);
			assert_true(object_compare(&rows[k], &rows[i]) > 0);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_survives_a_round_trip),
		cmocka_unit_test(assumed_objects_stand_apart),
		cmocka_unit_test(each_rule_is_enforced),
		cmocka_unit_test(add_refuses_what_parsing_would),
		cmocka_unit_test(unfinished_objects_are_limited),
		cmocka_unit_test(volumes_and_names_are_limited),
		cmocka_unit_test(the_count_is_limited),
		cmocka_unit_test(totals_are_those_of_the_manifest),
		cmocka_unit_test(order_is_kind_size_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
