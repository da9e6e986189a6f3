#include "lib/crypto/mac.h"

#include "lib/base/str.h"
#include "tests/unit/unit.h"

#include <string.h>

/* RFC 4231, cases 1 and 2; its shorter keys are padded with zeros, which HMAC does itself. */
static void vectors_of_the_standard(void **state)
{
	static const struct {
		unsigned char key[MAC_KEY];
		const char *text, *mac;
	} rows[] = {
		{ { 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
		    0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b },
		  "Hi There",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "Jefe", "what do ya want for nothing?",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	};
	unsigned char mac[MAC_SIZE], want[MAC_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		mac_sha256(rows[i].key, rows[i].text, strlen(rows[i].text), mac);
		assert_true(str_from_hex(rows[i].mac, 64, want, sizeof want));
		assert_true(mac_equal(mac, want));
	}
}

static void any_bit_makes_a_difference(void **state)
{
	unsigned char a[MAC_SIZE] = { 1, 2, 3 }, b[MAC_SIZE];

	(void)state;
	for (size_t bit = 0; bit < 8 * MAC_SIZE; bit++) {
		memcpy(b, a, sizeof b);
		b[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_false(mac_equal(a, b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_standard),
		cmocka_unit_test(any_bit_makes_a_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
