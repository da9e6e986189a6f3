#include "lib/pack/listing.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define H32 "0123456789abcdef0123456789abcdef"
#define H H32 H32
#define HEAD(source, part, count) \
	"gapferry-listing 1\nsource " source "\npart " part "\nfragments " count "\n"
#define SOURCE "wsusscn2 series_1 " H " 12345 2026-02-03T04:05:06Z wsusscn2.cab"
#define GOOD                     \
	HEAD(SOURCE, "2 3", "4") \
	"c 7 - " H " 0\nf 0 " H32 "01234567 " H " 99\nl 7 de " H " 0\nl 7 pt-br " H " 0\n"

static void good_ones_survive_a_round_trip(void **state)
{
	static const char *const rows[] = {
		GOOD,
		HEAD(SOURCE, "1 1", "0"),
		HEAD("k s " H " 0 - n", "1 100000", "1") "x 4294967295 - " H
							 " 9223372036854775807\n",
		HEAD("k s " H " 68719476736 1970-01-01T00:00:00Z n", "1 1", "0"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(listing_clear) struct listing l = { 0 };
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_LISTING_BYTES);
		struct error err = ERROR_INIT;

		assert_int_equal(listing_parse(rows[i], strlen(rows[i]), "t", &l, &err), 0);
		assert_no_error(err);
		assert_int_equal(listing_write(&l, &out, &err), 0);
		assert_int_equal(out.len, strlen(rows[i]));
		assert_memory_equal(out.bytes, rows[i], out.len);
	}
}

static void fields_are_what_the_text_says(void **state)
{
	CLEANUP(listing_clear) struct listing l = { 0 };
	struct error err = ERROR_INIT;
	char line[LISTING_LINE_SIZE * 2];

	(void)state;
	assert_int_equal(listing_parse(GOOD, strlen(GOOD), "t", &l, &err), 0);
	assert_string_equal(l.source.kind, "wsusscn2");
	assert_string_equal(l.source.series, "series_1");
	assert_string_equal(l.source.name, "wsusscn2.cab");
	assert_int_equal(l.source.cabinet_size, 12345);
	assert_int_equal(l.source.created, 1770091506);
	assert_int_equal(l.part, 2);
	assert_int_equal(l.parts, 3);
	assert_int_equal(l.count, 4);
	assert_int_equal(l.entries[1].stream, 'f');
	assert_int_equal(l.entries[1].offset, 99);
	assert_string_equal(l.entries[3].key, "pt-br");
	assert_int_equal(listing_root_line(&l.entries[3], line), strlen("l 7 pt-br " H "\n"));
	assert_string_equal(line, "l 7 pt-br " H "\n");
	listing_root_line(&l.entries[0], line);
	assert_string_equal(line, "c 7 - " H "\n");
	listing_root_source(&l.source, line);
	assert_string_equal(line, "source wsusscn2 series_1 " H "\n");
}

#define ONE(entry) HEAD(SOURCE, "1 1", "1") entry "\n"
#define TWO(a, b) HEAD(SOURCE, "1 1", "2") a "\n" b "\n"

static void every_refusal_names_its_line(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "line 1: missing" },
		{ "gapferry-listing 1", "line 1: missing" },
		{ "gapferry-listing 2\n", "not a catalog listing" },
		{ "gapferry-listing 1 \n", "line 1: bad spacing" },
		{ "gapferry-listing 1 1\n", "not a catalog listing" },
		{ "gapferry-listing 1\r\n", "not a catalog listing" },
		{ "gapferry-listing 1\n", "line 2: missing" },
		{ HEAD("wsusscn2 s " H " 1 - n x", "1 1", "0"), "line 2: bad source" },
		{ HEAD("wsusscn2 s " H " 1 -", "1 1", "0"), "line 2: bad source" },
		{ HEAD("sixteenletters16 s " H " 1 - n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("a/b s " H " 1 - n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("k .s " H " 1 - n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("k -s " H " 1 - n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("k s " H32 " 1 - n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("k s ABCDEF6789abcdef0123456789abcdef" H32 " 1 - n", "1 1", "0"),
		  "line 2: bad source" },
		{ HEAD("k s " H " 01 - n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("k s " H " 68719476737 - n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("k s " H " 1 2026-02-30T00:00:00Z n", "1 1", "0"), "line 2: bad source" },
		{ HEAD("k s " H " 1 - \xc3\xa4", "1 1", "0"), "line 2: bad source" },
		{ HEAD(SOURCE, "0 1", "0"), "line 3: bad part" },
		{ HEAD(SOURCE, "2 1", "0"), "line 3: bad part" },
		{ HEAD(SOURCE, "1 100001", "0"), "line 3: bad part" },
		{ HEAD(SOURCE, "1", "0"), "line 3: bad part" },
		{ HEAD(SOURCE, "1 1 1", "0"), "line 3: bad part" },
		{ HEAD(SOURCE, "1 1", "32769"), "line 4: bad count" },
		{ HEAD(SOURCE, "1 1", "x"), "line 4: bad count" },
		{ HEAD(SOURCE, "1 1", "1 1"), "line 4: bad count" },
		{ HEAD(SOURCE, "1 1", "1"), "line 5: missing" },
		{ ONE("y 7 - " H " 0"), "line 5: bad or out of order" },
		{ ONE("cc 7 - " H " 0"), "line 5: bad or out of order" },
		{ ONE("c -7 - " H " 0"), "line 5: bad or out of order" },
		{ ONE("c 4294967296 - " H " 0"), "line 5: bad or out of order" },
		{ ONE("c 7 -x " H " 0"), "line 5: bad or out of order" },
		{ ONE("c 7 " H32 "0123456789ab " H " 0"), "line 5: bad or out of order" },
		{ ONE("c 7 - " H "0 0"), "line 5: bad or out of order" },
		{ ONE("c 7 - " H " 9223372036854775808"), "line 5: bad or out of order" },
		{ ONE("c 7 - " H), "line 5: bad or out of order" },
		{ ONE("c 7 - " H " 0 0"), "line 5: bad or out of order" },
		{ ONE("c  7 - " H " 0"), "line 5: bad spacing" },
		{ ONE(" c 7 - " H " 0"), "line 5: bad spacing" },
		{ ONE(""), "line 5: bad spacing" },
		{ ONE("1 2 3 4 5 6 7 8 9"), "line 5: bad spacing" },
		{ TWO("c 7 - " H " 0", "c 7 - " H " 0"), "line 6: bad or out of order" },
		{ TWO("c 8 - " H " 0", "c 7 - " H " 0"), "line 6: bad or out of order" },
		{ TWO("l 7 b " H " 0", "l 7 a " H " 0"), "line 6: bad or out of order" },
		{ TWO("x 1 - " H " 0", "c 7 - " H " 0"), "line 6: bad or out of order" },
		{ ONE("c 7 - " H " 0") "c 8 - " H " 0\n", "text after the last fragment" },
		{ ONE("c 7 - " H " 0") "\n", "text after the last fragment" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct listing l = { 0 };
		struct error err = ERROR_INIT;

		if (listing_parse(rows[i].text, strlen(rows[i].text), "label", &l, &err) == 0)
			fail_msg("row %zu was accepted: %s", i, rows[i].text);
		assert_error(err, ERROR_LISTING_FORMAT, rows[i].want);
		assert_int_equal(strncmp(err.message, "label: ", 7), 0);
		assert_null(l.entries);
	}
}

/* strlen() would not see what comes after it. */
static void a_nul_is_no_letter(void **state)
{
	static const char *const places[] = { "wsusscn2", "series_1", "wsusscn2.cab", "c 7",
					      "de " };

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		char text[] = GOOD;
		struct listing l = { 0 };
		struct error err = ERROR_INIT;

		*(strstr(text, places[i]) + (i == 3 ? 0 : 1)) = '\0';
		assert_int_equal(listing_parse(text, sizeof text - 1, "t", &l, &err), -1);
		assert_int_equal(err.id, ERROR_LISTING_FORMAT);
	}
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(GOOD); len++) {
		struct listing l = { 0 };
		struct error err = ERROR_INIT;

		assert_int_equal(listing_parse(GOOD, len, "t", &l, &err), -1);
		assert_int_equal(err.id, ERROR_LISTING_FORMAT);
	}
}

static void a_full_part_is_read(void **state)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_LISTING_BYTES);
	CLEANUP(listing_clear) struct listing l = { 0 };
	struct listing made = { .part = 1, .parts = 1, .count = LISTING_PART_ENTRIES };
	struct error err = ERROR_INIT;

	(void)state;
	made.source =
		(struct listing_source){ .kind = "k", .series = "s", .created = -1, .name = "n" };
	made.entries = buf_calloc(made.count, sizeof *made.entries);
	for (size_t i = 0; i < made.count; i++) {
		made.entries[i] = (struct listing_entry){ .stream = 'l',
							  .revision = UINT32_MAX,
							  .offset = INT64_MAX };
		snprintf(made.entries[i].key, LISTING_KEY_SIZE, "%0*zu", LISTING_KEY_SIZE - 1, i);
	}
	assert_int_equal(listing_write(&made, &text, &err), 0); /* the longest lines fit */
	assert_int_equal(listing_parse(text.bytes, text.len, "t", &l, &err), 0);
	assert_int_equal(l.count, made.count);
	assert_memory_equal(&l.entries[l.count - 1].key, made.entries[l.count - 1].key,
			    LISTING_KEY_SIZE);
	free(made.entries);
}

static void words_are_plain(void **state)
{
	(void)state;
	assert_true(listing_is_word("a", 1));
	assert_true(listing_is_word("A-b_c.9", 7));
	assert_true(listing_is_word("_", 7));
	assert_false(listing_is_word("", 7));
	assert_false(listing_is_word("ab", 1));
	assert_false(listing_is_word(".", 7));
	assert_false(listing_is_word("..", 7));
	assert_false(listing_is_word("-a", 7));
	assert_false(listing_is_word("a b", 7));
	assert_false(listing_is_word("a/b", 7));
	assert_false(listing_is_word("a\n", 7));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_survive_a_round_trip),
		cmocka_unit_test(fields_are_what_the_text_says),
		cmocka_unit_test(every_refusal_names_its_line),
		cmocka_unit_test(a_nul_is_no_letter),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_full_part_is_read),
		cmocka_unit_test(words_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
