/* Headers of a stream: canonical, names of a bundle's files alone, kinds. */
#include "media/stream_member.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

static void names_and_kinds(void **state)
{
	static const struct {
		const char *name;
		int kind; /* -1: refused */
	} rows[] = {
		{ "MANIFEST", STREAM_MEMBER_SMALL },
		{ "sigs/0123.p7s", STREAM_MEMBER_SMALL },
		{ "vol-0001.tar", STREAM_MEMBER_VOLUME },
		{ "vol-0012.s000034", STREAM_MEMBER_VOLUME },
		{ "vol-0001.par", STREAM_MEMBER_HELPER },
		{ "par-0001.ec", STREAM_MEMBER_HELPER },
		{ "/etc", -1 },
		{ "../x", -1 },
		{ "a/../b", -1 },
		{ "a/b/c", -1 },
		{ "a/", -1 },
		{ ".x", -1 },
		{ "a b", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char block[USTAR_BLOCK];
		struct error err = ERROR_INIT;
		struct stream_member m;

		ustar_header(rows[i].name, 4711, block);
		int result = stream_member_parse(block, 512, &m, &err);
		if (rows[i].kind < 0) {
			assert_int_equal(result, -1);
			assert_error(err, ERROR_STREAM_FORMAT, "byte 512");
			continue;
		}
		assert_int_equal(result, 0);
		assert_int_equal(m.kind, rows[i].kind);
		assert_int_equal(m.size, 4711);
		assert_string_equal(m.name, rows[i].name);
	}
}

static void every_byte_of_a_header_counts(void **state)
{
	unsigned char block[USTAR_BLOCK] = { 0 };
	struct error err = ERROR_INIT;
	struct stream_member m;

	(void)state;
	assert_int_equal(stream_member_parse(block, 0, &m, &err), 0);
	assert_int_equal(m.kind, STREAM_MEMBER_END);
	ustar_header("vol-0012.s000034", 1 << 22, block);
	for (size_t i = 0; i < sizeof block; i++) {
		block[i] ^= 1;
		error_clear(&err);
		assert_int_equal(stream_member_parse(block, 0, &m, &err), -1);
		block[i] ^= 1;
	}
	error_clear(&err);
	assert_int_equal(stream_member_parse(block, 0, &m, &err), 0);
	assert_int_equal(m.volume, 12);
	assert_int_equal(m.chunk, 34);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_kinds),
		cmocka_unit_test(every_byte_of_a_header_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
