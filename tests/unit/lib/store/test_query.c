#include "lib/store/query.h"

#include "lib/base/limits.h"

#include "tests/unit/repository.h"

struct fixture {
	struct repository repository;
	struct store *store;
	struct query *query;
};

static int setup(void **state)
{
	static struct fixture f;

	repository_create(&f.repository);
	struct store *w = repository_open(&f.repository, true);
	repository_sql(w, repository_rows);
	store_close(w);
	f.store = repository_open(&f.repository, false);
	f.query = query_open(f.store);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	query_close(f->query);
	store_close(f->store);
	repository_remove(&f->repository);
	return 0;
}

/* The source revisions of the updates wanted: "101 201". */
static void updates(struct query *q, struct query_updates it, const char *want)
{
	struct error err = ERROR_INIT;
	struct query_update u;
	char got[128] = "";
	size_t len = 0;
	int more;

	while ((more = query_updates_next(q, &it, &u, &err)) == 1)
		len += (size_t)snprintf(got + len, sizeof got - len, "%s%lld", len > 0 ? " " : "",
					(long long)u.id.source_revision);
	assert_no_error(err);
	assert_int_equal(more, 0);
	assert_true(it.done);
	assert_string_equal(got, want);
}

static void updates_are_filtered(void **state)
{
	struct query *q = ((struct fixture *)*state)->query;
	static const unsigned char two[16] = { 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22,
					       0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22 };
	static const unsigned char none[16] = { 0x33 };
	const int any = QUERY_ANY;

	updates(q, (struct query_updates){ .verdict = any }, "101 201 102 103");
	updates(q, (struct query_updates){ .verdict = CATALOG_OK }, "101 201 103");
	updates(q, (struct query_updates){ .verdict = CATALOG_QUARANTINED }, "102");
	updates(q, (struct query_updates){ .verdict = any, .kb = "954474" }, "101 201");
	updates(q, (struct query_updates){ .verdict = any, .kb = "kb954474" }, "101 201");
	updates(q, (struct query_updates){ .verdict = any, .kb = "95447" }, "");
	updates(q, (struct query_updates){ .verdict = any, .title = "TWO" }, "102");
	updates(q, (struct query_updates){ .verdict = any, .title = "%" }, "");
	updates(q, (struct query_updates){ .verdict = any, .source_revision = 201 }, "201");
	updates(q, (struct query_updates){ .verdict = any, .update_id = two }, "102 103");
	updates(q, (struct query_updates){ .verdict = any, .update_id = none }, "");
	updates(q, (struct query_updates){ .verdict = CATALOG_OK, .update_id = two }, "103");
	updates(q, (struct query_updates){ .verdict = any, .at = { 1, 1, 101 } }, "201 102 103");
	updates(q, (struct query_updates){ .verdict = any, .at = { 1, 2, 201 } }, "102 103");
	updates(q, (struct query_updates){ .verdict = any, .at = { 2, 1, 102 }, .update_id = two },
		"103");
	updates(q, (struct query_updates){ .verdict = any, .at = { 3, 1, 103 } }, "");
}

static void an_update_has_all_its_columns(void **state)
{
	struct query *q = ((struct fixture *)*state)->query;
	struct query_updates it = { .verdict = QUERY_ANY };
	struct error err = ERROR_INIT;
	struct query_update u;

	assert_int_equal(query_updates_next(q, &it, &u, &err), 1);
	assert_int_equal(u.id.revision_id, 1);
	assert_int_equal(u.update_id[15], 0x11);
	assert_int_equal(u.revision_number, 200);
	assert_string_equal(u.type, "Software");
	assert_string_equal(u.title, "Security Update \"One\"");
	assert_string_equal(u.bulletin, "MS08-036");
	assert_int_equal(u.created, 1213117200);
	assert_true(u.is_leaf && !u.is_bundle && u.is_software);
	assert_int_equal(u.action, CATALOG_ACTION_ABSENT);
	query_updates_end(q, &it);

	it = (struct query_updates){ .verdict = CATALOG_QUARANTINED };
	assert_int_equal(query_updates_next(q, &it, &u, &err), 1);
	assert_int_equal(u.action, CATALOG_ACTION_UNKNOWN);
	assert_string_equal(u.action_text, "Explode");
	assert_string_equal(u.kb, "");
	assert_int_equal(u.cause, 102);
	query_updates_end(q, &it);
	assert_no_error(err);
}

static void files_run_inside_updates(void **state)
{
	struct query *q = ((struct fixture *)*state)->query;
	struct query_updates it = { .verdict = QUERY_ANY };
	struct error err = ERROR_INIT;
	struct query_update u;
	struct query_file f;
	unsigned files = 0, present = 0, licences = 0;

	while (query_updates_next(q, &it, &u, &err) == 1) {
		assert_int_equal(query_files_begin(q, &u.id, &err), 0);
		while (query_files_next(q, &f, &err) == 1) {
			files++;
			present += f.present;
			licences += f.kind == QUERY_FILE_LICENCE;
			assert_int_equal(f.has_size, f.present);
		}
	}
	assert_no_error(err);
	assert_int_equal(files, 3);
	assert_int_equal(present, 1);
	assert_int_equal(licences, 1);
}

static void findings(struct query *q, struct query_findings it, const char *want)
{
	struct error err = ERROR_INIT;
	struct query_finding f;
	char got[64] = "";
	size_t len = 0;
	int more;

	while ((more = query_findings_next(q, &it, &f, &err)) == 1)
		len += (size_t)snprintf(got + len, sizeof got - len, "%s%lld:%lld",
					len > 0 ? " " : "", (long long)f.id,
					(long long)f.revision_id);
	assert_no_error(err);
	assert_int_equal(more, 0);
	assert_string_equal(got, want);
}

static void findings_are_filtered(void **state)
{
	struct query *q = ((struct fixture *)*state)->query;
	const int any = QUERY_ANY;

	findings(q, (struct query_findings){ .severity = any }, "1:2 2:1 3:0");
	findings(q, (struct query_findings){ .severity = CATALOG_ERROR }, "1:2");
	findings(q, (struct query_findings){ .severity = any, .at = 1 }, "2:1 3:0");
	findings(q, (struct query_findings){ .severity = any, .revision_id = 1 }, "2:1");
	findings(q, (struct query_findings){ .severity = any, .source_revision = 102 }, "1:2");
	findings(q, (struct query_findings){ .severity = any, .at = 3 }, "");
}

static void objects_are_found_by_sha1(void **state)
{
	struct query *q = ((struct fixture *)*state)->query;
	struct error err = ERROR_INIT;
	struct stored_object o;
	unsigned char sha1[20];

	memset(sha1, 0xa0, sizeof sha1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(query_find_sha1(q, sha1, &o, &err), 1);
		assert_int_equal(o.id, 99);
		assert_int_equal(o.size, 7);
		assert_int_equal(o.sha256[31], 0xaa);
	}
	sha1[0] = 0;
	assert_int_equal(query_find_sha1(q, sha1, &o, &err), 0);
	assert_no_error(err);
}

static void totals_follow_commits(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct query_counts c;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(query_counts(f->query, &c, &err), 0);
		assert_int_equal(c.updates, 4);
		assert_int_equal(c.quarantined, 1);
		assert_int_equal(c.findings[CATALOG_ERROR], 1);
		assert_int_equal(c.findings[CATALOG_NOTE], 1);
		assert_int_equal(c.objects.count, 1);
		assert_int_equal(c.objects.bytes, 7);
		assert_int_equal(c.last_import, 1700000000);
	}
	CLEANUP(store_close) struct store *w = repository_open(&f->repository, true);
	repository_sql(w, "DELETE FROM finding WHERE id=3");
	assert_int_equal(query_counts(f->query, &c, &err), 0);
	assert_int_equal(c.findings[CATALOG_NOTE], 0);
	repository_sql(
		w, "INSERT INTO finding SELECT 3, source_id, rule, 2, 0, NULL, NULL, file, 0, NULL,"
		   " message, next_step, 0, 0 FROM finding WHERE id=2");
	assert_no_error(err);
}

static void a_snapshot_does_not_move(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct query_counts c;
	CLEANUP(store_close) struct store *w = repository_open(&f->repository, true);

	CLEANUP(query_scope_end) struct query_scope scope = { NULL };
	assert_int_equal(query_begin(f->query, &scope, &err), 0);
	assert_int_equal(query_counts(f->query, &c, &err), 0);
	repository_sql(w, "UPDATE update_info SET verdict=0");
	assert_int_equal(query_counts(f->query, &c, &err), 0);
	assert_int_equal(c.quarantined, 1);
	updates(f->query, (struct query_updates){ .verdict = CATALOG_QUARANTINED }, "102");
	query_scope_end(&scope);
	assert_int_equal(query_counts(f->query, &c, &err), 0);
	assert_int_equal(c.quarantined, 0);
	repository_sql(w, "UPDATE update_info SET verdict=1 WHERE source_revision=102");
	assert_no_error(err);
}

static void one_page_looks_at_a_limited_number_of_rows(void **state)
{
	struct query *q = ((struct fixture *)*state)->query;
	struct query_updates it = { .verdict = QUERY_ANY,
				    .title = "two",
				    .scanned = LIMIT_QUERY_SCAN - 2 };
	struct error err = ERROR_INIT;
	struct query_update u;

	assert_int_equal(query_updates_next(q, &it, &u, &err), 0);
	assert_false(it.done);
	assert_int_equal(it.at.source_revision, 201);
	it.scanned = 0;
	assert_int_equal(query_updates_next(q, &it, &u, &err), 1);
	assert_int_equal(u.id.source_revision, 102);
	query_updates_end(q, &it);
	assert_no_error(err);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates_are_filtered),
		cmocka_unit_test(an_update_has_all_its_columns),
		cmocka_unit_test(files_run_inside_updates),
		cmocka_unit_test(findings_are_filtered),
		cmocka_unit_test(objects_are_found_by_sha1),
		cmocka_unit_test(totals_follow_commits),
		cmocka_unit_test(a_snapshot_does_not_move),
		cmocka_unit_test(one_page_looks_at_a_limited_number_of_rows),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
