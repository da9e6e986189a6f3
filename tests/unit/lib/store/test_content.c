/* The store as a whole (create, open, lock) and its objects. */
#include "lib/store/content.h"

#include "lib/base/pool.h"
#include "lib/crypto/trust.h"
#include "lib/store/channel.h"
#include "tests/unit/repository.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
	static struct repository r;

	repository_create(&r);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	repository_remove(*state);
	return 0;
}

static void a_store_is_made_once(void **state)
{
	const struct repository *r = *state;
	struct error err = ERROR_INIT;

	assert_int_equal(store_create(r->path, &err), -1);
	assert_error(err, ERROR_FILE_EXISTS, "not empty");
	error_clear(&err);
	assert_null(store_open(r->parent, false, &err));
	assert_error(err, ERROR_STORE_ABSENT, "not a repository");
	error_clear(&err);
	assert_null(store_open("/nonexistent", false, &err));
	assert_int_equal(err.id, ERROR_FILE_OPEN);
}

static void one_writer_and_many_readers(void **state)
{
	const struct repository *r = *state;
	struct error err = ERROR_INIT;
	CLEANUP(store_close) struct store *w = repository_open(r, true);
	CLEANUP(store_close) struct store *a = repository_open(r, false);
	CLEANUP(store_close) struct store *b = repository_open(r, false);

	(void)a, (void)b;
	assert_null(store_open(r->path, true, &err));
	assert_error(err, ERROR_STORE_BUSY, "another process is writing");
	assert_int_equal(err.class, ERROR_CLASS_BUSY);
	error_clear(&err);
	store_close(w);
	w = store_open(r->path, true, &err);
	assert_no_error(err);
}

static void a_writer_empties_tmp(void **state)
{
	const struct repository *r = *state;
	struct error err = ERROR_INIT;
	struct store *w = repository_open(r, true);

	assert_int_equal(file_save(store_tmp_dir(w), "object-9", "x", 1, 0644, &err), 0);
	store_close(w);
	struct store *reader = repository_open(r, false);
	assert_int_equal(faccessat(store_tmp_dir(reader), "object-9", F_OK, 0), 0);
	store_close(reader);
	w = repository_open(r, true);
	assert_int_equal(faccessat(store_tmp_dir(w), "object-9", F_OK, 0), -1);
	store_close(w);
}

static void a_newer_schema_is_refused(void **state)
{
	const struct repository *r = *state;
	struct error err = ERROR_INIT;
	struct store *w = repository_open(r, true);

	repository_sql(w, "PRAGMA user_version = 9999");
	store_close(w);
	for (int writer = 0; writer <= 1; writer++) {
		assert_null(store_open(r->path, writer, &err));
		assert_int_equal(err.id, ERROR_SCHEMA);
		error_clear(&err);
	}
}

/* How many files lie in tmp. */
static size_t leftovers(const struct store *s)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error err = ERROR_INIT;

	assert_int_equal(file_list_load(store_tmp_dir(s), 1000, &list, &err), 0);
	return list.count;
}

static void objects_are_named_by_their_digest(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	unsigned char sha256[32], want[32], sha1[20], *bytes;
	uint64_t size;
	size_t len;
	int fd;

	digest_sha256("hello", 5, want);
	assert_int_equal(content_open(s, want, &fd, &size, &err), 0);
	assert_int_equal(content_check(s, want, 5, &err), 0);
	assert_int_equal(content_put(s, "hello", 5, sha256, &err), 0);
	assert_memory_equal(sha256, want, 32);
	assert_int_equal(content_put(s, "hello", 5, sha256, &err), 1);
	assert_int_equal(content_check(s, want, 5, &err), 1);
	assert_int_equal(content_check(s, want, 6, &err), 0);
	assert_int_equal(content_load(s, want, 5, &bytes, &len, &err), 0);
	assert_string_equal((char *)bytes, "hello");
	free(bytes);
	assert_int_equal(content_load(s, want, 4, &bytes, &len, &err), -1);
	assert_int_equal(err.id, ERROR_LIMIT_BYTES);
	error_clear(&err);
	assert_int_equal(content_open(s, want, &fd, &size, &err), 1);
	assert_int_equal(size, 5);
	file_close(fd);
	assert_int_equal(content_put(s, "", 0, sha256, &err), 0);
	assert_int_equal(content_check(s, sha256, 0, &err), 1);
	struct content_writer *w = content_begin(s, true, &err);
	assert_int_equal(content_write(w, "he", 2, &err), 0);
	assert_int_equal(content_write(w, "llo", 3, &err), 0);
	content_digests(w, sha256, sha1);
	assert_memory_equal(sha256, want, 32);
	digest_sha1("hello", 5, want);
	assert_memory_equal(sha1, want, 20);
	assert_int_equal(content_commit(w, sha256, &err), 1);
	content_forget(s, sha256);
	content_forget(s, sha256); /* nothing there: no matter */
	assert_int_equal(content_check(s, sha256, 5, &err), 0);
	assert_int_equal(content_load(s, sha256, 5, &bytes, &len, &err), -1);
	assert_int_equal(err.id, ERROR_CONTENT_ABSENT);
	error_clear(&err);
	assert_int_equal(content_sync(s, &err), 0);
	assert_int_equal(leftovers(s), 0);
}

static void wrong_bytes_are_not_kept(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	unsigned char want[32], have[32];
	uint64_t size;
	int fd;

	digest_sha256("expected", 8, want);
	digest_sha256("offered", 7, have);
	struct content_writer *w = content_begin(s, false, &err);
	assert_int_equal(content_write(w, "offered", 7, &err), 0);
	assert_int_equal(content_commit(w, want, &err), -1);
	assert_int_equal(err.id, ERROR_CONTENT_DIGEST);
	error_clear(&err);
	assert_int_equal(content_open(s, want, &fd, &size, &err), 0);
	assert_int_equal(content_open(s, have, &fd, &size, &err), 0);
	w = content_begin(s, false, &err);
	assert_int_equal(content_write(w, "x", 1, &err), 0);
	assert_int_equal(leftovers(s), 1);
	content_abandon(w);
	content_abandon(NULL);
	assert_int_equal(leftovers(s), 0);
}

static void damage_is_seen_and_healed(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	unsigned char sha256[32], *bytes;
	char hex[65], name[70];
	size_t len;

	assert_int_equal(content_put(s, "healed", 6, sha256, &err), 0);
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
	snprintf(name, sizeof name, "%.2s/%s", hex, hex);
	assert_int_equal(unlinkat(store_content_dir(s), name, 0), 0);
	assert_int_equal(file_save(store_content_dir(s), name, "hEaled", 6, 0444, &err), 0);
	assert_int_equal(content_check(s, sha256, 6, &err), 0);
	assert_int_equal(content_load(s, sha256, 6, &bytes, &len, &err), -1);
	assert_int_equal(err.id, ERROR_CONTENT_DIGEST);
	error_clear(&err);
	assert_int_equal(content_put(s, "healed", 6, sha256, &err), 1);
	assert_int_equal(content_check(s, sha256, 6, &err), 1);
}

struct writers {
	struct store *store;
};

/* Many writers, two of them always with the same bytes. */
static int write_one(void *ctx, size_t i, unsigned worker, struct error *err)
{
	struct writers *w = ctx;
	unsigned char sha256[32];
	char text[32];
	int n = snprintf(text, sizeof text, "object %zu", i / 2);

	(void)worker;
	struct content_writer *c = content_begin(w->store, false, err);
	if (!c)
		return -1;
	for (int k = 0; k < n; k++)
		if (content_write(c, text + k, 1, err) < 0) {
			content_abandon(c);
			return -1;
		}
	digest_sha256(text, (size_t)n, sha256);
	return content_commit(c, sha256, err) < 0 ? -1 : 0;
}

static void writers_do_not_disturb_each_other(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct writers w = { s };
	const struct pool_each run = { .threads = 8, .count = 400, .item = write_one, .ctx = &w };
	struct error err = ERROR_INIT;

	assert_int_equal(pool_each(&run, &err), 0);
	assert_no_error(err);
	for (size_t i = 0; i < 200; i++) {
		unsigned char sha256[32];
		char text[32];
		int n = snprintf(text, sizeof text, "object %zu", i);

		digest_sha256(text, (size_t)n, sha256);
		assert_int_equal(content_check(s, sha256, (uint64_t)n, &err), 1);
	}
	assert_int_equal(leftovers(s), 0);
}

static void rows_of_objects_are_unique(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct stored_object a, b, found;
	struct stored_totals totals;
	struct error err = ERROR_INIT;

	repository_put(s, "one", 3, &a);
	b = a;
	b.id = 0;
	assert_int_equal(stored_record(s, &b, &err), 0);
	assert_int_equal(a.id, b.id);
	assert_int_equal(stored_find(s, a.sha256, &found, &err), 1);
	assert_int_equal(found.size, 3);
	assert_int_equal(stored_find_sha1(s, a.sha1, &found, &err), 1);
	assert_int_equal(found.id, a.id);
	/* an object without SHA-1 learns it later, and does not forget it */
	struct stored_object late = { .kind = OBJECT_PACK, .size = 9, .name = "-" };
	memset(late.sha256, 7, 32);
	assert_int_equal(stored_record(s, &late, &err), 0);
	assert_int_equal(stored_find(s, late.sha256, &found, &err), 1);
	assert_false(found.has_sha1);
	late.has_sha1 = true;
	memset(late.sha1, 8, 20);
	assert_int_equal(stored_record(s, &late, &err), 0);
	late.has_sha1 = false;
	assert_int_equal(stored_record(s, &late, &err), 0);
	assert_int_equal(stored_find_sha1(s, late.sha1, &found, &err), 1);
	assert_int_equal(found.id, late.id);
	assert_int_equal(stored_count(s, &totals, &err), 0);
	assert_int_equal(totals.count, 2);
	assert_int_equal(totals.bytes, 12);
	memset(late.sha1, 9, 20);
	assert_int_equal(stored_find_sha1(s, late.sha1, &found, &err), 0);
}

static void names_are_made_plain(void **state)
{
	static const char *const rows[][2] = {
		{ "a.cab", "a.cab" },         { "", "x" },
		{ ".hidden", "x" },           { "-x", "x" },
		{ "a b/c", "a_b_c" },         { "\xc3\xa4.exe", "x" },
		{ "A-1_b.CAB", "A-1_b.CAB" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[129];

		stored_clean_name(rows[i][0], out);
		assert_int_equal(out[0], rows[i][1][0]);
		assert_null(strpbrk(out, "/ \xc3\xa4"));
		if (rows[i][1][0] != 'x')
			assert_string_equal(out, rows[i][1]);
	}
	char longest[300], out[129];
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	stored_clean_name(longest, out);
	assert_int_equal(strlen(out), 128);
}

/* A repository of schema 1 did not tell what it is for. */
static void old_channels_find_their_direction(void **state)
{
	struct store *s = repository_open(*state, true);
	static const char *const names[] = { "received", "sent", "unused" };
	static const enum channel_direction want[] = { CHANNEL_RECEIVED, CHANNEL_SENT,
						       CHANNEL_UNDECIDED };
	struct error err = ERROR_INIT;
	struct channel c;

	repository_sql(s, "DROP TABLE site; DROP TABLE receipt; DROP TABLE held;"
			  "DROP TABLE bundle_listing; DROP TABLE bundle_file; DROP TABLE past;"
			  "DROP TABLE shard;"
			  "ALTER TABLE channel DROP COLUMN direction;"
			  "ALTER TABLE channel DROP COLUMN one_way;"
			  "ALTER TABLE channel DROP COLUMN overlap;"
			  "ALTER TABLE bundle DROP COLUMN base;"
			  "ALTER TABLE bundle DROP COLUMN bytes;"
			  "ALTER TABLE bundle DROP COLUMN repaired;"
			  "ALTER TABLE object DROP COLUMN checked;"
			  "ALTER TABLE object DROP COLUMN unneeded; DROP TABLE ledger;"
			  "DROP TABLE log_leaf; DROP TABLE log_checkpoint;"
			  "DROP TABLE log_returned; DROP TABLE log_seen;"
			  "DROP TABLE channel_selection; ALTER TABLE file DROP COLUMN express;"
			  "ALTER TABLE finding DROP COLUMN cause;"
			  "ALTER TABLE finding DROP COLUMN dependents;"
			  "DROP TABLE revision; DROP TABLE update_info;"
			  "CREATE TABLE revision("
			  " id INTEGER PRIMARY KEY, identity_id INTEGER NOT NULL,"
			  " number INTEGER NOT NULL, UNIQUE(identity_id, number));"
			  "CREATE TABLE update_info("
			  " source_id INTEGER NOT NULL, source_revision INTEGER NOT NULL,"
			  " revision_id INTEGER NOT NULL, type TEXT NOT NULL,"
			  " flags INTEGER NOT NULL, action INTEGER NOT NULL, action_text TEXT,"
			  " created INTEGER, kb TEXT, severity TEXT, bulletin TEXT, title TEXT,"
			  " verdict INTEGER NOT NULL, cause INTEGER NOT NULL, relations BLOB,"
			  " PRIMARY KEY(source_id, source_revision)) WITHOUT ROWID;"
			  "CREATE INDEX update_info_revision ON update_info(revision_id);"
			  "INSERT INTO identity VALUES(5, zeroblob(16)), (6, x'ff');"
			  "INSERT INTO revision VALUES(7, 6, 200), (8, 5, 100);"
			  "INSERT INTO update_info VALUES(1, 101, 8, 'Software', 5, 0, NULL, 9,"
			  " 'kb', NULL, NULL, 'title', 1, 101, x'01');"
			  "INSERT INTO file VALUES"
			  "(1, 101, 0, 0, x'aa', NULL, NULL, 'a.PSF', NULL),"
			  "(1, 101, 0, 1, x'ab', NULL, NULL, '.psf', NULL),"
			  "(1, 101, 1, 0, x'ac', NULL, NULL, 'a.psf', NULL);"
			  "INSERT INTO channel VALUES(1, 'received', 'a', 1, 2, NULL, NULL, 1, 9),"
			  " (2, 'sent', 'a', 1, 2, NULL, NULL, 1, 0),"
			  " (3, 'unused', 'a', 1, 0, NULL, NULL, 1, 0);"
			  "PRAGMA user_version=1");
	store_close(s);
	s = repository_open(*state, true);
	/* a count that is wrong ends in an overflow */
	repository_sql(s,
		       "SELECT CASE (SELECT count(*) FROM update_info u JOIN revision r ON"
		       " r.identity_id=u.identity_id AND r.number=u.number AND"
		       " r.id=u.revision_id WHERE u.number=100 AND u.title='title' AND"
		       " u.relations=x'01' AND u.cause=101 AND u.mark IS NULL) WHEN 1 THEN 0 ELSE"
		       " abs(-9223372036854775807-1) END");
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(channel_load(s, names[i], &c, &err), 0);
		assert_int_equal(c.direction, want[i]);
	}
	assert_int_equal(channel_load(s, NULL, &c, &err), 0);
	assert_string_equal(c.name, "received");
	assert_int_equal(channel_load_sent(s, "unused", &c, &err), 0);
	assert_int_equal(c.direction, CHANNEL_SENT);
	store_close(s);
}

static void channels_remember(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct channel c = { .direction = CHANNEL_RECEIVED, .name = "plant", .audience = "site1" },
		       back;
	struct channel_bundle b = { .epoch = 1,
				    .sequence = 1,
				    .manifest = "m",
				    .manifest_len = 1,
				    .processed = 7,
				    .quarantined = 2 },
			      seen;
	struct error err = ERROR_INIT;

	assert_int_equal(channel_load(s, NULL, &back, &err), -1);
	assert_int_equal(err.id, ERROR_CHANNEL_ABSENT);
	error_clear(&err);
	assert_int_equal(channel_add(s, &c, &err), 0);
	assert_int_equal(channel_add(s, &c, &err), -1);
	assert_int_equal(err.id, ERROR_CHANNEL_EXISTS);
	error_clear(&err);
	assert_int_equal(channel_load_sent(s, "plant", &back, &err), -1);
	assert_int_equal(err.id, ERROR_CHANNEL_DIRECTION);
	error_clear(&err);
	assert_int_equal(channel_load(s, "plant", &back, &err), 0);
	assert_int_equal(back.direction, CHANNEL_RECEIVED);
	assert_int_equal(back.epoch, 1);
	assert_int_equal(back.sequence, 0);
	assert_false(back.has_manifest);
	back.sequence = INT64_MAX;
	back.has_manifest = true;
	back.time_floor = 1800000000;
	memset(back.manifest, 5, 32);
	assert_int_equal(channel_save(s, &back, &err), 0);
	assert_int_equal(channel_load(s, NULL, &c, &err), 0);
	assert_int_equal(c.sequence, INT64_MAX);
	assert_int_equal(c.time_floor, 1800000000);
	assert_int_equal(c.manifest[31], 5);
	assert_int_equal(channel_record_bundle(s, c.id, &b, &err), 0);
	assert_int_equal(channel_find_bundle(s, c.id, 1, 1, &seen, &err), 1);
	assert_int_equal(seen.processed, 7);
	assert_int_equal(channel_find_bundle(s, c.id, 1, 2, &seen, &err), 0);
	assert_int_equal(channel_find_bundle(s, c.id, 2, 1, &seen, &err), 0);
	assert_true(channel_name_valid("a"));
	assert_false(channel_name_valid(""));
	assert_false(channel_name_valid(".."));
	assert_false(channel_name_valid("a/b"));
	assert_false(channel_name_valid(
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void portable_channel_names(void **state)
{
	static const char *const good[] = { "main", "console", "a.b",   "com", "com10",
					    "lpt",  "xcon",    "nul-1", "1" };
	static const char *const bad[] = { "con",  "CON",      "nul",  "aux.x", "Prn.a.b",
					   "com1", "lpt9.txt", "com0", "main.", "a.." };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(channel_name_portable(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(channel_name_portable(bad[i]));
}

/* A trust file that is known may not change; others may come. */
static void trust_only_grows(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int from = file_open_subdir(store_tmp_dir(s), "from", true, &err);

	char *names[] = { (char[]){ "0001.root" }, (char[]){ "0002.root" } };
	struct trust trust = { .files = { names, 1 } };

	assert_int_equal(file_save(from, "0001.root", "one", 3, 0644, &err), 0);
	assert_int_equal(channel_copy_trust(s, "plant", from, &trust, &err), 0);
	trust.files.count = 2;
	assert_int_equal(file_save(from, "0002.root", "two", 3, 0644, &err), 0);
	assert_int_equal(channel_copy_trust(s, "plant", from, &trust, &err), 0);
	assert_int_equal(file_save(from, "0001.root", "oNe", 3, 0644, &err), 0);
	assert_int_equal(channel_copy_trust(s, "plant", from, &trust, &err), -1);
	assert_error(err, ERROR_TRUST_CHANGED, "0001.root");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(a_store_is_made_once),
		TEST(one_writer_and_many_readers),
		TEST(a_writer_empties_tmp),
		TEST(old_channels_find_their_direction),
		TEST(a_newer_schema_is_refused),
		TEST(objects_are_named_by_their_digest),
		TEST(wrong_bytes_are_not_kept),
		TEST(damage_is_seen_and_healed),
		TEST(writers_do_not_disturb_each_other),
		TEST(rows_of_objects_are_unique),
		TEST(names_are_made_plain),
		TEST(channels_remember),
		cmocka_unit_test(portable_channel_names),
		TEST(trust_only_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
