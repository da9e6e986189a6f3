#include "importer/server/access.h"
#include "importer/server/token.h"

#include "lib/base/error.h"
#include "tests/unit/folder.h"

#define TOKEN "0123456789abcdef"

static void who_may_do_what(void **state)
{
	static const struct {
		struct access access;
		bool allowed;
	} rows[] = {
		{ { NULL, NULL, true, false }, true },
		{ { NULL, NULL, false, false }, false },
		{ { NULL, NULL, true, true }, false },
		{ { NULL, "Bearer " TOKEN, true, true }, false },
		{ { TOKEN, NULL, true, false }, false },
		{ { TOKEN, "", true, false }, false },
		{ { TOKEN, "Bearer ", true, true }, false },
		{ { TOKEN, "Bearer " TOKEN, false, true }, true },
		{ { TOKEN, "Bearer " TOKEN, false, false }, true },
		{ { TOKEN, "bearer " TOKEN, true, true }, false },
		{ { TOKEN, "Basic " TOKEN, true, true }, false },
		{ { TOKEN, TOKEN, true, true }, false },
		{ { TOKEN, "Bearer " TOKEN " ", true, true }, false },
		{ { TOKEN, "Bearer " TOKEN TOKEN, true, true }, false },
		{ { TOKEN, "Bearer 0123456789abcde", true, true }, false },
		{ { TOKEN, "Bearer 0123456789abcdeF", true, true }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(access_judge(&rows[i].access, &err), rows[i].allowed ? 0 : -1);
		assert_int_equal(err.id, rows[i].allowed ? ERROR_NONE : ERROR_API_FORBIDDEN);
	}
}

static void tokens_of_files(void **state)
{
	static const struct {
		const char *text, *token;
	} rows[] = {
		{ TOKEN, TOKEN },
		{ TOKEN "\n", TOKEN },
		{ TOKEN "\r\n", TOKEN },
		{ "", NULL },
		{ "0123456789abcde\n", NULL },
		{ TOKEN " x", NULL },
		{ TOKEN "\nx\n", NULL },
	};
	struct temporary t;
	char path[100];

	(void)state;
	temporary_create(&t);
	snprintf(path, sizeof path, "%s/token", t.path);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;

		temporary_write(&t, "token", rows[i].text, strlen(rows[i].text));
		char *token = token_load(path, &err);
		if (rows[i].token)
			assert_string_equal(token, rows[i].token);
		else
			assert_null(token);
		assert_int_equal(err.id, rows[i].token ? ERROR_NONE : ERROR_API_TOKEN);
		free(token);
	}
	temporary_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(who_may_do_what),
					    cmocka_unit_test(tokens_of_files) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
