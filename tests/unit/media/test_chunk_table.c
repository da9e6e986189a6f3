#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/chunk_table.h"
#include "media/volume.h"
#include "tests/unit/unit.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TWO HEX " vol-0001.tar 000000\n" HEX " vol-0001.tar 000001\n"

static int parse(struct chunk_table *t, const char *text, struct error *err)
{
	return chunk_table_feed(t, text, strlen(text), err) || chunk_table_finish(t, err) ? -1 : 0;
}

static void good_survives_a_round_trip(void **state)
{
	static const char text[] = TWO HEX " vol-0002.tar 000000\n";
	struct error err = ERROR_INIT;
	struct chunk_table *t CLEANUP(chunk_table_free) = chunk_table_new();
	struct buf out CLEANUP(buf_clear) = BUF_INIT(4096);

	(void)state;
	/* One byte at a time. */
	for (size_t i = 0; i < strlen(text); i++)
		assert_int_equal(chunk_table_feed(t, text + i, 1, &err), 0);
	assert_int_equal(chunk_table_finish(t, &err), 0);
	assert_int_equal(chunk_table_volumes(t), 2);
	assert_int_equal(chunk_table_count(t, 1), 2);
	assert_int_equal(chunk_table_count(t, 2), 1);
	assert_int_equal(chunk_table_total(t), 3);
	assert_int_equal(chunk_table_digest(t, 2, 0)[1], 0x23);
	assert_int_equal(chunk_table_write(t, 1, &out, &err), 0);
	assert_int_equal(chunk_table_write(t, 2, &out, &err), 0);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.bytes, text, out.len);
}

static void each_rule_is_enforced(void **state)
{
	static const struct {
		const char *text, *cause;
	} rows[] = {
		{ "\n", "line 1: not 3 fields" },
		{ HEX " vol-0001.tar 000000", "does not end in LF" },
		{ HEX " vol-0001.tar\n", "not 3 fields" },
		{ HEX "  vol-0001.tar 000000\n", "not 3 fields" },
		{ HEX " vol-0001.tar 000000 \n", "not 3 fields" },
		{ "0 vol-0001.tar 000000\n", "digest is not 64" },
		{ HEX " vol-0000.tar 000000\n", "not the name of a volume" },
		{ HEX " vol-1.tar 000000\n", "not the name of a volume" },
		{ HEX " vol-00001.tar 000000\n", "not the name of a volume" },
		{ HEX " Vol-0001.tar 000000\n", "not the name of a volume" },
		{ HEX " vol-000a.tar 000000\n", "not the name of a volume" },
		{ HEX " vol-0002.tar 000000\n", "volume 2 is out of order" },
		{ HEX " vol-0001.tar 000001\n", "not chunk 000000" },
		{ HEX " vol-0001.tar 0\n", "not chunk 000000" },
		{ HEX " vol-0001.tar 0000000\n", "not chunk 000000" },
		{ TWO HEX " vol-0001.tar 000001\n", "line 3: not chunk 000002" },
		{ TWO HEX " vol-0001.tar 000003\n", "line 3: not chunk 000002" },
		{ TWO HEX " vol-0002.tar 000002\n", "line 3: not chunk 000000" },
		{ TWO HEX " vol-0003.tar 000000\n", "line 3: volume 3 is out of order" },
		{ TWO HEX " vol-0002.tar 000000\n" HEX " vol-0001.tar 000002\n",
		  "line 4: volume 1 is out of order" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct chunk_table *t CLEANUP(chunk_table_free) = chunk_table_new();

		assert_int_equal(parse(t, rows[i].text, &err), -1);
		assert_error(err, ERROR_CHUNKS_FORMAT, rows[i].cause);
	}
}

static void counts_follow_from_sizes(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t volumes;
		bool ok;
	} rows[] = {
		{ VOLUME_CHUNK, 1, false },        { VOLUME_CHUNK + 1, 1, true },
		{ VOLUME_CHUNK * 2ull, 1, true },  { VOLUME_CHUNK * 2ull + 1, 1, false },
		{ VOLUME_CHUNK * 2ull, 2, false }, { VOLUME_CHUNK * 2ull, 0, false },
		{ 1ull << 40, 1, false },
	};
	struct error err = ERROR_INIT;
	struct chunk_table *t CLEANUP(chunk_table_free) = chunk_table_new();

	(void)state;
	assert_int_equal(parse(t, TWO, &err), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t sizes[2] = { rows[i].size, VOLUME_CHUNK };

		error_clear(&err);
		assert_int_equal(chunk_table_check(t, sizes, rows[i].volumes, &err),
				 rows[i].ok ? 0 : -1);
		if (!rows[i].ok)
			assert_error(err, ERROR_MEDIA_MISMATCH, "CHUNKS");
	}
}

static void the_count_is_limited(void **state)
{
	static const unsigned char digest[32];
	struct error err = ERROR_INIT;
	struct chunk_table *t CLEANUP(chunk_table_free) = chunk_table_new();
	struct buf out CLEANUP(buf_clear) = BUF_INIT(LIMIT_CHUNKS_BYTES);
	struct chunk_table *again CLEANUP(chunk_table_free) = chunk_table_new();

	(void)state;
	assert_int_equal(chunk_table_add(t, 2, digest, &err), -1);
	assert_error(err, ERROR_CHUNKS_FORMAT, "out of order");
	error_clear(&err);
	for (size_t i = 0; i < LIMIT_CHUNKS; i++)
		assert_int_equal(chunk_table_add(t, 1, digest, &err), 0);
	assert_int_equal(chunk_table_add(t, 1, digest, &err), -1);
	assert_error(err, ERROR_MEDIA_LIMIT, "more than 2097152 chunks");

	/* A full table fits the limit of the file, with numbers of seven digits. */
	error_clear(&err);
	assert_int_equal(chunk_table_write(t, 1, &out, &err), 0);
	assert_int_equal(chunk_table_feed(again, out.bytes, out.len, &err), 0);
	assert_int_equal(chunk_table_finish(again, &err), 0);
	assert_int_equal(chunk_table_total(again), LIMIT_CHUNKS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_survives_a_round_trip),
		cmocka_unit_test(each_rule_is_enforced),
		cmocka_unit_test(counts_follow_from_sizes),
		cmocka_unit_test(the_count_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
