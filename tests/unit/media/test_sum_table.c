#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/sum_table.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void good_survives_a_round_trip(void **state)
{
	static const char text[] = HEX "  VERIFY.txt\n" HEX "  trust/0001.root\n";
	struct error err = ERROR_INIT;
	struct sum_table t CLEANUP(sum_table_clear) = { .count = 0 };
	struct sum_table made CLEANUP(sum_table_clear) = { .count = 0 };
	struct buf out CLEANUP(buf_clear) = BUF_INIT(4096);

	(void)state;
	assert_int_equal(sum_table_parse(text, strlen(text), &t, &err), 0);
	assert_int_equal(t.count, 2);
	assert_non_null(sum_table_find(&t, "VERIFY.txt"));
	assert_null(sum_table_find(&t, "VERIFY"));
	assert_null(sum_table_find(&t, "zz"));

	/* Added in another order, written the same. */
	assert_int_equal(sum_table_add(&made, "trust/0001.root", t.entries[1].sha256, &err), 0);
	assert_int_equal(sum_table_add(&made, "VERIFY.txt", t.entries[0].sha256, &err), 0);
	assert_int_equal(sum_table_write(&made, &out, &err), 0);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.bytes, text, out.len);
	assert_int_equal(sum_table_add(&made, "VERIFY.txt", t.entries[0].sha256, &err), -1);
	assert_error(err, ERROR_SUMS_FORMAT, "twice");
}

static void each_rule_is_enforced(void **state)
{
	static const struct {
		const char *text, *cause;
	} rows[] = {
		{ "\n", "line 1: not '<64" },
		{ HEX "  \n", "line 1: not '<64" },
		{ HEX " VERIFY.txt\n", "line 1: not '<64" },
		{ HEX " *VERIFY.txt\n", "line 1: not '<64" },
		{ HEX "   VERIFY.txt\n", "not a name" },
		{ "A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  a\n",
		  "not '<64" },
		{ "\\" HEX "  a\n", "not '<64" },
		{ HEX "  a", "does not end in LF" },
		{ HEX "  a\t\n", "byte 0x09" },
		{ HEX "  b\n" HEX "  a\n", "line 2: the names are not sorted" },
		{ HEX "  a\n" HEX "  a\n", "line 2: the names are not sorted" },
		{ HEX "  /a\n", "not a name" },
		{ HEX "  a/\n", "not a name" },
		{ HEX "  a/b/c\n", "not a name" },
		{ HEX "  ../a\n", "not a name" },
		{ HEX "  a/..\n", "not a name" },
		{ HEX "  -rf\n", "not a name" },
		{ HEX "  .hidden\n", "not a name" },
		{ HEX "  a b\n", "not a name" },
		{ HEX "  MANIFEST\n", "not a name" },
		{ HEX "  CHUNKS\n", "not a name" },
		{ HEX "  OBJECTS\n", "not a name" },
		{ HEX "  SHA256SUMS\n", "not a name" },
		{ HEX "  sigs\n", "not a name" },
		{ HEX "  sigs/0011223344556677.p7s\n", "not a name" },
		{ HEX "  vol-0001.tar\n", "not a name" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct sum_table t CLEANUP(sum_table_clear) = { .count = 0 };

		assert_int_equal(sum_table_parse(rows[i].text, strlen(rows[i].text), &t, &err), -1);
		assert_error(err, ERROR_SUMS_FORMAT, rows[i].cause);
	}
}

static void the_count_is_limited(void **state)
{
	static const unsigned char digest[32];
	struct error err = ERROR_INIT;
	struct sum_table t CLEANUP(sum_table_clear) = { .count = 0 };
	struct sum_table again CLEANUP(sum_table_clear) = { .count = 0 };
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_SUMS_BYTES);
	char name[SUM_NAME_SIZE + 1];

	(void)state;
	for (unsigned i = 0; i < LIMIT_SUMS; i++) {
		snprintf(name, sizeof name, "f%04u", i);
		assert_int_equal(sum_table_add(&t, name, digest, &err), 0);
	}
	assert_int_equal(sum_table_add(&t, "z", digest, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 4096");
	error_clear(&err);
	assert_int_equal(sum_table_write(&t, &out, &err), 0);
	assert_int_equal(sum_table_parse(out.bytes, out.len, &again, &err), 0);
	sum_table_clear(&again);
	assert_int_equal(buf_printf(&out, &err, HEX "  z\n"), 0);
	assert_int_equal(sum_table_parse(out.bytes, out.len, &again, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 4096 lines");

	memset(name, 'a', sizeof name);
	assert_true(sum_table_is_name(name, 127));
	assert_false(sum_table_is_name(name, 128));
	name[127] = '/';
	assert_true(sum_table_is_name(name, 255));
	assert_false(sum_table_is_name(name, 256));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_survives_a_round_trip),
		cmocka_unit_test(each_rule_is_enforced),
		cmocka_unit_test(the_count_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
