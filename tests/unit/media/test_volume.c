#include "media/volume.h"

#include "lib/base/limits.h"
#include "tests/unit/unit.h"

static void names_have_one_spelling(void **state)
{
	static const struct {
		const char *name;
		struct volume_file file;
	} good[] = {
		{ "vol-0001.tar", { VOLUME_WHOLE, 1, 0 } },
		{ "vol-9999.tar", { VOLUME_WHOLE, 9999, 0 } },
		{ "vol-0042.par", { VOLUME_PARITY, 42, 0 } },
		{ "par-0007.ec", { VOLUME_SPARE, 7, 0 } },
		{ "vol-0001.s000000", { VOLUME_SEGMENT, 1, 0 } },
		{ "vol-0001.s000165", { VOLUME_SEGMENT, 1, 165 } },
		{ "vol-0001.s999999", { VOLUME_SEGMENT, 1, 999999 } },
		{ "vol-0001.s1000000", { VOLUME_SEGMENT, 1, 1000000 } },
		{ "vol-0001.s2097151", { VOLUME_SEGMENT, 1, LIMIT_CHUNKS - 1 } },
	};
	static const char *const bad[] = {
		"",
		"vol-0000.tar",
		"vol-1.tar",
		"vol-00001.tar",
		"vol-0001.ta",
		"vol-0001.tar2",
		"vol-0001.TAR",
		"vol-0001.s",
		"vol-0001.s0",
		"vol-0001.s00000",
		"vol-0001.s0000000",
		"vol-0001.s2097152",
		"vol-0001.s-00001",
		"vol-0001.s00000a",
		"vol-0001.sxxxxxx",
		"vol-000a.tar",
		"par-0000.ec",
		"par-0001.par",
		"vol-0001.ec",
		"par-0001.e",
		"par-0001.ecc",
		"vol-0001.pa",
		"vol_0001.tar",
		"Vol-0001.tar",
		"vol-0001.s99999999999",
		"vol-10000.tar",
	};
	struct volume_file f;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		char name[VOLUME_FILE_SIZE];

		if (!volume_file_parse(good[i].name, strlen(good[i].name), &f))
			fail_msg("refused: %s", good[i].name);
		assert_int_equal(f.kind, good[i].file.kind);
		assert_int_equal(f.number, good[i].file.number);
		assert_int_equal(f.chunk, good[i].file.chunk);
		volume_file_name(&f, name);
		assert_string_equal(name, good[i].name);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (volume_file_parse(bad[i], strlen(bad[i]), &f))
			fail_msg("accepted: %s", bad[i]);
}

static void chunks_cover_a_volume(void **state)
{
	(void)state;
	assert_int_equal(volume_chunks(0), 0);
	assert_int_equal(volume_chunks(1), 1);
	assert_int_equal(volume_chunks(VOLUME_CHUNK), 1);
	assert_int_equal(volume_chunks(VOLUME_CHUNK + 1), 2);
	assert_int_equal(volume_chunks(1ull << 40), 262144);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_spelling),
		cmocka_unit_test(chunks_cover_a_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
