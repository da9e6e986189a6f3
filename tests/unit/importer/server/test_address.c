#include "importer/server/address.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/unit/unit.h"

static void literal_addresses_survive_a_round_trip(void **state)
{
	static const char *const good[] = { "127.0.0.1:8530", "[::1]:8530", "0.0.0.0:0",
					    "[::]:65535", "[2001:db8::5]:80" };
	static const char *const bad[] = {
		"",
		"127.0.0.1",
		"127.0.0.1:",
		":8530",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1:08530",
		"localhost:8530",
		"::1:8530",
		"[::1]",
		"[::1]8530",
		"[127.0.0.1]:1",
		"[]:1",
		"[::1%lo]:8530",
		"1.2.3:80",
		"127.0.0.1:80 ",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]:80",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct error err = ERROR_INIT;
		char text[ADDRESS_TEXT_SIZE];
		struct address a;

		assert_int_equal(address_parse(good[i], &a, &err), 0);
		address_text((const struct sockaddr *)&a.storage, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error err = ERROR_INIT;
		struct address a;

		if (address_parse(bad[i], &a, &err) != -1)
			fail_msg("'%s' was accepted", bad[i]);
		assert_error(err, ERROR_SERVER_ADDRESS, "");
	}
}

static void a_port_in_use_has_its_own_error(void **state)
{
	struct error err = ERROR_INIT;
	struct address wanted, first, second;
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	assert_int_equal(address_parse("127.0.0.1:0", &wanted, &err), 0);
	CLEANUP(file_close) int fd = address_listen(&wanted, &first, &err);
	assert_true(fd >= 0);
	assert_no_error(err);
	address_text((const struct sockaddr *)&first.storage, text);
	assert_string_not_equal(text, "127.0.0.1:0");
	assert_int_equal(address_listen(&first, &second, &err), -1);
	assert_error(err, ERROR_SERVER_IN_USE, text);
}

static void a_foreign_address_is_refused(void **state)
{
	struct error err = ERROR_INIT;
	struct address wanted, actual;

	(void)state;
	assert_int_equal(address_parse("192.0.2.1:0", &wanted, &err), 0);
	assert_int_equal(address_listen(&wanted, &actual, &err), -1);
	assert_error(err, ERROR_SERVER_LISTEN, "192.0.2.1:0");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(literal_addresses_survive_a_round_trip),
		cmocka_unit_test(a_port_in_use_has_its_own_error),
		cmocka_unit_test(a_foreign_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
