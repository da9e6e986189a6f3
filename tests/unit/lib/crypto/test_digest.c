#include "lib/crypto/digest.h"

#include "lib/base/str.h"
#include "tests/unit/unit.h"

/* FIPS 180 examples. */
static void digests_match_the_standard(void **state)
{
	static const struct {
		const char *text, *sha256, *sha1;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		  "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		  "a9993e364706816aba3e25717850c26c9cd0d89d" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char out[DIGEST_SHA256];
		char hex[DIGEST_HEX];

		digest_sha256(rows[i].text, strlen(rows[i].text), out);
		str_to_hex(out, DIGEST_SHA256, hex);
		assert_string_equal(hex, rows[i].sha256);
		digest_sha1(rows[i].text, strlen(rows[i].text), out);
		str_to_hex(out, DIGEST_SHA1, hex);
		assert_string_equal(hex, rows[i].sha1);
	}
}

static void a_running_digest_starts_anew(void **state)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	unsigned char whole[DIGEST_SHA256], parts[DIGEST_SHA256];

	(void)state;
	digest_sha256("abc", 3, whole);
	for (int i = 0; i < 2; i++) {
		digest_update(d, "a", 1);
		digest_update(d, "bc", 2);
		digest_final(d, parts);
		assert_memory_equal(parts, whole, sizeof whole);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_the_standard),
		cmocka_unit_test(a_running_digest_starts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
