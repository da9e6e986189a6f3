#include "lib/select/rules.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static void add(struct rules *r, const char *text)
{
	struct error err = ERROR_INIT;

	assert_int_equal(
		rules_read_conf(r, "x.conf", (const unsigned char *)text, strlen(text), &err), 0);
	assert_no_error(err);
}

static void says(const struct rules *r, const char *want)
{
	struct error err = ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_SELECTION_BYTES);
	static struct rules again;

	assert_int_equal(rules_write(r, &text, &err), 0);
	assert_int_equal(text.len, strlen(want));
	assert_memory_equal(text.bytes, want, text.len);
	assert_int_equal(rules_parse(text.bytes, text.len, &again, &err), 0);
	assert_int_equal(again.count, r->count);
}

static void values_have_one_spelling(void **state)
{
	static struct rules r;

	(void)state;
	r = (struct rules){ .count = 0 };
	add(&r, "[selection]\nkb = KB4\nkb = 4\n");
	says(&r, "gapferry-selection 1\nkb 4\nend 3\n");
}

static void files_are_read_on_top(void **state)
{
	static struct rules r;

	(void)state;
	r = (struct rules){ .count = 0 };
	says(&r, "gapferry-selection 1\nend 2\n");
	add(&r, "[selection]\nproduct = Windows 11, version 24H2\nproduct = Office\n"
		"product = Office\nseverity = Critical\nsuperseded = no\nexpress = yes\n"
		"kb = KB5005565\nkb = 5005565\nmax-age-days = 400\nlanguage = EN\n"
		"product = {6964AAB4-C5B5-43BD-A17D-FFB4346A8E1D}\n");
	says(&r, "gapferry-selection 1\n"
		 "product Office\nproduct Windows 11, version 24H2\n"
		 "product {6964AAB4-C5B5-43BD-A17D-FFB4346A8E1D}\n"
		 "language en\nseverity critical\nkb 5005565\nmax-age-days 400\n"
		 "superseded no\nend 10\n");
	assert_false(rules_yes(&r, RULES_SUPERSEDED));
	assert_true(rules_yes(&r, RULES_EXPRESS));
	add(&r, "[selection]\nproduct = Exchange\nkb =\nsuperseded = yes\n");
	says(&r, "gapferry-selection 1\nproduct Exchange\nlanguage en\nseverity critical\n"
		 "max-age-days 400\nend 6\n");
}

static void configuration_is_refused(void **state)
{
	static const char *const wrong[] = {
		"[selection]\ncolour = red\n",
		"[other]\n",
		"[selection]\nkb = KB\n",
		"[selection]\nkb = 99999999999\n",
		"[selection]\nproduct = Gr\xc3\xbcn\n",
		"[selection]\nlanguage = e_n\n",
		"[selection]\nupdate-id = 6964aab4\n",
		"[selection]\nmax-age-days = 0\n",
		"[selection]\nmax-age-days = 36501\n",
		"[selection]\nmax-age-days = 1\nmax-age-days = 2\n",
		"[selection]\ndriver = maybe\n",
		"[selection]\ndriver = no\ndriver = no\n",
		"[selection]\nproduct = x\nproduct =\n",
	};
	static struct rules r;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct error err = ERROR_INIT;

		r = (struct rules){ .count = 0 };
		if (rules_read_conf(&r, "x.conf", (const unsigned char *)wrong[i], strlen(wrong[i]),
				    &err) == 0)
			fail_msg("accepted: %s", wrong[i]);
		assert_error(err, ERROR_CONF_FORMAT, "x.conf:");
	}
}

static void texts_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"gapferry-selection 1\n",
		"gapferry-selection 2\nend 2\n",
		"gapferry-selection 1\nend 3\n",
		"gapferry-selection 1\nend 2\nend 2\n",
		"gapferry-selection 1\nend 2",
		"gapferry-selection 1\nkb 5\nkb 4\nend 4\n",
		"gapferry-selection 1\nkb 5\nkb 5\nend 4\n",
		"gapferry-selection 1\nkb 5\nproduct a\nend 4\n",
		"gapferry-selection 1\nkb 05\nend 3\n",
		"gapferry-selection 1\nkb KB5\nend 3\n",
		"gapferry-selection 1\nseverity Critical\nend 3\n",
		"gapferry-selection 1\nsuperseded yes\nend 3\n",
		"gapferry-selection 1\nmax-age-days 1\nmax-age-days 2\nend 4\n",
		"gapferry-selection 1\nproduct \nend 3\n",
		"gapferry-selection 1\nproduct  a\nend 3\n",
		"gapferry-selection 1\nproduct\nend 3\n",
		"gapferry-selection 1\ncolour red\nend 3\n",
		"gapferry-selection 1\r\nend 2\n",
	};
	static struct rules r;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct error err = ERROR_INIT;

		if (rules_parse(wrong[i], strlen(wrong[i]), &r, &err) == 0)
			fail_msg("accepted: %s", wrong[i]);
		assert_error(err, ERROR_SELECTION_FORMAT, "selection: ");
	}
}

static void there_is_a_limit(void **state)
{
	static struct rules r;
	struct error err = ERROR_INIT;
	char line[64];

	(void)state;
	r = (struct rules){ .count = 0 };
	rules_begin_file(&r);
	for (unsigned i = 0; i <= LIMIT_SELECTION_VALUES; i++) {
		const struct conf_entry e = { "x.conf", i, "selection", "kb", line };

		snprintf(line, sizeof line, "%u", 1000 + i);
		assert_int_equal(rules_add_entry(&r, &e, &err),
				 i < LIMIT_SELECTION_VALUES ? 0 : -1);
	}
	assert_error(err, ERROR_CONF_FORMAT, "more than 256 values");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_one_spelling), cmocka_unit_test(files_are_read_on_top),
		cmocka_unit_test(configuration_is_refused), cmocka_unit_test(texts_are_refused),
		cmocka_unit_test(there_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
