/* What the generator promises about its catalogs and the consequences of each fault. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/tools/faults.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

static void build(struct model *m)
{
	model_build(m, &(struct model_options){ .seed = 11,
						.updates = 500,
						.created = 1784048400,
						.core_bytes = 2048,
						.payloads = 50,
						.payload_min = 10,
						.payload_max = 1000 });
}

static void a_clean_model_is_consistent(void **state)
{
	CLEANUP(model_clear) struct model m;
	bool out[500];

	(void)state;
	build(&m);
	assert_int_equal(m.count, 500);
	for (size_t i = 1; i < m.count; i++)
		assert_true(m.updates[m.order[i - 1]].revision < m.updates[m.order[i]].revision);
	for (size_t i = 0; i < m.count; i++) {
		const struct model_update *u = &m.updates[i];

		/* Prerequisites point backwards, so there is no cycle. */
		for (uint32_t g = 0; g < u->groups; g++)
			for (uint32_t k = 0; k < m.groups[u->groups_at + g].members; k++)
				assert_true(m.members[m.groups[u->groups_at + g].members_at + k] <
					    i);
		if (u->kind == MODEL_LEAF) {
			assert_true(u->files_at + u->files <= m.file_count && u->files > 0);
			assert_int_equal(m.updates[u->bundle].kind, MODEL_BUNDLE);
		}
	}
	faults_quarantine(&(struct faults){ .count = 0 }, &m, out);
	for (size_t i = 0; i < m.count; i++)
		assert_false(out[i]);
}

/* The updates that fall with the victim: its whole bundle, only itself, or nobody. */
static void consequences(void **state)
{
	enum reach { NOBODY, ITSELF, BOTH, FAMILY };
	static const struct {
		const char *fault;
		enum reach reach;
	} rows[] = {
		{ "unknown-action", FAMILY },
		{ "empty-action:3", FAMILY },
		{ "wrong-case-action", FAMILY },
		{ "malformed-core:9", FAMILY },
		{ "bundle-with-payload:2", FAMILY },
		{ "bundle-without-bundledby", ITSELF },
		{ "duplicate-revision", ITSELF },
		{ "prerequisite-cycle", BOTH },
		{ "dangling-prerequisite", NOBODY },
		{ "master-core-mismatch", NOBODY },
		{ "bad-digest", NOBODY },
		{ "missing-payload:4", NOBODY },
		{ "xml-dtd", NOBODY },
		{ "cab-count", NOBODY },
	};

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++) {
		CLEANUP(model_clear) struct model m;
		struct faults f = { .count = 0 };
		struct error err = ERROR_INIT;
		bool out[500];
		size_t count = 0, want = rows[r].reach;

		build(&m);
		assert_int_equal(faults_parse(&f, rows[r].fault, &err), 0);
		assert_int_equal(faults_apply(&f, &m, &err), 0);
		faults_quarantine(&f, &m, out);
		for (size_t i = 0; i < m.count; i++)
			count += out[i];
		if (want == FAMILY) {
			const struct model_update *u = &m.updates[f.items[0].victim];
			const struct model_update *b =
				u->kind == MODEL_LEAF ? &m.updates[u->bundle] : u;

			want = 1 + b->children;
			assert_true(out[b - m.updates] && out[b->children_at]);
		}
		assert_int_equal(count, want);
	}
}

/* Removing what everybody needs takes everything that needs it, in every revision only. */
static void a_lost_category_takes_its_users(void **state)
{
	CLEANUP(model_clear) struct model m;
	struct faults f = { .count = 0 };
	struct error err = ERROR_INIT;
	bool out[500];

	(void)state;
	build(&m);
	assert_int_equal(faults_parse(&f, "evaluate-with-payload", &err), 0);
	assert_int_equal(faults_apply(&f, &m, &err), 0);
	f.items[0].victim = 0; /* the company: all families need it */
	faults_quarantine(&f, &m, out);
	for (size_t i = m.evaluates; i < m.count; i++)
		if (m.updates[i].kind == MODEL_BUNDLE)
			assert_true(out[i]);

	/* One of two revisions: their users keep the other. */
	size_t first = m.categories + 3;

	assert_int_equal(m.updates[first].twin, first + 1);
	f.items[0].victim = (uint32_t)first;
	faults_quarantine(&f, &m, out);
	for (size_t i = 0; i < m.count; i++)
		assert_int_equal(out[i], i == first);
}

static void bad_words_are_refused(void **state)
{
	static const char *const rows[] = { "",
					    "unknown",
					    "unknown-action:0",
					    "unknown-action:x",
					    "unknown-action:",
					    "unknown-actions" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct faults f = { .count = 0 };
		struct error err = ERROR_INIT;

		assert_int_equal(faults_parse(&f, rows[i], &err), -1);
		assert_error(err, ERROR_USAGE, "--fault");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_model_is_consistent),
		cmocka_unit_test(consequences),
		cmocka_unit_test(a_lost_category_takes_its_users),
		cmocka_unit_test(bad_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
