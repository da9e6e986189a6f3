#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/proof.h"
#include "tests/unit/unit.h"

#include <string.h>

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEAD "gapferry-proof 1\nline a line of OBJECTS\nplace 3\npath " HEX "\n"

static const char good[] = HEAD "file 5 MANIFEST\naGVsbG8=\n"
				"file 0 SHA256SUMS\n"
				"file 49 sigs/0123456789abcdef.p7s\n"
				"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n"
				"QQ==\n"
				"end 11\n";

static void good_survives_a_round_trip(void **state)
{
	CLEANUP(proof_clear) struct proof p = { .count = 0 };
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_PROOF_BYTES);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(proof_parse(good, sizeof good - 1, &p, &err), 0);
	assert_string_equal(p.line, "a line of OBJECTS");
	assert_int_equal(p.index, 3);
	assert_int_equal(p.path.count, 1);
	assert_int_equal(p.count, 3);
	assert_int_equal(proof_find(&p, "MANIFEST")->len, 5);
	assert_memory_equal(proof_find(&p, "MANIFEST")->bytes, "hello", 5);
	assert_null(proof_find(&p, "CHUNKS"));
	assert_int_equal(proof_write(&p, &out, &err), 0);
	assert_int_equal(out.len, sizeof good - 1);
	assert_memory_equal(out.bytes, good, out.len);
}

static void files_are_put_in_order(void **state)
{
	CLEANUP(proof_clear) struct proof p = { .line = "x" }, back = { .count = 0 };
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_PROOF_BYTES);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(proof_add(&p, "b", "2", 1, &err), 0);
	assert_int_equal(proof_add(&p, "a/c", "1", 1, &err), 0);
	assert_int_equal(proof_add(&p, "b", "2", 1, &err), -1);
	assert_error(err, ERROR_PROOF_FORMAT, "twice");
	error_clear(&err);
	assert_int_equal(proof_add(&p, "../b", "2", 1, &err), -1);
	error_clear(&err);
	assert_int_equal(proof_write(&p, &out, &err), 0);
	assert_int_equal(proof_parse(out.bytes, out.len, &back, &err), 0);
	assert_string_equal(back.files[0].name, "a/c");
	for (char name[] = "ca"; p.count < LIMIT_PROOF_FILES; name[1]++)
		assert_int_equal(proof_add(&p, name, "", 0, &err), 0);
	assert_int_equal(proof_add(&p, "z", "", 0, &err), -1);
	assert_error(err, ERROR_PROOF_FORMAT, "too many");
}

static void each_rule_is_enforced(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "end is missing" },
		{ "gapferry-proof 2\n", "expected" },
		{ "gapferry-proof 1\nplace 3\n", "\"line\" expected" },
		{ "gapferry-proof 1\nline x\npath " HEX "\n", "\"place\" expected" },
		{ "gapferry-proof 1\nline x\nplace 03\n", "place" },
		{ HEAD "path 00\nend 5\n", "path" },
		{ HEAD "file 5 MANIFEST\nend 6\n", "5 bytes in base64" },
		{ HEAD "file 5 MANIFEST\naGVsbG9=\nend 7\n", "5 bytes in base64" },
		{ HEAD "file 5 MANIFEST\naGVsbA==\n", "5 bytes in base64" },
		{ HEAD "file 0 b\nfile 0 a\nend 7\n", "sorted" },
		{ HEAD "file 0 a\nfile 0 a\nend 7\n", "sorted" },
		{ HEAD "file 0 ../a\nend 6\n", "not a name" },
		{ HEAD "file 0 a/b/c\nend 6\n", "not a name" },
		{ HEAD "file 4194305 a\n", "size" },
		{ HEAD "file 0 a\npath " HEX "\nend 7\n", "fields" },
		{ HEAD "end 6\n", "end" },
		{ HEAD "end 5\nend 6\n", "after the end" },
		{ HEAD "end 5", "LF" },
		{ HEAD, "end is missing" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		CLEANUP(proof_clear) struct proof p = { .count = 0 };
		struct error err = ERROR_INIT;

		assert_int_equal(proof_parse(wrong[i][0], strlen(wrong[i][0]), &p, &err), -1);
		assert_error(err, ERROR_PROOF_FORMAT, wrong[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_survives_a_round_trip),
		cmocka_unit_test(files_are_put_in_order),
		cmocka_unit_test(each_rule_is_enforced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
