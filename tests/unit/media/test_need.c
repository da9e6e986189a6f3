#include "media/need.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define H(first) first "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD                                                                        \
	"gapferry-need 1\nchannel main\nsite plant\nepoch 1\nbundle 7 " H("a") "\n" \
									       "holds 5\n"
#define GOOD HEAD "listing " H("1") "\nobject " H("0") " 0\nobject " H("2") " 68719476736\nend 10\n"

static void good_ones_survive_a_round_trip(void **state)
{
	static const char *const rows[] = { GOOD, HEAD "end 7\n",
					    HEAD "object " H("9") " 5\nend 8\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(need_clear) struct need n = { .epoch = 0 };
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_NEED_BYTES);
		struct error err = ERROR_INIT;

		assert_int_equal(need_parse(rows[i], strlen(rows[i]), &n, &err), 0);
		assert_no_error(err);
		assert_int_equal(need_write(&n, &out, &err), 0);
		assert_int_equal(out.len, strlen(rows[i]));
		assert_memory_equal(out.bytes, rows[i], out.len);
	}
}

static void writing_sorts_and_drops_what_repeats(void **state)
{
	CLEANUP(need_clear)
	struct need n = {
		.channel = "main", .site = "plant", .epoch = 1, .sequence = 7, .holds = 5
	};
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_NEED_BYTES);
	unsigned char digest[32] = { 9 };
	struct error err = ERROR_INIT;

	(void)state;
	for (int i = 9; i > 3; i--) {
		digest[0] = (unsigned char)(i / 2);
		need_add_listing(&n, digest);
		need_add_object(&n, digest, (uint64_t)i / 2);
	}
	assert_int_equal(need_bytes(&n), 4 + 4 + 3 + 3 + 2 + 2);
	assert_int_equal(need_write(&n, &out, &err), 0);
	assert_int_equal(n.listing_count, 3);
	assert_int_equal(n.object_count, 3);
	assert_int_equal(need_bytes(&n), 9);
	need_clear(&n);
	assert_int_equal(need_parse(out.bytes, out.len, &n, &err), 0);
	assert_int_equal(n.objects[0].size, 2);
}

static void every_refusal_names_its_line(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "line 1: no end line" },
		{ "gapferry-need 2\n", "line 1: not 'gapferry-need 1'" },
		{ "gapferry-need 1\nsite plant\n", "line 2: not the key 'channel'" },
		{ "gapferry-need 1\nchannel -x\n", "line 2: the name is not" },
		{ "gapferry-need 1\nchannel main\nsite plant\nepoch 0\n", "line 4: epoch" },
		{ "gapferry-need 1\nchannel a\nsite b\nepoch 1\nbundle 0 " H("a") "\n",
		  "line 5: sequence" },
		{ "gapferry-need 1\nchannel a\nsite b\nepoch 1\nbundle 7 " H("") "\n",
		  "line 5: digest" },
		{ "gapferry-need 1\nchannel a\nsite b\nepoch 1\nbundle 7 " H("a") "\nholds 7\n",
		  "line 6: sequence" },
		{ HEAD, "line 7: no end line" },
		{ HEAD "end 8\n", "line 7: end says 8 lines" },
		{ HEAD "end 07\n", "line 7: line count" },
		{ HEAD "thing 7\n", "line 7: not a listing, object or end line" },
		{ HEAD "end 7\nend 8\n", "line 8: text after the end line" },
		{ HEAD "object " H("2") "\n", "line 7: not 3 fields" },
		{ HEAD "object " H("2") " 68719476737\n", "line 7: size" },
		{ HEAD "object " H("2") " 1\nobject " H("2") " 1\n", "line 8: out of order" },
		{ HEAD "object " H("2") " 1\nobject " H("1") " 1\n", "line 8: out of order" },
		{ HEAD "object " H("2") " 1\nlisting " H("3") "\n", "line 8: out of order" },
		{ HEAD "listing " H("2") "\nlisting " H("2") "\n", "line 8: out of order" },
		{ HEAD "end 7", "line 7: the last line does not end" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(need_clear) struct need n = { .epoch = 0 };
		struct error err = ERROR_INIT;

		if (need_parse(rows[i].text, strlen(rows[i].text), &n, &err) == 0)
			fail_msg("row %zu was accepted: %s", i, rows[i].text);
		assert_error(err, ERROR_NEED_FORMAT, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_survive_a_round_trip),
		cmocka_unit_test(writing_sorts_and_drops_what_repeats),
		cmocka_unit_test(every_refusal_names_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
