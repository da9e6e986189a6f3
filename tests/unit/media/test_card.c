#include "media/card.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* Plain text that a person can read on any screen or print. */
static void card_is_plain_text(void **state)
{
	const char *text = card_text();
	size_t len = strlen(text), column = 0;

	(void)state;
	assert_memory_equal(text, "#!/bin/sh\n", 10);
	assert_int_equal(text[len - 1], '\n');
	for (size_t i = 0; i < len; i++) {
		assert_true(text[i] == '\n' || text[i] == '\t' ||
			    (text[i] >= 0x20 && text[i] <= 0x7e));
		column = text[i] == '\n' ? 0 : column + (text[i] == '\t' ? 8 : 1);
		assert_true(column <= 110);
	}
}

static void card_is_a_shell_script(void **state)
{
	FILE *shell = popen("sh -n", "w");

	(void)state;
	assert_non_null(shell);
	assert_int_equal(fwrite(card_text(), 1, strlen(card_text()), shell), strlen(card_text()));
	assert_int_equal(pclose(shell), 0);
}

/* What each check must not be without (docs/FORMAT.md "VERIFY.txt"). */
static void card_keeps_its_safeguards(void **state)
{
	static const char *const words[] = {
		"-partial_chain", "-no-CApath", "-no-CAstore",         "-x509_strict",
		"-cades",         "--strict",   "gapferry-manifest 1", "gapferry-manifest 2",
		"NOT VERIFIED",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		assert_non_null(strstr(card_text(), words[i]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_is_plain_text),
		cmocka_unit_test(card_is_a_shell_script),
		cmocka_unit_test(card_keeps_its_safeguards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
