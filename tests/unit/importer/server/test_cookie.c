#include "importer/server/cookie.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char id[16] = "sixteen bytes id",
			   key[32] = "thirty-two bytes of a secret key";
static const unsigned char other_id[16] = "SIXTEEN BYTES ID";
static const struct cookie_seal seal = { id, key };

static struct cookie sample(void)
{
	return (struct cookie){
		.kind = COOKIE_SESSION,
		.expires = 1000,
		.config = 77,
		.software = { INT64_MAX, UINT64_MAX, INT32_MIN },
		.driver = { 3, 4, 5 },
		.major = 2,
		.minor = 90,
		.location = { 1, 2, 3, 4, 5, 6, 7, 255 },
		.client_id = "2D3C1B2A-0000-4000-8000-123456789abc",
		.claimed = "Pilot;B\xc3\xbcro",
	};
}

static enum error_id read_it(const unsigned char *bytes, size_t len, enum cookie_kind kind,
			     int64_t now)
{
	struct error err = ERROR_INIT;
	struct cookie out;

	/* exactly as long as it says, so that a checker sees every byte too many */
	unsigned char *copy = malloc(len + (len == 0));
	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	int result = cookie_read(copy, len, &seal, kind, now, &out, &err);
	free(copy);
	assert_int_equal(result, err.id == ERROR_NONE ? 0 : -1);
	return err.id;
}

static void what_is_written_is_read(void **state)
{
	struct cookie in = sample(), out;
	unsigned char bytes[COOKIE_MAX];
	struct error err = ERROR_INIT;
	size_t len = cookie_write(&in, &seal, bytes);

	(void)state;
	assert_int_equal(cookie_read(bytes, len, &seal, COOKIE_SESSION, 999, &out, &err), 0);
	assert_int_equal(out.kind, in.kind);
	assert_true(out.expires == in.expires && out.config == in.config);
	assert_true(out.software.change == in.software.change &&
		    out.software.scope == in.software.scope &&
		    out.software.revision == in.software.revision);
	assert_true(out.driver.change == 3 && out.driver.scope == 4 && out.driver.revision == 5);
	assert_true(out.major == 2 && out.minor == 90);
	assert_memory_equal(out.location, in.location, sizeof in.location);
	assert_string_equal(out.client_id, in.client_id);
	assert_string_equal(out.claimed, in.claimed);
}

static void the_longest_fits(void **state)
{
	struct cookie in = sample(), out;
	unsigned char bytes[COOKIE_MAX];
	struct error err = ERROR_INIT;

	(void)state;
	memset(in.client_id, 'a', COOKIE_TEXT);
	memset(in.claimed, 'b', COOKIE_TEXT);
	assert_int_equal(cookie_write(&in, &seal, bytes), COOKIE_MAX);
	assert_int_equal(cookie_read(bytes, COOKIE_MAX, &seal, COOKIE_SESSION, 0, &out, &err), 0);
	assert_int_equal(strlen(out.client_id), COOKIE_TEXT);
	assert_int_equal(strlen(out.claimed), COOKIE_TEXT);
	in = (struct cookie){ .kind = COOKIE_SESSION, .expires = 1 };
	size_t len = cookie_write(&in, &seal, bytes);
	assert_int_equal(cookie_read(bytes, len, &seal, COOKIE_SESSION, 0, &out, &err), 0);
	assert_string_equal(out.client_id, "");
}

static void every_flipped_bit_is_noticed(void **state)
{
	struct cookie in = sample();
	unsigned char bytes[COOKIE_MAX];
	size_t len = cookie_write(&in, &seal, bytes), servers = 0;

	(void)state;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		enum error_id got = read_it(bytes, len, COOKIE_SESSION, 0);

		if (got == ERROR_COOKIE_SERVER)
			servers++;
		else
			assert_int_equal(got, ERROR_COOKIE_INVALID);
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	/* those of the server id, and no other */
	assert_int_equal(servers, 8 * sizeof id);
	assert_int_equal(read_it(bytes, len, COOKIE_SESSION, 0), ERROR_NONE);
}

static void every_other_length_is_refused(void **state)
{
	struct cookie in = sample();
	unsigned char bytes[COOKIE_MAX + 1] = { 0 };
	size_t len = cookie_write(&in, &seal, bytes);

	(void)state;
	for (size_t n = 0; n <= len + 1; n++)
		assert_int_equal(read_it(bytes, n, COOKIE_SESSION, 0),
				 n == len ? ERROR_NONE : ERROR_COOKIE_INVALID);
}

static void what_is_wrong_is_told(void **state)
{
	struct cookie in = sample(), out;
	unsigned char bytes[COOKIE_MAX];
	size_t len = cookie_write(&in, &seal, bytes);
	const struct cookie_seal elsewhere = { other_id, key };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(read_it(bytes, len, COOKIE_AUTHORIZATION, 0), ERROR_COOKIE_INVALID);
	assert_int_equal(read_it(bytes, len, COOKIE_SESSION, 999), ERROR_NONE);
	assert_int_equal(read_it(bytes, len, COOKIE_SESSION, 1000), ERROR_COOKIE_EXPIRED);
	assert_int_equal(cookie_read(bytes, len, &elsewhere, COOKIE_SESSION, 0, &out, &err), -1);
	assert_int_equal(err.id, ERROR_COOKIE_SERVER);
	error_clear(&err);
	assert_int_equal(cookie_read(NULL, 0, &seal, COOKIE_SESSION, 0, &out, &err), -1);
	assert_int_equal(err.id, ERROR_COOKIE_INVALID);
}

/* A key that is another one, as after clients.db was made anew under the same id. */
static void another_key_is_refused(void **state)
{
	static const unsigned char new_key[32] = "thirty-two bytes of another key!";
	struct cookie in = sample(), out;
	unsigned char bytes[COOKIE_MAX];
	size_t len = cookie_write(&in, &seal, bytes);
	const struct cookie_seal rekeyed = { id, new_key };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(cookie_read(bytes, len, &rekeyed, COOKIE_SESSION, 0, &out, &err), -1);
	assert_int_equal(err.id, ERROR_COOKIE_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_longest_fits),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(every_other_length_is_refused),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(another_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
