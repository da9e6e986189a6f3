/* Genuine signed catalogs: nothing may be quarantined.  Skipped where the data is absent. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static const char *data_dir(void)
{
	const char *given = getenv("GAPFERRY_SHARED");

	return given && *given ? given : "../shared";
}

/* The bytes of data/wsusscn2/<path>, or NULL when absent. */
static unsigned char *load(const char *path, size_t *len)
{
	char whole[512];
	struct error err = ERROR_INIT;
	unsigned char *bytes = NULL;

	snprintf(whole, sizeof whole, "%s/data/wsusscn2/%s", data_dir(), path);
	int found = file_load(AT_FDCWD, whole, 64u << 20, &bytes, len, &err);
	assert_true(found >= 0);
	return found == 1 ? bytes : NULL;
}

static void fill(struct catalog *c, const void *bytes, size_t len)
{
	struct error err = ERROR_INIT;
	CLEANUP(catalog_master_free)
	struct catalog_master *m = catalog_master_new(&catalog_fill, c);

	assert_int_equal(catalog_master_feed(m, bytes, len, &err), 0);
	assert_int_equal(catalog_master_finish(m, &err), 0);
	assert_no_error(err);
}

static void judge(struct catalog *c, struct catalog_summary *s)
{
	struct error err = ERROR_INIT;

	assert_int_equal(catalog_finish(c, &err), 0);
	catalog_validate(c);
	catalog_quarantine(c);
	catalog_summarize(c, s);
	for (size_t i = 0; i < catalog_finding_count(c); i++)
		if (catalog_finding_at(c, i)->severity == CATALOG_ERROR)
			fail_msg("%s in %s: %s", catalog_rule_id(catalog_finding_at(c, i)->rule),
				 catalog_finding_at(c, i)->file, catalog_finding_at(c, i)->message);
}

static void add_fragment(struct catalog *c, enum catalog_stream stream, const char *language,
			 const char *dir, uint32_t revision)
{
	char path[256];
	size_t len;
	struct error err = ERROR_INIT;

	snprintf(path, sizeof path, "%s/%06u", dir, revision);
	unsigned char *bytes = load(path, &len);
	if (!bytes) {
		snprintf(path, sizeof path, "%s/%u", dir, revision);
		bytes = load(path, &len);
	}
	if (!bytes)
		return;
	assert_int_equal(catalog_add_fragment(c, stream, language, revision, bytes, len, &err), 0);
	free(bytes);
}

static void old_layout_has_no_error(void **state)
{
	size_t len;
	unsigned char *bytes = load("wsusscan-kb2999226-2015/package.xml", &len);
	struct catalog_summary s;

	(void)state;
	if (!bytes)
		skip();
	CLEANUP(catalog_free) struct catalog *c = catalog_new();
	fill(c, bytes, len);
	free(bytes);
	judge(c, &s);
	assert_int_equal(s.updates, 765);
	assert_int_equal(s.processed, 765);
	assert_int_equal(s.locations, 1);
	assert_int_equal(s.warnings, 0);
	assert_int_equal(s.notes, 0);
	assert_string_equal(catalog_package(c)->package_version, "1.0");
	const struct catalog_revision *r = catalog_by_revision(c, 2858);
	assert_non_null(r);
	assert_int_equal(r->action, CATALOG_ACTION_BUNDLE);
	assert_int_equal(r->payload_count, 1);
	assert_int_equal(r->bundled_by[0], 2859);
}

static void fixture_has_no_error(void **state)
{
	static const uint32_t revisions[] = { 1, 2, 123456, 234567, 345678, 456789 };
	const char *const base = "vuls-fixture-2026/extracted/";
	size_t len;
	unsigned char *bytes = load("vuls-fixture-2026/extracted/package/package.xml", &len);
	struct catalog_summary s;
	char dir[256];

	(void)state;
	if (!bytes)
		skip();
	CLEANUP(catalog_free) struct catalog *c = catalog_new();
	for (unsigned shard = 2; shard <= 3; shard++)
		for (size_t i = 0; i < COUNT(revisions); i++) {
			snprintf(dir, sizeof dir, "%spackage%u/c", base, shard);
			add_fragment(c, CATALOG_STREAM_CORE, "", dir, revisions[i]);
			snprintf(dir, sizeof dir, "%spackage%u/x", base, shard);
			add_fragment(c, CATALOG_STREAM_EXTENDED, "", dir, revisions[i]);
			snprintf(dir, sizeof dir, "%spackage%u/l/en", base, shard);
			add_fragment(c, CATALOG_STREAM_LOCALIZED, "en", dir, revisions[i]);
		}
	fill(c, bytes, len);
	free(bytes);
	judge(c, &s);
	assert_int_equal(s.updates, 4);
	assert_int_equal(s.processed, 4);
	assert_int_equal(s.orphans, 2);
	assert_string_equal(catalog_by_revision(c, 123456)->kb, "654321");
	assert_string_equal(catalog_by_revision(c, 123456)->title,
			    "Security Update for Windows Server 2012 R2 (KB3019978)");
	assert_false(catalog_by_revision(c, 456789)->has_core);
}

static void slice_of_2026_parses(void **state)
{
	CLEANUP(catalog_fragment_free) struct catalog_fragment_parser *p = catalog_fragment_new();
	static const struct {
		enum catalog_stream stream;
		const char *path;
	} rows[] = {
		{ CATALOG_STREAM_CORE, "hexmystic-slice-2026-07/c/1" },
		{ CATALOG_STREAM_CORE, "hexmystic-slice-2026-07/c/3" },
		{ CATALOG_STREAM_EXTENDED, "hexmystic-slice-2026-07/x/1" },
		{ CATALOG_STREAM_LOCALIZED, "hexmystic-slice-2026-07/l/en/1" },
		{ CATALOG_STREAM_EXTENDED, "nixxo-wsusscn2-2014/x/188982" },
		{ CATALOG_STREAM_EXTENDED, "nixxo-wsusscn2-2014/x/259099" },
		{ CATALOG_STREAM_EXTENDED, "nixxo-wsusscn2-2014/x/5779272" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct catalog_fragment f;
		size_t len;
		unsigned char *bytes = load(rows[i].path, &len);

		if (!bytes) {
			/* skip() jumps past the clean-up. */
			catalog_fragment_free(STEAL(p));
			skip();
		}
		assert_int_equal(catalog_fragment_parse(p, rows[i].stream, rows[i].path, bytes, len,
							&f, &err),
				 0);
		free(bytes);
		for (size_t k = 0; k < f.problems.count; k++)
			fail_msg("%s: %s %s", rows[i].path,
				 catalog_rule_id(f.problems.items[k].rule),
				 f.problems.items[k].detail);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_layout_has_no_error),
		cmocka_unit_test(fixture_has_no_error),
		cmocka_unit_test(slice_of_2026_parses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
