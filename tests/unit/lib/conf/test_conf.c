#include "lib/conf/conf.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

/* Entries as text: "line section key value|". */
struct seen {
	char text[1024];
	const char *refuse; /* a key to fail at */
};

static int on_entry(void *ctx, const struct conf_entry *e, struct error *err)
{
	struct seen *s = ctx;
	size_t used = strlen(s->text);

	if (s->refuse && e->key && strcmp(e->key, s->refuse) == 0)
		return conf_fail(e, err, "%s: refused", e->key);
	snprintf(s->text + used, sizeof s->text - used, "%u [%s] %s=%s|", e->line, e->section,
		 e->key ? e->key : "", e->value ? e->value : "");
	return 0;
}

static int parse(const char *text, struct seen *s, struct error *err)
{
	return conf_parse("x.conf", (const unsigned char *)text, strlen(text), on_entry, s, err);
}

static void entries_come_in_order(void **state)
{
	struct seen s = { .text = "" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(parse("# one\n\n[a]\nk = v\nlong-key=two words  \n; x\n \t\n[b c]\n"
			       "k =\nurl = a:b=c;d",
			       &s, &err),
			 0);
	assert_no_error(err);
	assert_string_equal(s.text, "3 [a] =|4 [a] k=v|5 [a] long-key=two words|8 [b c] =|"
				    "9 [b c] k=|10 [b c] url=a:b=c;d|");
}

static void nothing_is_nothing(void **state)
{
	struct seen s = { .text = "" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(parse("", &s, &err), 0);
	assert_int_equal(parse("\n\n#\n", &s, &err), 0);
	assert_string_equal(s.text, "");
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "k = v\n", "x.conf:1: a key before the first section" },
		{ "[a]\nk\n", "x.conf:2: neither KEY = VALUE" },
		{ "[a]\nk: v\n", "x.conf:2: neither KEY = VALUE" },
		{ "[a]\nk: v=w\n", "x.conf:2: neither KEY = VALUE" },
		{ "[a]\n= v\n", "x.conf:2: neither KEY = VALUE" },
		{ "[a]\nk = v\n w\n", "x.conf:3: a line that begins with a blank" },
		{ "[a]\n\tk = v\n", "x.conf:2: a line that begins with a blank" },
		{ "[a]\nk = v ; w\n", "x.conf:2: a comment stands on a line of its own" },
		{ "[a] ; w\n", "x.conf:1: a section is [NAME]" },
		{ "[a\n", "x.conf:1: a section is [NAME]" },
		{ "[a]]\n", "x.conf:1: a section is [NAME]" },
		{ "[]\n", "x.conf:1: name of a section" },
		{ "[aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeee]\n",
		  "x.conf:1: name of a section" },
		{ "[a]\r\n", "x.conf:1: byte 4 is not printable ASCII" },
		{ "\xef\xbb\xbf[a]\n", "x.conf:1: byte 1 is not printable ASCII" },
		{ "[a]\nk = \x7f\n", "x.conf:2: byte 5 is not printable ASCII" },
		{ "[a]\naaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeee=1\n",
		  "x.conf:2: a key of more than" },
		{ "[a]\nrefuse = 1\nk\n", "x.conf:2: refuse: refused" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seen s = { .refuse = "refuse" };
		struct error err = ERROR_INIT;

		assert_int_equal(parse(rows[i].text, &s, &err), -1);
		assert_error(err, ERROR_CONF_FORMAT, rows[i].want);
	}
}

static void bytes_that_are_no_text(void **state)
{
	static const unsigned char bytes[] = "[a]\nk = v\0w\n";
	struct seen s = { .text = "" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(conf_parse("x", bytes, sizeof bytes - 1, on_entry, &s, &err), -1);
	assert_error(err, ERROR_CONF_FORMAT, "x:2: byte 6 is not printable ASCII");
}

/* A line of the greatest length comes through whole; one byte more, and it is refused. */
static void length_of_a_line(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		char text[256] = "[a]\nk=";
		struct seen s = { .text = "" };
		struct error err = ERROR_INIT;

		memset(text + 6, 'v', CONF_LINE_MAX - 2 + (size_t)over);
		text[6 + CONF_LINE_MAX - 2 + over] = '\n';
		assert_int_equal(parse(text, &s, &err), over ? -1 : 0);
		if (over)
			assert_error(err, ERROR_CONF_FORMAT, "x.conf:2: a line of more than 198");
		else
			assert_int_equal(strlen(s.text),
					 strlen("1 [a] =|2 [a] k=|") + CONF_LINE_MAX - 2);
	}
}

static void size_of_a_file(void **state)
{
	unsigned char *text = malloc(LIMIT_CONF_BYTES + 1);
	struct seen s = { .text = "" };
	struct error err = ERROR_INIT;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', LIMIT_CONF_BYTES + 1);
	assert_int_equal(conf_parse("x", text, LIMIT_CONF_BYTES, on_entry, &s, &err), 0);
	assert_int_equal(conf_parse("x", text, LIMIT_CONF_BYTES + 1, on_entry, &s, &err), -1);
	assert_error(err, ERROR_LIMIT_BYTES, "x: 65537 bytes");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_in_order), cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(what_is_refused),       cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(length_of_a_line),      cmocka_unit_test(size_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
