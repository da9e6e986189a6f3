#include "lib/pack/delta.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define H32 "0123456789abcdef0123456789abcdef"
#define H H32 H32
#define SOURCE "wsusscn2 series_1 " H " 12345 2026-02-03T04:05:06Z wsusscn2.cab"
#define HEAD(source, result, part, count)                                                     \
	"gapferry-delta 1\nsource " source "\nbase " H "\nresult " result "\npart " part "\n" \
	"changes " count "\n"
#define ONE(change) HEAD(SOURCE, H " 9", "1 1", "1") change "\n"
#define TWO(a, b) HEAD(SOURCE, H " 9", "1 1", "2") a "\n" b "\n"

static void good_ones_survive_a_round_trip(void **state)
{
	static const char *const rows[] = {
		HEAD(SOURCE, H " 0", "1 1", "0"),
		HEAD("k s " H " 68719476736 - n", H " 134217728", "7 100000", "0"),
		HEAD(SOURCE, H " 4", "2 3", "4") "+ c 7 - " H " 0\n- f 0 " H32 "01234567\n"
						 "@ h 0 - 9223372036854775807\n- l 7 pt-br\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(delta_clear) struct delta d = { .count = 0 };
		CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_LISTING_BYTES);
		struct error err = ERROR_INIT;

		assert_int_equal(delta_parse(rows[i], strlen(rows[i]), "t", &d, &err), 0);
		assert_no_error(err);
		assert_true(delta_is(rows[i], strlen(rows[i])));
		assert_int_equal(delta_write(&d, 0, d.count, &out, &err), 0);
		assert_int_equal(out.len, strlen(rows[i]));
		assert_memory_equal(out.bytes, rows[i], out.len);
	}
}

static void every_refusal_names_its_line(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "line 1: missing" },
		{ "gapferry-delta 1", "line 1: missing" },
		{ "gapferry-delta 2\n", "line 1: not a delta" },
		{ "gapferry-listing 1\n", "line 1: not a delta" },
		{ "gapferry-delta 1\n", "line 2: missing" },
		{ HEAD("k s " H " 01 - n", H " 9", "1 1", "0"), "line 2: bad source" },
		{ "gapferry-delta 1\nsource " SOURCE "\nbase " H32 "\n", "line 3: bad base" },
		{ "gapferry-delta 1\nsource " SOURCE "\nbase " H " 1\n", "line 3: bad base" },
		{ HEAD(SOURCE, H, "1 1", "0"), "line 4: bad result" },
		{ HEAD(SOURCE, H " 09", "1 1", "0"), "line 4: bad result" },
		{ HEAD(SOURCE, H " 134217729", "1 1", "0"), "line 4: bad result" },
		{ HEAD(SOURCE, H " 9", "2 1", "0"), "line 5: bad part" },
		{ HEAD(SOURCE, H " 9", "1 100001", "0"), "line 5: bad part" },
		{ HEAD(SOURCE, H " 9", "1 1", "32769"), "line 6: bad count" },
		{ HEAD(SOURCE, H " 9", "1 1", "-1"), "line 6: bad count" },
		{ HEAD(SOURCE, H " 9", "1 1", "1"), "line 7: missing" },
		{ ONE("* c 7 - " H " 0"), "line 7: bad or out of order" },
		{ ONE("++ c 7 - " H " 0"), "line 7: bad or out of order" },
		{ ONE("+ c 7 -"), "line 7: bad or out of order" },
		{ ONE("+ c 7 - " H), "line 7: bad or out of order" },
		{ ONE("+ c 7 - " H32 " 0"), "line 7: bad or out of order" },
		{ ONE("+ c 7 - " H " 0 0"), "line 7: bad or out of order" },
		{ ONE("+ c 7 - " H " 9223372036854775808"), "line 7: bad or out of order" },
		{ ONE("+ y 7 - " H " 0"), "line 7: bad or out of order" },
		{ ONE("- c 7"), "line 7: bad or out of order" },
		{ ONE("-"), "line 7: bad or out of order" },
		{ ONE("- c 7 - 0"), "line 7: bad or out of order" },
		{ ONE("- c 4294967296 -"), "line 7: bad or out of order" },
		{ ONE("@ u 7 -"), "line 7: bad or out of order" },
		{ ONE("@ u 7 - " H " 0"), "line 7: bad or out of order" },
		{ ONE("@ u 7 - 00"), "line 7: bad or out of order" },
		{ ONE("@ u 7  - 0"), "line 7: bad spacing" },
		{ ONE(""), "line 7: bad spacing" },
		{ TWO("- c 7 -", "+ c 7 - " H " 0"), "line 8: bad or out of order" },
		{ TWO("- c 8 -", "- c 7 -"), "line 8: bad or out of order" },
		{ ONE("- c 7 -") "- c 8 -\n", "text after the last change" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(delta_clear) struct delta d = { .count = 0 };
		struct error err = ERROR_INIT;

		if (delta_parse(rows[i].text, strlen(rows[i].text), "label", &d, &err) == 0)
			fail_msg("row %zu was accepted: %s", i, rows[i].text);
		assert_error(err, ERROR_DELTA_FORMAT, rows[i].want);
		assert_null(d.changes);
	}
}

/* ---- computing and applying ---- */

static struct listing_entry entry(char stream, uint32_t revision, int byte, uint64_t offset)
{
	struct listing_entry e = { .stream = stream, .revision = revision, .offset = offset };

	memset(e.sha256, byte, sizeof e.sha256);
	return e;
}

static void one_shift_moves_all_that_follows(void **state)
{
	/* In the master document: 101 grows by 5, 103 is new, 104 goes. */
	struct listing_entry a[] = { entry('c', 101, 1, 0),   entry('h', 0, 2, 10),
				     entry('u', 101, 3, 100), entry('u', 102, 4, 200),
				     entry('u', 104, 5, 300), entry('u', 105, 6, 400),
				     entry('u', 106, 7, 500) };
	struct listing_entry b[] = { entry('c', 101, 1, 0),   entry('h', 0, 2, 10),
				     entry('u', 101, 9, 100), entry('u', 102, 4, 205),
				     entry('u', 103, 8, 305), entry('u', 105, 6, 455),
				     entry('u', 106, 7, 555) };
	struct delta_list base = { a, COUNT(a) }, result = { b, COUNT(b) };
	CLEANUP(delta_list_clear) struct delta_list out = { 0 };
	CLEANUP(delta_clear) struct delta d = { .count = 0 };
	struct error err = ERROR_INIT;
	char kinds[16] = "";

	(void)state;
	delta_compute(&base, &result, &d);
	for (size_t i = 0; i < d.count; i++)
		kinds[i] = (char)d.changes[i].kind;
	assert_string_equal(kinds, "+@+-@");
	assert_int_equal(delta_apply(&base, &d, &out, &err), 0);
	assert_no_error(err);
	assert_int_equal(out.count, result.count);
	for (size_t i = 0; i < out.count; i++)
		assert_int_equal(out.entries[i].offset, b[i].offset);
	delta_list_clear(&out);

	/* What does not fit is refused, one change at a time. */
	struct delta_change good = d.changes[0];
	d.changes[0].entry.sha256[0] ^= 1; /* well-formed, but another result */
	assert_int_equal(delta_apply(&base, &d, &out, &err), -1);
	assert_error(err, ERROR_DELTA_APPLY, "not the 7 stated");
	error_clear(&err);
	memset(d.changes[0].entry.sha256, 3, 32);
	assert_int_equal(delta_apply(&base, &d, &out, &err), -1);
	assert_error(err, ERROR_DELTA_APPLY, "the base has it with these bytes");
	error_clear(&err);
	d.changes[0] = good;
	d.changes[1].entry.offset = 200;
	assert_int_equal(delta_apply(&base, &d, &out, &err), -1);
	assert_error(err, ERROR_DELTA_APPLY, "lies there without being told");
	error_clear(&err);
	d.changes[1].entry.offset = 205;
	d.changes[2].kind = DELTA_REMOVE;
	assert_int_equal(delta_apply(&base, &d, &out, &err), -1);
	assert_error(err, ERROR_DELTA_APPLY, "change - of document u/103");
	error_clear(&err);
	assert_null(out.entries);
}

static void a_shift_cannot_leave_the_document(void **state)
{
	struct listing_entry a[] = { entry('u', 1, 1, 100), entry('u', 2, 2, 100),
				     entry('u', 3, 3, INT64_MAX) };
	struct delta_list base = { a, COUNT(a) };
	struct delta_change low = { DELTA_MOVE, entry('u', 1, 0, 0) };
	struct delta_change high = { DELTA_MOVE, entry('u', 1, 0, 101) };
	struct delta d = { .changes = &high, .count = 1, .documents = 3 };
	CLEANUP(delta_list_clear) struct delta_list out = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(delta_apply(&base, &d, &out, &err), -1);
	assert_error(err, ERROR_DELTA_APPLY, "document u/3");
	error_clear(&err);
	a[1].offset = 99;
	a[0].offset = 98;
	d.changes = &low;
	low.entry.offset = 0;
	a[2].offset = 98;
	assert_int_equal(delta_apply(&base, &d, &out, &err), -1);
	assert_error(err, ERROR_DELTA_APPLY, "not the 3 stated"); /* 98 - 98 = 0 is still inside */
}

static uint64_t dice(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Some documents of a world of 300, some of them with other bytes or moved. */
static void random_list(uint64_t *seed, struct delta_list *out)
{
	static const char streams[] = "cefhlsux";
	unsigned keep = (unsigned)(dice(seed) % 100), change = (unsigned)(dice(seed) % 30);
	uint64_t at = dice(seed) % 1000;

	out->entries = buf_calloc(300, sizeof *out->entries);
	out->count = 0;
	for (unsigned i = 0; i < 300; i++) {
		char stream = streams[i / 40];
		struct listing_entry e = entry(stream, i % 20, (int)(i & 127), 0);

		if (i % 40 >= 20)
			snprintf(e.key, sizeof e.key, "k%u", i % 40);
		if (dice(seed) % 100 < change)
			e.sha256[5] ^= (unsigned char)(dice(seed) % 3);
		at += dice(seed) % 7 ? 10 + i % 9 : dice(seed) % 50;
		if (stream == 'f' || stream == 'h' || stream == 'u')
			e.offset = dice(seed) % 40 ? at : dice(seed) % 5000;
		else if (dice(seed) % 90 == 0)
			e.offset = dice(seed); /* no writer does it, but a reader takes it */
		e.offset &= INT64_MAX;
		if (dice(seed) % 100 < keep)
			out->entries[out->count++] = e;
	}
	qsort(out->entries, out->count, sizeof *out->entries, listing_compare);
}

static void any_list_can_become_any_other(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		CLEANUP(delta_list_clear) struct delta_list base = { 0 };
		CLEANUP(delta_list_clear) struct delta_list result = { 0 };
		CLEANUP(delta_list_clear) struct delta_list again = { 0 };
		CLEANUP(delta_clear) struct delta d = { .part = 1, .parts = 1 };
		CLEANUP(delta_clear) struct delta parsed = { .count = 0 };
		CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_LISTING_BYTES);
		struct error err = ERROR_INIT;

		random_list(&seed, &base);
		random_list(&seed, &result);
		snprintf(d.source.kind, sizeof d.source.kind, "k");
		snprintf(d.source.series, sizeof d.source.series, "s");
		snprintf(d.source.name, sizeof d.source.name, "n");
		d.source.created = -1;
		delta_compute(&base, &result, &d);
		assert_int_equal(delta_write(&d, 0, d.count, &text, &err), 0);
		assert_int_equal(delta_parse(text.bytes, text.len, "t", &parsed, &err), 0);
		assert_int_equal(delta_apply(&base, &parsed, &again, &err), 0);
		assert_no_error(err);
		assert_int_equal(again.count, result.count);
		for (size_t i = 0; i < again.count; i++) {
			const struct listing_entry *x = &again.entries[i], *y = &result.entries[i];

			assert_int_equal(listing_compare(x, y), 0);
			assert_memory_equal(x->sha256, y->sha256, 32);
			assert_int_equal(x->offset, y->offset);
		}
	}
}

static void an_unchanged_list_has_no_changes(void **state)
{
	CLEANUP(delta_list_clear) struct delta_list base = { 0 };
	CLEANUP(delta_clear) struct delta d = { .count = 0 };
	uint64_t seed = 5;

	(void)state;
	random_list(&seed, &base);
	delta_compute(&base, &base, &d);
	assert_int_equal(d.count, 0);
	assert_memory_equal(d.base, d.result, 32);
	assert_int_equal(delta_parts(&d), 1);
	d.count = LISTING_PART_ENTRIES + 1;
	assert_int_equal(delta_parts(&d), 2);
	d.count = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_survive_a_round_trip),
		cmocka_unit_test(every_refusal_names_its_line),
		cmocka_unit_test(one_shift_moves_all_that_follows),
		cmocka_unit_test(a_shift_cannot_leave_the_document),
		cmocka_unit_test(any_list_can_become_any_other),
		cmocka_unit_test(an_unchanged_list_has_no_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
