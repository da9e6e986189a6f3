#include "lib/base/buf.h"
#include "lib/store/channel.h"
#include "lib/store/evidence.h"
#include "lib/store/receipts.h"
#include "tests/unit/repository.h"

#include <string.h>

static int set_up(void **state)
{
	struct repository *r = buf_calloc(1, sizeof *r);

	repository_create(r);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	repository_remove(*state);
	free(*state);
	return 0;
}

static struct receipts_row row_of(const char *site, uint64_t counter, int digest, bool refused)
{
	struct receipts_row row = { .counter = counter, .recorded = 5, .refused = refused };

	snprintf(row.site, sizeof row.site, "%s", site);
	memset(row.digest, digest, sizeof row.digest);
	return row;
}

static void the_newest_one_counts(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct receipts_row rows[] = { row_of("a", 1, 1, false), row_of("a", 3, 3, false),
				       row_of("a", 3, 9, true), row_of("a", 4, 4, true),
				       row_of("b", 7, 7, false) },
			    out;
	struct error err = ERROR_INIT;

	assert_int_equal(receipts_newest(s, 1, "a", &out, &err), 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(receipts_add(s, 1, &rows[i], "text", 4, &err), 0);
	assert_int_equal(receipts_newest(s, 1, "a", &out, &err), 1);
	assert_int_equal(out.counter, 3);
	assert_int_equal(out.digest[0], 3);
	assert_int_equal(receipts_newest(s, 2, "a", &out, &err), 0);
	assert_int_equal(receipts_find(s, 1, rows[3].digest, &out, &err), 1);
	assert_true(out.refused);
	assert_string_equal(out.site, "a");
	assert_int_equal(receipts_find(s, 2, rows[3].digest, &out, &err), 0);
	rows[3].refused = false;
	assert_int_equal(receipts_add(s, 1, &rows[3], "text", 4, &err), 0);
	assert_int_equal(receipts_newest(s, 1, "a", &out, &err), 1);
	assert_int_equal(out.counter, 4);
}

static int count_files(void *ctx, const struct evidence_file *f, struct error *err)
{
	size_t *count = ctx;

	(void)err;
	assert_int_equal(f->len, 3);
	assert_memory_equal(f->bytes, *count == 0 ? "one" : "new", 3);
	assert_string_equal(f->name, *count == 0 ? "a.p7s" : "origin/1.MANIFEST");
	(*count)++;
	return 0;
}

static int stop(void *ctx, const struct evidence_file *f, struct error *err)
{
	(void)ctx;
	(void)f;
	(void)err;
	return 7;
}

static void evidence_is_kept(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	const struct evidence_bundle b = { 1, 1, INT64_MAX }, other = { 1, 2, INT64_MAX };
	struct channel_bundle bundle = {
		.epoch = 1, .sequence = INT64_MAX, .manifest = "manifest", .manifest_len = 8
	};
	CLEANUP(free) unsigned char *bytes = NULL;
	struct error err = ERROR_INIT;
	size_t count = 0, len;

	assert_int_equal(evidence_manifest(s, &b, &bytes, &len, &err), 0);
	assert_int_equal(channel_record_bundle(s, 1, &bundle, &err), 0);
	assert_int_equal(evidence_manifest(s, &b, &bytes, &len, &err), 1);
	assert_int_equal(len, 8);
	assert_memory_equal(bytes, "manifest", 8);
	assert_int_equal(evidence_add_file(s, &b, "origin/1.MANIFEST", "two", 3, &err), 0);
	assert_int_equal(evidence_add_file(s, &b, "origin/1.MANIFEST", "new", 3, &err), 0);
	assert_int_equal(evidence_add_file(s, &b, "a.p7s", "one", 3, &err), 0);
	assert_int_equal(evidence_each_file(s, &b, count_files, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(evidence_each_file(s, &other, count_files, &count, &err), 0);
	assert_int_equal(evidence_each_file(s, &b, stop, NULL, &err), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_newest_one_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(evidence_is_kept, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
