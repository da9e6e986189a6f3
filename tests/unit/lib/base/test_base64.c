#include "lib/base/base64.h"
#include "lib/base/str.h"
#include "tests/unit/unit.h"

#include <string.h>

static void vectors_of_rfc_4648(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		base64_encode((const unsigned char *)rows[i][0], strlen(rows[i][0]), out);
		assert_string_equal(out, rows[i][1]);
		assert_int_equal(strlen(out), BASE64_LENGTH(strlen(rows[i][0])));
	}
}

static void every_length_is_read_back(void **state)
{
	unsigned char bytes[300], back[300];
	char out[BASE64_LENGTH(sizeof bytes) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7 + 250);
	for (size_t len = 1; len <= sizeof bytes; len++) {
		base64_encode(bytes, len, out);
		assert_true(str_from_base64(out, strlen(out), back, len));
		assert_memory_equal(bytes, back, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_rfc_4648),
		cmocka_unit_test(every_length_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
