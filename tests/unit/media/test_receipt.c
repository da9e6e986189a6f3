#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/receipt.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LINE48 "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"

static const char good[] = "gapferry-receipt 1\n"
			   "channel main\n"
			   "site plant-7\n"
			   "epoch 1\n"
			   "counter 2\n"
			   "previous " HEX "\n"
			   "made 2026-01-02T03:04:05Z\n"
			   "sequence 7\n"
			   "manifest " HEX "\n"
			   "catalog-root " HEX "\n"
			   "processed 100\n"
			   "quarantined 1\n"
			   "objects 2 1000\n"
			   "pending 9 " HEX "\n"
			   "need 3 " HEX "\n"
			   "repaired 0\n"
			   "scrub 2026-01-01T00:00:00Z 4\n"
			   "trust-version 1\n"
			   "version 0.1.0\n"
			   "end 20\n"
			   "signature " LINE48 "\n"
			   "signature QUE=\n";

static char *changed(const char *from, const char *to)
{
	const char *at = strstr(good, from);
	size_t size = sizeof good + strlen(to) + 1;
	char *text = buf_malloc(size);

	assert_non_null(at);
	snprintf(text, size, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	return text;
}

static void check_round_trip(const char *text)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;
	struct receipt_file f;

	assert_int_equal(receipt_parse(text, strlen(text), &f, &err), 0);
	assert_int_equal(receipt_write(&f.receipt, &out, &err), 0);
	assert_int_equal(out.len, f.signed_len);
	assert_int_equal(receipt_write_signature(f.signature, f.signature_len, &out, &err), 0);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.bytes, text, out.len);
}

static void good_survives_a_round_trip(void **state)
{
	struct error err = ERROR_INIT;
	struct receipt_file f;
	char name[RECEIPT_FILE_SIZE];

	(void)state;
	assert_int_equal(receipt_parse(good, strlen(good), &f, &err), 0);
	assert_string_equal(f.receipt.site, "plant-7");
	assert_int_equal(f.receipt.sequence, 7);
	assert_true(f.receipt.has_pending && f.receipt.has_need && f.receipt.scrubbed);
	assert_int_equal(f.receipt.pending_sequence, 9);
	assert_int_equal(f.receipt.need_count, 3);
	assert_int_equal(f.receipt.scrub_bad, 4);
	assert_int_equal(f.signature_len, 50);
	assert_memory_equal(f.signature + 40, "AAAAAAAAAA", 8);
	check_round_trip(good);
	receipt_file_name(&f.receipt, name);
	assert_string_equal(name, "receipt-main-plant-7-2.txt");
}

static void absent_values_are_dashes(void **state)
{
	static const char *const rows[][2] = {
		{ "previous " HEX, "previous -" },
		{ "pending 9 " HEX, "pending -" },
		{ "need 3 " HEX, "need -" },
		{ "scrub 2026-01-01T00:00:00Z 4", "scrub -" },
		{ "sequence 7\nmanifest " HEX "\ncatalog-root " HEX,
		  "sequence 0\nmanifest -\ncatalog-root -" },
		{ "counter 2\nprevious " HEX, "counter 1\nprevious -" },
		{ "\nsignature QUE=\n", "\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = changed(rows[i][0], rows[i][1]);

		check_round_trip(text);
		free(text);
	}
}

static void check_refused(const char *text, size_t len, const char *cause)
{
	struct error err = ERROR_INIT;
	struct receipt_file f;

	assert_int_equal(receipt_parse(text, len, &f, &err), -1);
	assert_true(err.id == ERROR_RECEIPT_FORMAT || err.id == ERROR_MEDIA_LIMIT);
	if (cause && !strstr(err.message, cause))
		fail_msg("'%s' is not in '%s'", cause, err.message);
}

static void each_rule_is_enforced(void **state)
{
	static const struct {
		const char *from, *to, *cause;
	} rows[] = {
		{ "gapferry-receipt 1", "gapferry-receipt 2", "line 1: not 'gapferry-receipt 1'" },
		{ "channel main", "channel ma/in", "line 2: channel is not" },
		{ "channel main", "channel -", "line 2: channel is not" },
		{ "site plant-7", "site", "line 3: not the key 'site'" },
		{ "epoch 1", "epoch 0", "line 4: epoch is not a plain number" },
		{ "epoch 1", "epoch 4294967296", "line 4" },
		{ "counter 2", "counter 0", "line 5" },
		{ "counter 2", "counter 02", "line 5" },
		{ "counter 2", "counter 9223372036854775808", "line 5" },
		{ "counter 2", "counter 1", "the first receipt has no previous one" },
		{ "previous " HEX, "previous --", "line 6" },
		{ "made 2026-01-02", "made 2026-02-30", "line 7: the time is not" },
		{ "sequence 7", "sequence 0", "must be - for sequence 0" },
		{ "manifest " HEX, "manifest -", "must be - for sequence 0" },
		{ "catalog-root " HEX, "catalog-root -", "must be - for sequence 0" },
		{ "objects 2 1000", "objects 2", "line 13" },
		{ "objects 2 1000", "objects 2 1000 1", "line 13" },
		{ "pending 9", "pending 7", "not newer" },
		{ "need 3 ", "need  3 ", "line 15" },
		{ "version 0.1.0\n", "version 0.1.0-01234567890123456789012345678\n", "line 19" },
		{ "end 20", "end 21", "line 20" },
		{ "end 20", "enD 20", "line 20: not the key 'end'" },
		{ "signature " LINE48 "\nsignature QUE=\n", "", "before the signature" },
		{ "signature " LINE48 "\nsignature QUE=\n",
		  "signature QUE=\nsignature " LINE48 "\n", "line 22" },
		{ "QUE=", "QUF=", "not a line of 48 bytes" },
		{ "QUE=", "QUE", "not a line of 48 bytes" },
		{ "QUE=", "=", "not a line of 48 bytes" },
		{ "QUE=", "====", "not a line of 48 bytes" },
		{ "signature QUE=", "comment QUE=", "not the key 'signature'" },
		{ "signature QUE=\n", "signature QUE=", "does not end in LF" },
		{ "signature QUE=\n", "signature QUE=\n\n", "line 23" },
		{ LINE48, LINE48 LINE48, "not a line of 48 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = changed(rows[i].from, rows[i].to);

		check_refused(text, strlen(text), rows[i].cause);
		free(text);
	}
}

/* Every line of the text left out, doubled, or exchanged with the next. */
static void lines_have_one_order(void **state)
{
	char text[2 * sizeof good];

	(void)state;
	for (const char *at = good; strncmp(at, "signature", 9) != 0;) {
		const char *next = strchr(at, '\n') + 1, *after = strchr(next, '\n') + 1;
		int before = (int)(at - good), line = (int)(next - at), other = (int)(after - next);

		snprintf(text, sizeof text, "%.*s%s", before, good, next);
		check_refused(text, strlen(text), NULL);
		snprintf(text, sizeof text, "%.*s%.*s%s", before, good, line, at, at);
		check_refused(text, strlen(text), NULL);
		snprintf(text, sizeof text, "%.*s%.*s%.*s%s", before, good, other, next, line, at,
			 after);
		check_refused(text, strlen(text), NULL);
		at = next;
	}
	for (size_t len = 0; len < strlen(good) - strlen("signature QUE=\n"); len++)
		check_refused(good, len, NULL);
}

static void the_largest_values_fit(void **state)
{
	struct receipt r = { .epoch = UINT32_MAX,
			     .counter = INT64_MAX,
			     .has_previous = true,
			     .made = 1,
			     .sequence = INT64_MAX - 1,
			     .has_manifest = true,
			     .has_root = true,
			     .processed = INT64_MAX,
			     .quarantined = INT64_MAX,
			     .objects = INT64_MAX,
			     .bytes = INT64_MAX,
			     .has_pending = true,
			     .pending_sequence = INT64_MAX,
			     .has_need = true,
			     .need_count = INT64_MAX,
			     .repaired = INT64_MAX,
			     .scrubbed = true,
			     .scrub_bad = INT64_MAX,
			     .trust_version = UINT32_MAX };
	unsigned char signature[LIMIT_RECEIPT_SIGNATURE + 1] = { 1 };
	struct buf out CLEANUP(buf_clear) = BUF_INIT(2 * LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;
	struct receipt_file f;
	char name[RECEIPT_FILE_SIZE];

	(void)state;
	memset(r.channel, 'c', sizeof r.channel - 1);
	memset(r.site, 's', sizeof r.site - 1);
	memset(r.version, 'v', sizeof r.version - 1);
	assert_int_equal(receipt_write(&r, &out, &err), 0);
	assert_int_equal(receipt_write_signature(signature, sizeof signature, &out, &err), -1);
	assert_int_equal(err.id, ERROR_RECEIPT_SIGNATURE);
	error_clear(&err);
	assert_int_equal(receipt_write_signature(signature, sizeof signature - 1, &out, &err), 0);
	assert_true(out.len <= LIMIT_RECEIPT_BYTES);
	print_message("largest receipt: %zu bytes\n", out.len);
	assert_int_equal(receipt_parse(out.bytes, out.len, &f, &err), 0);
	receipt_file_name(&r, name);
	assert_int_equal(strlen(name), sizeof name - 1);
}

static void values_are_checked_when_written(void **state)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_RECEIPT_BYTES);
	struct receipt_file f, broken;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(receipt_parse(good, strlen(good), &f, &err), 0);
	for (int i = 0; i < 5; i++) {
		broken = f;
		if (i == 0)
			broken.receipt.epoch = 0;
		else if (i == 1)
			broken.receipt.made = -1;
		else if (i == 2)
			broken.receipt.site[0] = '/';
		else if (i == 3)
			broken.receipt.has_root = false;
		else
			broken.receipt.objects = UINT64_MAX;
		assert_int_equal(receipt_write(&broken.receipt, &out, &err), -1);
		assert_int_equal(err.id, ERROR_MEDIA_VALUE);
		error_clear(&err);
	}
	assert_int_equal(receipt_write_signature(f.signature, 0, &out, &err), -1);
	assert_int_equal(err.id, ERROR_RECEIPT_SIGNATURE);
}

static void longer_files_are_refused(void **state)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(2 * LIMIT_RECEIPT_BYTES);
	struct error err = ERROR_INIT;
	struct receipt_file f;

	(void)state;
	assert_int_equal(buf_append(&out, good, strlen(good) - strlen("signature QUE=\n"), &err),
			 0);
	while (out.len <= LIMIT_RECEIPT_BYTES)
		assert_int_equal(buf_printf(&out, &err, "signature " LINE48 "\n"), 0);
	assert_int_equal(receipt_parse(out.bytes, out.len, &f, &err), -1);
	assert_int_equal(err.id, ERROR_MEDIA_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_survives_a_round_trip),
		cmocka_unit_test(absent_values_are_dashes),
		cmocka_unit_test(each_rule_is_enforced),
		cmocka_unit_test(lines_have_one_order),
		cmocka_unit_test(the_largest_values_fit),
		cmocka_unit_test(values_are_checked_when_written),
		cmocka_unit_test(longer_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
