#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char good[] = "gapferry-manifest 1\n"
			   "channel main\n"
			   "audience plant-7\n"
			   "epoch 1\n"
			   "sequence 2\n"
			   "previous " HEX "\n"
			   "kind full\n"
			   "created 2026-01-02T03:04:05Z\n"
			   "expires 2026-03-02T03:04:05Z\n"
			   "trust-version 1\n"
			   "catalog-root " HEX "\n"
			   "volumes 1\n"
			   "objects 2 1000\n"
			   "file " HEX " 85 CHUNKS\n"
			   "file " HEX " 300 OBJECTS\n"
			   "file " HEX " 77 SHA256SUMS\n"
			   "source wsusscn2 " HEX " -\n"
			   "source wsusscn2 " HEX " 2026-01-01T00:00:00Z\n"
			   "end 19\n";

/* The good manifest with the first occurrence of `from` replaced; the caller frees it. */
static char *changed(const char *from, const char *to)
{
	const char *at = strstr(good, from);
	size_t size = sizeof good + strlen(to) + 1;
	char *text = buf_malloc(size);

	assert_non_null(at);
	snprintf(text, size, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	return text;
}

static void good_survives_a_round_trip(void **state)
{
	struct error err = ERROR_INIT;
	struct manifest m;
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_MANIFEST_BYTES);
	unsigned char want[32], have[32];
	char directory[MANIFEST_DIRECTORY_SIZE];

	(void)state;
	assert_int_equal(manifest_parse(good, strlen(good), &m, &err), 0);
	assert_string_equal(m.channel, "main");
	assert_int_equal(m.sequence, 2);
	assert_int_equal(m.objects, 2);
	assert_int_equal(m.object_bytes, 1000);
	assert_int_equal(m.files[MANIFEST_SUMS].size, 77);
	assert_int_equal(m.source_count, 2);
	assert_false(m.sources[0].dated);
	assert_int_equal(manifest_write(&m, &out, &err), 0);
	assert_int_equal(out.len, strlen(good));
	assert_memory_equal(out.bytes, good, out.len);
	digest_sha256(good, strlen(good), want);
	assert_int_equal(manifest_digest(&m, have, &err), 0);
	assert_memory_equal(want, have, 32);
	manifest_directory(&m, directory);
	assert_string_equal(directory, "main-1-2");
}

static void each_rule_is_enforced(void **state)
{
	static const struct {
		const char *from, *to, *cause;
	} rows[] = {
		{ "gapferry-manifest 1", "gapferry-manifest 3",
		  "line 1: not 'gapferry-manifest 1' to 'gapferry-manifest 2'" },
		{ "gapferry-manifest 1", "gapferry-manifest 0", "line 1: not" },
		{ "gapferry-manifest 1", "gapferry-manifest 11", "line 1: not" },
		{ "gapferry-manifest 1", "1apferry-manifest 1", "line 1: not" },
		{ "channel main\n", "", "line 2: not the key 'channel'" },
		{ "channel main\n", "channel main\nchannel main\n",
		  "line 3: not the key 'audience'" },
		{ "channel main\naudience plant-7\n", "audience plant-7\nchannel main\n",
		  "line 2: not the key" },
		{ "channel main", "channel -main", "line 2: the name" },
		{ "channel main", "channel ma/in", "line 2: the name" },
		{ "channel main",
		  "channel a234567890123456789012345678901234567890123456789012345"
		  "678901234",
		  "line 2: the name" },
		{ "channel main", "channel  main", "line 2: not 2 fields" },
		{ "channel main", "channel main ", "line 2: not 2 fields" },
		{ "channel main", " channel main", "line 2: not the key" },
		{ "channel main", "channel\tmain", "line 2: byte 0x09 at column 8" },
		{ "channel main\n", "channel main\r\n", "line 2: byte 0x0d" },
		{ "channel main", "channel ma\x80n", "line 2: byte 0x80" },
		{ "channel main\n", "channel main\n\n", "line 3: not the key" },
		{ "audience plant-7", "audience plant 7", "line 3: not 2 fields" },
		{ "audience plant-7", "audience _plant", "line 3: the name" },
		{ "epoch 1", "epoch 0", "line 4: epoch is not" },
		{ "epoch 1", "epoch 01", "line 4: epoch is not" },
		{ "epoch 1", "epoch 4294967296", "line 4: epoch is not" },
		{ "sequence 2", "sequence 0", "line 5: sequence is not" },
		{ "sequence 2", "sequence 9223372036854775808", "line 5: sequence is not" },
		{ "sequence 2", "sequence 1", "line 6: previous must be -" },
		{ "previous " HEX, "previous -", "line 6: previous must be -" },
		{ "previous 0", "previous A", "line 6: previous is not 64" },
		{ "previous 0", "previous ", "line 6: previous is not 64" },
		{ "kind full", "kind increment", "line 7: not a kind that version 1 has" },
		{ "previous " HEX "\n", "previous " HEX "\nhistory 1 " HEX "\n",
		  "line 7: not the key 'kind'" },
		{ "audience plant-7\n", "audience plant-7\naudience plant-8\n",
		  "line 4: not the key 'epoch'" },
		{ "end 19", "origin " HEX "\nend 20", "line 19: not the key 'end'" },
		{ "kind full", "kind delta", "line 7: not a kind that version 1 has" },
		{ "created 2026-01", "created 2026-13", "line 8: the time" },
		{ "05Z\nexpires", "05+00:00\nexpires", "line 8: the time" },
		{ "expires 2026-03-02", "expires 2026-02-30", "line 9: the time" },
		{ "expires 2026-03", "expires 2026-01", "expires is not later" },
		{ "trust-version 1", "trust-version 0", "line 10: trust-version is not" },
		{ "catalog-root 0", "catalog-root g", "line 11: catalog-root is not" },
		{ "volumes 1", "volumes 10000", "line 12: volumes is not" },
		{ "volumes 1", "volumes 0", "volumes and objects must both" },
		{ "objects 2 1000", "objects 0 0", "volumes and objects must both" },
		{ "objects 2 1000", "objects 4000001 1000", "line 13: object count" },
		{ "objects 2 1000", "objects 2 137438953473", "line 13: content bytes" },
		{ "objects 2 1000", "objects 2", "line 13: not 3 fields" },
		{ " CHUNKS", " OBJECTS", "line 14: not the line of CHUNKS" },
		{ "file " HEX " 85", "file 0 85", "line 14: digest is not 64" },
		{ " 85 CHUNKS", " 201326593 CHUNKS", "line 14: size is not" },
		{ " 300 OBJECTS", " 1073741825 OBJECTS", "line 15: size is not" },
		{ " 77 SHA256SUMS", " 1048577 SHA256SUMS", "line 16: size is not" },
		{ "source wsusscn2", "source Wsusscn2", "line 17: the kind of source" },
		{ "source wsusscn2", "source a23456789012345678901234567890123",
		  "line 17: the kind of source" },
		{ "source wsusscn2 0", "source wsusscn2 x", "line 17: cabinet digest" },
		{ HEX " 2026-01-01T00:00:00Z", HEX " -", "not sorted and unique" },
		{ "source wsusscn2 " HEX " -", "source x " HEX " -", "not sorted and unique" },
		{ HEX " 2026-01-01T00", HEX " 2026-01-01T24", "line 18: the time" },
		{ "end 19", "end 18", "line 19: end says 18" },
		{ "end 19", "end 019", "line 19: line count" },
		{ "end 19\n", "", "line 19: no end line" },
		{ "end 19\n", "end 19", "line 19: the last line does not end in LF" },
		{ "end 19\n", "end 19\nend 20\n", "line 20: text after the end line" },
		{ "end 19\n", "fin 19\n", "line 19: not the key 'end'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct manifest m;
		char *text = changed(rows[i].from, rows[i].to);

		assert_int_equal(manifest_parse(text, strlen(text), &m, &err), -1);
		assert_error(err, ERROR_MANIFEST_FORMAT, rows[i].cause);
		free(text);
	}
}

static void truncation_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(good); len++) {
		struct error err = ERROR_INIT;
		struct manifest m;

		assert_int_equal(manifest_parse(good, len, &m, &err), -1);
	}
}

static void sizes_are_limited(void **state)
{
	struct error err = ERROR_INIT;
	struct manifest m;
	char *big = buf_malloc(LIMIT_MANIFEST_BYTES + 1);
	char line[LIMIT_TEXT_LINE + 2];

	(void)state;
	memset(big, 'a', LIMIT_MANIFEST_BYTES + 1);
	assert_int_equal(manifest_parse(big, LIMIT_MANIFEST_BYTES + 1, &m, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 65536 bytes");
	free(big);

	error_clear(&err);
	memset(line, 'a', sizeof line);
	line[LIMIT_TEXT_LINE + 1] = '\n';
	assert_int_equal(manifest_parse(line, sizeof line, &m, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "line 1: more than 512 bytes");
}

static void sources_are_limited_and_sorted(void **state)
{
	struct error err = ERROR_INIT;
	struct manifest m, again;
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_MANIFEST_BYTES);

	(void)state;
	assert_int_equal(manifest_parse(good, strlen(good), &m, &err), 0);
	m.source_count = LIMIT_SOURCES;
	for (unsigned i = 0; i < LIMIT_SOURCES; i++)
		m.sources[i] = (struct manifest_source){ .kind = "a",
							 .cabinet = { (unsigned char)(99 - i) } };
	assert_int_equal(manifest_write(&m, &out, &err), -1);
	assert_error(err, ERROR_MEDIA_VALUE, "not sorted");
	error_clear(&err);
	manifest_sort(&m);
	assert_int_equal(m.source_count, LIMIT_SOURCES);
	assert_int_equal(manifest_write(&m, &out, &err), 0);
	assert_int_equal(manifest_parse(out.bytes, out.len, &again, &err), 0);

	m.sources[1] = m.sources[0];
	manifest_sort(&m);
	assert_int_equal(m.source_count, LIMIT_SOURCES - 1);
	m.source_count = LIMIT_SOURCES + 1;
	assert_int_equal(manifest_check(&m, &err), -1);
	assert_error(err, ERROR_MEDIA_VALUE, "too many sources");

	/* One line more than the writer would write. */
	static const char line[] = "source zz " HEX " -\nend 82\n";
	error_clear(&err);
	out.len -= strlen("end 81\n");
	assert_int_equal(buf_append(&out, line, strlen(line), &err), 0);
	assert_int_equal(manifest_parse(out.bytes, out.len, &again, &err), -1);
	assert_error(err, ERROR_MANIFEST_FORMAT, "line 81: more than 64 sources");
}

static void wrong_values_are_not_written(void **state)
{
	struct error err = ERROR_INIT;
	struct manifest ok, m[12];

	(void)state;
	assert_int_equal(manifest_parse(good, strlen(good), &ok, &err), 0);
	assert_int_equal(manifest_check(&ok, &err), 0);
	for (size_t i = 0; i < COUNT(m); i++)
		m[i] = ok;
	m[0].channel[0] = '/';
	memset(m[1].channel, 'a', sizeof m[1].channel);
	m[2].audiences[0][0] = '\0';
	m[3].epoch = 0;
	m[4].sequence = 0;
	m[5].trust_version = 0;
	m[6].created = -1;
	m[7].expires = ok.created;
	m[8].volumes = LIMIT_VOLUMES + 1;
	m[9].objects = LIMIT_OBJECTS + 1;
	m[10].files[MANIFEST_CHUNKS].size = LIMIT_CHUNKS_BYTES + 1;
	m[11].sources[0].kind[0] = ' ';
	for (size_t i = 0; i < COUNT(m); i++) {
		error_clear(&err);
		assert_int_equal(manifest_check(&m[i], &err), -1);
		assert_error(err, ERROR_MEDIA_VALUE, "MANIFEST: ");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_survives_a_round_trip),
		cmocka_unit_test(each_rule_is_enforced),
		cmocka_unit_test(truncation_anywhere_is_refused),
		cmocka_unit_test(sizes_are_limited),
		cmocka_unit_test(sources_are_limited_and_sorted),
		cmocka_unit_test(wrong_values_are_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
