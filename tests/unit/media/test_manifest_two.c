/* What version 2 of MANIFEST has beyond version 1. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/manifest.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define TAIL "23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define A "aa" TAIL
#define B "bb" TAIL
#define C "cc" TAIL

static const char full[] = "gapferry-manifest 2\n"
			   "channel main\n"
			   "audience plant-7\n"
			   "epoch 1\n"
			   "sequence 1\n"
			   "previous -\n"
			   "kind full\n"
			   "created 2026-01-02T03:04:05Z\n"
			   "expires 2026-03-02T03:04:05Z\n"
			   "trust-version 1\n"
			   "catalog-root " A "\n"
			   "volumes 0\n"
			   "objects 0 0\n"
			   "file " A " 0 CHUNKS\n"
			   "file " A " 0 OBJECTS\n"
			   "file " A " 77 SHA256SUMS\n"
			   "end 17\n";

static const char increment[] = "gapferry-manifest 2\n"
				"channel main\n"
				"audience plant-7\n"
				"audience plant-8\n"
				"epoch 3\n"
				"sequence 9\n"
				"previous " A "\n"
				"history 6 " A "\n"
				"history 7 " B "\n"
				"kind increment\n"
				"base 5\n"
				"created 2026-01-02T03:04:05Z\n"
				"expires 2026-03-02T03:04:05Z\n"
				"trust-version 1\n"
				"catalog-root " A "\n"
				"volumes 1\n"
				"objects 2 1000\n"
				"assumed 3 5000\n"
				"withdrawn wsusscan _x.y-z\n"
				"withdrawn wsusscn2 default\n"
				"file " A " 85 CHUNKS\n"
				"file " B " 300 OBJECTS\n"
				"file " C " 77 SHA256SUMS\n"
				"source wsusscn2 " A " -\n"
				"source wsusscn2 " B " 2026-01-01T00:00:00Z\n"
				"origin " B "\n"
				"origin " A "\n"
				"end 28\n";

static int parse(const char *text, struct manifest *m)
{
	struct error err = ERROR_INIT;

	return manifest_parse(text, strlen(text), m, &err);
}

static void assert_round_trip(const char *text)
{
	struct error err = ERROR_INIT;
	struct manifest m;
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_MANIFEST_BYTES);

	assert_int_equal(manifest_parse(text, strlen(text), &m, &err), 0);
	assert_int_equal(manifest_write(&m, &out, &err), 0);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.bytes, text, out.len);
}

static void both_kinds_survive_a_round_trip(void **state)
{
	struct manifest m;
	char sites[MANIFEST_SITES_SIZE];

	(void)state;
	assert_round_trip(full);
	assert_round_trip(increment);
	assert_int_equal(parse(full, &m), 0);
	assert_false(m.increment);
	assert_int_equal(m.history_count, 0);
	assert_null(manifest_past(&m, 0));
	assert_null(manifest_past(&m, 1));

	assert_int_equal(parse(increment, &m), 0);
	assert_int_equal(m.version, 2);
	assert_true(m.increment);
	assert_int_equal(m.base, 5);
	assert_int_equal(m.assumed, 3);
	assert_int_equal(m.assumed_bytes, 5000);
	assert_int_equal(m.withdrawn_count, 2);
	assert_string_equal(m.withdrawn[0].series, "_x.y-z");
	assert_int_equal(m.origin_count, 2);
	assert_int_equal(m.origins[0][0], 0xbb);
	assert_true(manifest_is_for(&m, "plant-7"));
	assert_true(manifest_is_for(&m, "plant-8"));
	assert_false(manifest_is_for(&m, "plant-"));
	manifest_sites(&m, sites);
	assert_string_equal(sites, "plant-7 plant-8");
	assert_int_equal(manifest_past(&m, 8)[0], 0xaa);
	assert_int_equal(manifest_past(&m, 7)[0], 0xbb);
	assert_int_equal(manifest_past(&m, 6)[0], 0xaa);
	assert_null(manifest_past(&m, 5));
	assert_null(manifest_past(&m, 9));
}

/* ---- every line of a good manifest, touched once ---- */

enum { LINES = 28 };

static size_t cut_lines(const char *text, const char **lines, size_t *lens)
{
	size_t count = 0;

	for (; *text; text += lens[count++] + 1) {
		lines[count] = text;
		lens[count] = strcspn(text, "\n");
	}
	return count;
}

/* The lines in the order given, with a new end line that is right; the caller frees it. */
static char *join(const char *const *lines, const size_t *lens, const size_t *order, size_t count)
{
	size_t size = 64 + 2 * strlen(increment), at = 0;
	char *text = buf_malloc(size);

	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, size - at, "%.*s\n", (int)lens[order[i]],
				       lines[order[i]]);
	snprintf(text + at, size - at, "end %zu\n", count + 1);
	return text;
}

static bool is_accepted(const char *const *lines, const size_t *lens, const size_t *order,
			size_t count)
{
	struct manifest m;
	char *text = join(lines, lens, order, count);
	int result = parse(text, &m);

	free(text);
	return result == 0;
}

/*
 * Which lines may go without another line missing them: the lists can be shorter by one, but for
 * the newest line of the history.
 */
static bool may_be_absent(const char *line)
{
	return strncmp(line, "audience", 8) == 0 || strncmp(line, "withdrawn", 9) == 0 ||
	       strncmp(line, "source", 6) == 0 || strncmp(line, "origin", 6) == 0 ||
	       strncmp(line, "history 6", 9) == 0;
}

static void every_line_deleted_doubled_or_swapped_is_refused(void **state)
{
	const char *lines[LINES];
	size_t lens[LINES], order[LINES + 1] = { 0 }, count = cut_lines(increment, lines, lens) - 1;

	(void)state;
	assert_int_equal(count, LINES - 1);
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	assert_true(is_accepted(lines, lens, order, count));
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0, n = 0; k < count; k++)
			if (k != i)
				order[n++] = k;
		if (is_accepted(lines, lens, order, count - 1) != may_be_absent(lines[i]))
			fail_msg("deleted: %.20s", lines[i]);
		for (size_t k = 0, n = 0; k < count; k++) {
			order[n++] = k;
			if (k == i)
				order[n++] = k;
		}
		if (is_accepted(lines, lens, order, count + 1))
			fail_msg("doubled: %.20s", lines[i]);
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			bool origins =
				strncmp(lines[i], "origin", 6) == 0; /* both orders say something */

			for (size_t k = 0; k < count; k++)
				order[k] = k == i ? j : k == j ? i : k;
			if (is_accepted(lines, lens, order, count) != origins)
				fail_msg("swapped: %.20s, %.20s", lines[i], lines[j]);
		}
	}
}

static void truncation_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(increment); len++) {
		struct error err = ERROR_INIT;
		struct manifest m;

		assert_int_equal(manifest_parse(increment, len, &m, &err), -1);
	}
}

static void each_rule_is_enforced(void **state)
{
	static const struct {
		const char *from, *to, *cause;
	} rows[] = {
		{ "gapferry-manifest 2", "gapferry-manifest 1", "line 4: not the key 'epoch'" },
		{ "audience plant-7\naudience plant-8\n", "", "line 3: not the key 'audience'" },
		{ "audience plant-8", "audience plant-6", "audience lines are not sorted" },
		{ "audience plant-8", "audience plant-7", "audience lines are not sorted" },
		{ "history 7", "history 8", "history lines are not consecutive" },
		{ "history 6", "history 5", "history lines are not consecutive" },
		{ "history 6", "history 06", "line 8: sequence is not" },
		{ "history 6", "history 0", "line 8: sequence is not" },
		{ "history 6 a", "history 6 x", "line 8: digest is not" },
		{ "sequence 9", "sequence 10", "history lines are not consecutive" },
		{ "kind increment", "kind full", "line 11: not the key 'created'" },
		{ "kind increment\nbase 5", "kind full", "line 17: not the key 'file'" },
		{ "kind increment", "kind delta", "line 10: not a kind that version 2 has" },
		{ "base 5\n", "", "line 11: not the key 'base'" },
		{ "base 5", "base 0", "line 11: base is not" },
		{ "base 5", "base 9", "base is not a sequence before" },
		{ "assumed 3 5000\n", "", "line 18: not the key 'assumed'" },
		{ "assumed 3", "assumed 4000001", "line 18: object count is not" },
		{ "assumed 3", "assumed 3999999", "together are too many" },
		{ "assumed 3 5000", "assumed 0 1", "line 18: content bytes is not" },
		{ "withdrawn wsusscan", "withdrawn wsusscnX", "line 19: the kind of source" },
		{ "_x.y-z", "-x.y-z", "line 19: the series is not" },
		{ "_x.y-z", ".x.y-z", "line 19: the series is not" },
		{ "_x.y-z", "_x/y-z", "line 19: the series is not" },
		{ "withdrawn wsusscan", "withdrawn wsusscx", "withdrawn lines are not sorted" },
		{ "origin " B, "origin " A, "an origin line is repeated" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct manifest m;
		const char *at = strstr(increment, rows[i].from);
		size_t size = sizeof increment + strlen(rows[i].to) + 1;
		CLEANUP(free) unsigned char *text = buf_malloc(size);

		assert_non_null(at);
		snprintf((char *)text, size, "%.*s%s%s", (int)(at - increment), increment,
			 rows[i].to, at + strlen(rows[i].from));
		/* The count of lines is made right, so that the rule itself is what fails. */
		char *end = strstr((char *)text, "\nend ") + 1;
		int lines = 1;
		for (const char *p = (char *)text; p < end; p++)
			lines += *p == '\n';
		snprintf(end, size - (size_t)(end - (char *)text), "end %d\n", lines);
		assert_int_equal(manifest_parse(text, strlen((char *)text), &m, &err), -1);
		assert_error(err, ERROR_MANIFEST_FORMAT, rows[i].cause);
	}
}

static void name(char *out, size_t size, unsigned i)
{
	snprintf(out, size, "a%062u", i);
}

/* The longest manifest that the limits allow fits, and one more of each list does not. */
static void the_largest_manifest_fits(void **state)
{
	struct error err = ERROR_INIT;
	struct manifest m, again;
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_MANIFEST_BYTES);

	(void)state;
	assert_int_equal(parse(increment, &m), 0);
	name(m.channel, sizeof m.channel, 1);
	m.sequence = INT64_MAX;
	m.base = INT64_MAX - 1;
	m.epoch = UINT32_MAX;
	m.trust_version = UINT32_MAX;
	m.audience_count = LIMIT_AUDIENCES;
	for (unsigned i = 0; i < LIMIT_AUDIENCES; i++)
		name(m.audiences[i], sizeof m.audiences[i], i);
	m.history_count = LIMIT_HISTORY;
	for (unsigned i = 0; i < LIMIT_HISTORY; i++)
		m.history[i].sequence = (uint64_t)INT64_MAX - 1 - LIMIT_HISTORY + i;
	m.withdrawn_count = LIMIT_WITHDRAWN;
	for (unsigned i = 0; i < LIMIT_WITHDRAWN; i++) {
		snprintf(m.withdrawn[i].kind, sizeof m.withdrawn[i].kind, "a%031u", i);
		snprintf(m.withdrawn[i].series, sizeof m.withdrawn[i].series, "_%094u", i);
	}
	m.source_count = LIMIT_SOURCES;
	for (unsigned i = 0; i < LIMIT_SOURCES; i++) {
		snprintf(m.sources[i].kind, sizeof m.sources[i].kind, "a%031u", i);
		m.sources[i].dated = true;
	}
	m.origin_count = LIMIT_ORIGINS;
	for (unsigned i = 0; i < LIMIT_ORIGINS; i++)
		m.origins[i][0] = (unsigned char)i;
	assert_int_equal(manifest_write(&m, &out, &err), 0);
	assert_int_equal(manifest_parse(out.bytes, out.len, &again, &err), 0);

	struct manifest more[5] = { m, m, m, m, m };
	more[0].audience_count++;
	more[1].history_count++;
	more[2].withdrawn_count++;
	more[3].source_count++;
	more[4].origin_count++;
	for (size_t i = 0; i < COUNT(more); i++) {
		error_clear(&err);
		assert_int_equal(manifest_check(&more[i], &err), -1);
		assert_error(err, ERROR_MEDIA_VALUE, "MANIFEST: ");
	}
}

static void lists_are_limited_when_read(void **state)
{
	static const struct {
		const char *key, *line, *cause;
		unsigned count;
	} rows[] = {
		{ "epoch", "audience a%062u\n", "more than 64 audiences", 65 },
		{ "kind", "history %u " A "\n", "more than 256 history lines", 257 },
		{ "file", "withdrawn a b%u\n", "more than 64 withdrawn", 65 },
		{ "end", "origin %064u\n", "more than 16 origins", 17 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct buf text CLEANUP(buf_clear) = BUF_INIT(LIMIT_MANIFEST_BYTES);
		const char *line = increment, *first = strchr(rows[i].line, ' ');
		struct manifest m;

		for (; strncmp(line, rows[i].key, strlen(rows[i].key)) != 0;
		     line = strchr(line, '\n') + 1)
			if (strncmp(line, rows[i].line, (size_t)(first - rows[i].line)) != 0)
				assert_int_equal(
					buf_append(&text, line, strcspn(line, "\n") + 1, &err), 0);
		for (unsigned k = 1; k <= rows[i].count; k++) {
			char more[LIMIT_TEXT_LINE];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			int len = snprintf(more, sizeof more, rows[i].line, k);
#pragma GCC diagnostic pop
			assert_int_equal(buf_append(&text, more, (size_t)len, &err), 0);
		}
		assert_int_equal(buf_append(&text, line, strlen(line), &err), 0);
		assert_int_equal(manifest_parse(text.bytes, text.len, &m, &err), -1);
		assert_error(err, ERROR_MANIFEST_FORMAT, rows[i].cause);
	}
}

static void wrong_values_are_not_written(void **state)
{
	struct error err = ERROR_INIT;
	struct manifest ok, m[13];

	(void)state;
	assert_int_equal(parse(increment, &ok), 0);
	assert_int_equal(manifest_check(&ok, &err), 0);
	for (size_t i = 0; i < COUNT(m); i++)
		m[i] = ok;
	m[0].version = 0;
	m[1].version = 1;
	m[2].version = 3;
	m[3].audience_count = 0;
	m[4].history[0].sequence = 5;
	m[5].increment = false;
	m[6].base = 0;
	m[7].base = 9;
	m[8].assumed = LIMIT_OBJECTS + 1;
	m[9].assumed_bytes = ok.assumed * LIMIT_OBJECT_BYTES + 1;
	m[10].withdrawn[0].series[0] = '-';
	m[11].withdrawn[0].kind[0] = 'A';
	memcpy(m[12].origins[0], m[12].origins[1], sizeof m[12].origins[0]);
	for (size_t i = 0; i < COUNT(m); i++) {
		error_clear(&err);
		assert_int_equal(manifest_check(&m[i], &err), -1);
		assert_error(err, ERROR_MEDIA_VALUE, "MANIFEST: ");
	}
}

static void lists_are_sorted_for_writing(void **state)
{
	struct manifest m = { .audience_count = 3,
			      .audiences = { "b", "a", "b" },
			      .withdrawn_count = 3,
			      .withdrawn = { { "b", "x" }, { "a", "y" }, { "a", "x" } } };

	(void)state;
	manifest_sort(&m);
	assert_int_equal(m.audience_count, 2);
	assert_string_equal(m.audiences[0], "a");
	assert_string_equal(m.audiences[1], "b");
	assert_int_equal(m.withdrawn_count, 3);
	assert_string_equal(m.withdrawn[0].series, "x");
	assert_string_equal(m.withdrawn[2].kind, "b");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds_survive_a_round_trip),
		cmocka_unit_test(every_line_deleted_doubled_or_swapped_is_refused),
		cmocka_unit_test(truncation_anywhere_is_refused),
		cmocka_unit_test(each_rule_is_enforced),
		cmocka_unit_test(the_largest_manifest_fits),
		cmocka_unit_test(lists_are_limited_when_read),
		cmocka_unit_test(wrong_values_are_not_written),
		cmocka_unit_test(lists_are_sorted_for_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
