#include "lib/catalog/catalog_url.h"

#include "tests/unit/unit.h"

#include <string.h>

#define HEX "00112233445566778899aabbccddeeff00112233"

static void paths_are_found(void **state)
{
	static const struct {
		const char *url, *path;
	} cases[] = {
		{ "http://host/a/b.cab", "/a/b.cab" },
		{ "https://host/a?b=/c", "/a" },
		{ "http://host/a#b", "/a" },
		{ "http://host/", "/" },
		{ "http://host", NULL },
		{ "/a/b", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len;
		const char *path = catalog_url_path(cases[i].url, &len);

		assert_int_equal(path != NULL, cases[i].path != NULL);
		if (!path)
			continue;
		assert_int_equal(len, strlen(cases[i].path));
		assert_memory_equal(path, cases[i].path, len);
	}
}

static void names_tell_digests(void **state)
{
	static const struct {
		const char *path;
		bool tells;
	} cases[] = {
		{ "/x/name_" HEX ".cab", true }, { "/x/" HEX ".cab", true },
		{ "/x/name_" HEX, true },        { HEX, true },
		{ "/x/name" HEX ".cab", false }, { "/x/name_" HEX "0.cab", false },
		{ "/" HEX "/name.cab", false },  { "/x/name_" HEX ".tar.gz", false },
		{ "/x/name_0" HEX, false },      { "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned char sha1[20] = { 0 };

		assert_int_equal(catalog_url_digest(cases[i].path, strlen(cases[i].path), sha1),
				 cases[i].tells);
		if (cases[i].tells)
			assert_int_equal(sha1[1], 0x11);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_found),
		cmocka_unit_test(names_tell_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
