#include "lib/crypto/token.h"

#include "lib/base/error.h"
#include "lib/crypto/key.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* What is refused before any token is looked for; no message repeats a PIN. */
static void uris_are_judged_first(void **state)
{
	static const struct {
		const char *uri;
		enum error_id id;
	} rows[] = {
		{ "pkcs11:token=t;object=k", ERROR_TOKEN_MODULE }, /* nothing wrong with it */
		{ "pkcs11:token=t;id=%01;type=private", ERROR_TOKEN_MODULE },
		{ "pkcs11:token=t;object=k?pin-source=/x", ERROR_TOKEN_MODULE },
		{ "pkcs11:token=t;object=k?pin-value=314159", ERROR_TOKEN_URI },
		{ "pkcs11:token=t;object=k?module-path=/x.so", ERROR_TOKEN_URI },
		{ "pkcs11:token=t;object=k?module-name=x", ERROR_TOKEN_URI },
		{ "pkcs11:token=t;object=k;type=public", ERROR_TOKEN_URI },
		{ "pkcs11:token=t;object=k;colour=red", ERROR_TOKEN_URI },
		{ "pkcs11:token=t", ERROR_TOKEN_URI },
		{ "pkcs11:", ERROR_TOKEN_URI },
		{ "pkcs11:token=%4", ERROR_TOKEN_URI },
		{ "pkcs12:token=t;object=k", ERROR_TOKEN_URI },
		{ "", ERROR_TOKEN_URI },
	};

	(void)state;
	setenv("GAPFERRY_PKCS11_MODULE", "/nonexistent/module.so", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		assert_null(token_open(rows[i].uri, &err));
		if (err.id != rows[i].id)
			fail_msg("%s: %s", rows[i].uri, err.message);
		assert_null(strstr(err.message, "314159"));
		error_clear(&err);
		assert_null(key_open(rows[i].uri, &err));
		assert_int_equal(err.id, rows[i].id);
	}
}

/* Any shared library is not a module. */
static void a_module_must_be_one(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	setenv("GAPFERRY_PKCS11_MODULE", "libcrypto.so.3", 1);
	assert_null(token_open("pkcs11:token=t;object=k", &err));
	assert_int_equal(err.id, ERROR_TOKEN_MODULE);
}

static void a_uri_is_told_from_a_path(void **state)
{
	(void)state;
	assert_true(key_is_uri("pkcs11:"));
	assert_true(key_is_uri("pkcs11:token=a"));
	assert_false(key_is_uri("./pkcs11:token=a"));
	assert_false(key_is_uri("pkcs11"));
	assert_false(key_is_uri(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(uris_are_judged_first),
		cmocka_unit_test(a_module_must_be_one),
		cmocka_unit_test(a_uri_is_told_from_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
