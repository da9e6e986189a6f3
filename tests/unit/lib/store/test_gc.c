/* What gc takes and what it leaves, and what no row may go on naming. */
#include "lib/store/gc.h"

#include "lib/store/scrub.h"
#include "tests/unit/repository.h"

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

static int64_t number(struct store *s, const char *sql)
{
	struct error err = ERROR_INIT;
	CLEANUP(db_finalize) struct db_statement *q = db_prepare(store_db(s), sql, &err);

	assert_non_null(q);
	assert_int_equal(db_step(q, &err), 1);
	int64_t value = db_int(q, 0);
	db_reset(q);
	return value;
}

/*
 * Objects 1 to 7: of a source; named by a file; a pack with a fragment of a document; listings of
 * sequences 1 and 2; nothing's; nothing's pack, with a fragment.
 */
static void fill(struct store *s)
{
	struct stored_object o;
	char bytes[20];

	for (int i = 1; i <= 7; i++) {
		snprintf(bytes, sizeof bytes, "bytes%d", i);
		repository_put(s, bytes, strlen(bytes), &o);
		assert_int_equal(o.id, i);
	}
	repository_sql(
		s, "UPDATE object SET kind=1 WHERE id IN (3, 7);"
		   "INSERT INTO source VALUES(1, 'k', 's', x'00', 1, NULL, 'n', 0);"
		   "INSERT INTO source_object VALUES(1, 1);"
		   "INSERT INTO file SELECT 1, 1, 0, 0, sha1, NULL, NULL, NULL, NULL, 0 FROM object"
		   " WHERE id=2;"
		   "INSERT INTO fragment VALUES(1, x'01', 3, 0, 1), (2, x'02', 7, 0, 1);"
		   "INSERT INTO document VALUES(1, 99, 1, '', 1, 0);"
		   "INSERT INTO channel(id, name, audience, epoch, sequence, trust_version,"
		   " time_floor) VALUES(1, 'c', 'a', 1, 2, 1, 0);"
		   "INSERT INTO site(channel_id, name, epoch, sequence, counter, made, received)"
		   " VALUES(1, 'a', 1, 2, 1, 0, 0);"
		   "INSERT INTO bundle_listing VALUES(1, 1, 1, 'k', 's', 1, x'04', 4),"
		   " (1, 1, 2, 'k', 's', 1, x'05', 5);"
		   "INSERT INTO held VALUES(1, 1, 1), (1, 6, 1);");
}

static uint64_t removed(const struct gc_result *r)
{
	uint64_t all = 0;

	for (int k = 0; k < OBJECT_KINDS; k++)
		all += r->objects[k];
	return all;
}

static void what_nothing_needs_goes(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct gc_options options = { .dry_run = true, .now = 2000000000 };
	struct error err = ERROR_INIT;
	struct gc_result r;

	fill(s);
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(removed(&r), 3);
	assert_int_equal(number(s, "SELECT count(*) FROM object"), 7);
	assert_int_equal(number(s, "SELECT sum(unneeded) FROM object"), 0);
	options.dry_run = false;
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_no_error(err);
	assert_int_equal(removed(&r), 3);
	assert_int_equal(r.fragments, 1);
	assert_int_equal(r.listings, 1);
	assert_int_equal(number(s, "SELECT sum(id) FROM object"), 1 + 2 + 3 + 5);
	assert_int_equal(number(s, "SELECT count(*) FROM held"), 1);
	assert_int_equal(number(s, "SELECT object_id FROM held"), 1);
	assert_int_equal(number(s, "SELECT sequence FROM bundle_listing"), 2);
	assert_int_equal(number(s, "SELECT object_id FROM fragment"), 3);
	assert_int_equal(number(s, "SELECT count(*) FROM ledger"), 2);
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(removed(&r), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM ledger"), 2);
}

/* Two-way without a confirmation, one-way, and received: which lists stay. */
static void listings_stay_while_a_delta_may_need_them(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct gc_options options = { .now = 2000000000 };
	struct error err = ERROR_INIT;
	struct gc_result r;

	fill(s);
	repository_sql(s, "DELETE FROM site");
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM bundle_listing"), 2);
	repository_sql(s, "UPDATE channel SET one_way=1, overlap=1, sequence=2");
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM bundle_listing"), 2);
	repository_sql(s, "UPDATE channel SET direction=1, sequence=16");
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM bundle_listing"), 2);
	repository_sql(s, "UPDATE channel SET sequence=17");
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(number(s, "SELECT sequence FROM bundle_listing"), 2);
	repository_sql(s, "UPDATE channel SET epoch=2, sequence=1");
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_no_error(err);
	assert_int_equal(number(s, "SELECT count(*) FROM bundle_listing"), 0);
}

static void the_time_to_keep_begins_when_it_is_found(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct gc_options options = { .now = 2000000000, .keep_seconds = 100 };
	struct error err = ERROR_INIT;
	struct gc_result r;

	fill(s);
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(removed(&r), 0);
	assert_int_equal(r.kept, 3);
	/* Needed again, it starts anew. */
	repository_sql(s, "INSERT INTO source_object VALUES(1, 6)");
	options.now += 99;
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(removed(&r), 0);
	assert_int_equal(number(s, "SELECT unneeded FROM object WHERE id=6"), 0);
	repository_sql(s, "DELETE FROM source_object WHERE object_id=6");
	options.now += 1;
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(removed(&r), 2);
	assert_int_equal(r.kept, 1);
	options.now += 100;
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(removed(&r), 1);
	assert_no_error(err);
}

/* keep() of a caller: ctx is 0 (cannot know) or the number of an object. */
static int keep_one(void *ctx, struct gc_keeping *k, struct error *err)
{
	const int *which = ctx;
	unsigned char sha256[DIGEST_SHA256];
	char bytes[20];

	if (*which == 0)
		return 0;
	snprintf(bytes, sizeof bytes, "bytes%d", *which);
	digest_sha256(bytes, strlen(bytes), sha256);
	return gc_keep(k, sha256, err) < 0 ? -1 : 1;
}

static void what_the_caller_needs_stays(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	int which = 0;
	struct gc_options options = { .now = 2000000000, .keep = keep_one, .keep_ctx = &which };
	struct error err = ERROR_INIT;
	struct gc_result r;

	fill(s);
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_true(r.pending);
	assert_int_equal(number(s, "SELECT count(*) FROM object"), 7);
	which = 6;
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_no_error(err);
	assert_false(r.pending);
	assert_int_equal(removed(&r), 2);
	assert_int_equal(number(s, "SELECT sum(id) FROM object"), 1 + 2 + 3 + 5 + 6);
	which = 1;
	assert_int_equal(gc_run(s, &options, &r, &err), 0);
	assert_int_equal(removed(&r), 1);
	assert_int_equal(number(s, "SELECT sum(id) FROM object"), 1 + 2 + 3 + 5);
}

/* Payload is forgotten, with everything that names it; a part of a source is remembered as lost. */
static void what_is_lost_is_not_relied_on(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	CLEANUP(scrub_clear) struct scrub_result r = { 0 };
	struct scrub_options options = { .threads = 2, .now = 2000000000, .before = 2000000001 };
	struct error err = ERROR_INIT;
	struct stored_object o;

	fill(s);
	for (int i = 1; i <= 6; i += i == 1 ? 3 : 1) {
		unsigned char sha256[DIGEST_SHA256];
		char bytes[20];

		snprintf(bytes, sizeof bytes, "bytes%d", i);
		digest_sha256(bytes, 6, sha256);
		content_forget(s, sha256);
	}
	assert_int_equal(scrub_run(s, &options, &r, &err), 0);
	assert_int_equal(r.objects, 7);
	assert_int_equal(r.count, 4);
	assert_int_equal(r.damages[0].what.id, ERROR_SCRUB_ABSENT);
	assert_int_equal(scrub_settle(s, &r, options.now, &err), 0);
	assert_no_error(err);
	assert_int_equal(number(s, "SELECT checked FROM object WHERE id=1"), -1);
	assert_int_equal(number(s, "SELECT count(*) FROM object"), 4);
	assert_int_equal(number(s, "SELECT count(*) FROM bundle_listing"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM held"), 1);
	repository_put(s, "bytes1", 6, &o);
	assert_int_equal(o.id, 1);
	assert_int_equal(number(s, "SELECT checked FROM object WHERE id=1"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(what_nothing_needs_goes),
		TEST(listings_stay_while_a_delta_may_need_them),
		TEST(the_time_to_keep_begins_when_it_is_found),
		TEST(what_the_caller_needs_stays),
		TEST(what_is_lost_is_not_relied_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
