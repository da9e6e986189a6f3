#include "lib/store/selection.h"

#include "lib/catalog/catalog.h"
#include "lib/store/gather.h"
#include "lib/store/rows.h"

#include "tests/unit/repository.h"

#define G "00000000-0000-0000-0000-0000000000"
#define EXPRESS "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define WHOLE "BBBBBBBBBBBBBBBBBBBBBBBBBBA="

static const char *const updates[] = {
	"<OfflineSyncPackage PackageVersion=\"1.1\">",
	"<Update UpdateId=\"" G "10\" RevisionNumber=\"1\" RevisionId=\"10\" IsBundle=\"true\"/>",
	"<Update UpdateId=\"" G "11\" RevisionNumber=\"1\" RevisionId=\"11\""
	" DeploymentAction=\"Bundle\" IsLeaf=\"true\"><PayloadFiles><File Id=\"" EXPRESS
	"\"/><File Id=\"" WHOLE "\"/></PayloadFiles><BundledBy><Revision Id=\"10\"/></BundledBy>"
	"</Update>",
};

static const char extended[] = "<Files><File Digest=\"" EXPRESS "\" FileName=\"a.cab\""
			       " PatchingType=\"Express\"/><File Digest=\"" WHOLE "\""
			       " FileName=\"b.psf\" PatchingType=\"SelfContained\"/></Files>";

static int setup(void **state)
{
	static struct repository r;
	const struct listing_source source = {
		.kind = "wsusscn2", .series = "a", .created = 7, .name = "w.cab"
	};
	const struct listing_entry x = { .stream = 'x', .revision = 11 };
	struct error err = ERROR_INIT;
	CLEANUP(gather_free) struct gather *g = gather_new(&source);

	repository_create(&r);
	CLEANUP(store_close) struct store *s = repository_open(&r, true);
	for (size_t i = 0; i < COUNT(updates); i++) {
		CLEANUP(catalog_master_free)
		struct catalog_master *m = catalog_master_new(&catalog_fill, g->catalog);

		assert_int_equal(
			catalog_master_element(m, "t", updates[i], strlen(updates[i]), &err), 0);
	}
	assert_int_equal(gather_feed(g, &x, extended, sizeof extended - 1, &err), 0);
	assert_int_equal(gather_finish(g, &err), 0);
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };
	assert_int_equal(db_begin(scope.db, &err), 0);
	assert_int_equal(rows_replace(s, g, true, &err), 0);
	assert_int_equal(db_commit(scope.db, &err), 0);
	assert_no_error(err);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	repository_remove(*state);
	return 0;
}

static struct rules rules_of(const char *line)
{
	struct rules r = { .count = 0 };
	struct error err = ERROR_INIT;
	char text[200];

	snprintf(text, sizeof text, "[selection]\n%s\n", line);
	assert_int_equal(rules_read_conf(&r, "x", (unsigned char *)text, strlen(text), &err), 0);
	return r;
}

static int count(void *ctx, const struct rows_file *f, struct error *err)
{
	unsigned *files = ctx;

	(void)f;
	(void)err;
	(*files)++;
	return 0;
}

static unsigned taken(struct store *s, const struct rules *r)
{
	CLEANUP(selection_clear) struct selection chosen = { .has = false };
	const struct rows_filter filter = { selection_wants, &chosen };
	struct error err = ERROR_INIT;
	unsigned files = 0;

	assert_int_equal(selection_decide(s, 1, r, &chosen, &err), 0);
	assert_int_equal(chosen.has, r ? r->count > 0 : chosen.rules.count > 0);
	assert_int_equal(rows_each_file(s, &filter, count, &files, &err), 0);
	assert_no_error(err);
	return files;
}

static void files_are_wanted(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, false);
	struct rules none = { .count = 0 }, express = rules_of("express = no"),
		     absent = rules_of("kb = 1"),
		     part = rules_of("update-id = 00000000-0000-0000-0000-000000000011");

	assert_int_equal(taken(s, &none), 2);
	assert_int_equal(taken(s, &express), 1);
	assert_int_equal(taken(s, &absent), 0);
	assert_int_equal(taken(s, &part), 2);
}

static int on_named(void *ctx, const struct rows_named_file *f, struct error *err)
{
	unsigned *seen = ctx;

	(void)err;
	assert_int_equal(f->mention.source_revision, 11);
	assert_int_equal(f->object, 0);
	assert_int_equal(f->mention.is_express, strcmp(f->name, "a.cab") == 0);
	*seen += f->mention.is_express ? 1 : 10;
	return 0;
}

static void express_files_are_known(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, false);
	struct error err = ERROR_INIT;
	unsigned seen = 0;

	assert_int_equal(rows_each_named(s, on_named, &seen, &err), 0);
	assert_int_equal(seen, 11);
}

static void a_channel_remembers(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct rules express = rules_of("express = no"), back = { .count = 7 };
	struct error err = ERROR_INIT;

	assert_int_equal(selection_load(s, 1, &back, &err), 0);
	assert_int_equal(selection_save(s, 1, &express, &err), 0);
	assert_int_equal(selection_load(s, 2, &back, &err), 0);
	assert_int_equal(selection_load(s, 1, &back, &err), 1);
	assert_int_equal(back.count, 1);
	assert_int_equal(taken(s, NULL), 1);
	assert_int_equal(selection_save(s, 1, NULL, &err), 0);
	assert_int_equal(taken(s, NULL), 2);
	assert_int_equal(selection_save(s, 1, &(struct rules){ .count = 0 }, &err), 0);
	assert_int_equal(selection_load(s, 1, &back, &err), 0);
	repository_sql(s, "INSERT INTO channel_selection VALUES(1, x'00')");
	assert_int_equal(selection_load(s, 1, &back, &err), -1);
	assert_error(err, ERROR_SELECTION_FORMAT, "catalog.db");
}

/* What no revision names, and what a withdrawn source leaves behind. */
static int on_unnamed(void *ctx, const struct stored_object *o, struct error *err)
{
	unsigned *seen = ctx;

	(void)err;
	assert_int_equal(o->size, 5);
	(*seen)++;
	return 0;
}

static void strangers_are_known(void **state)
{
	CLEANUP(store_close) struct store *s = repository_open(*state, true);
	struct error err = ERROR_INIT;
	struct stored_object o;
	unsigned seen = 0;

	repository_put(s, "other", 5, &o);
	assert_int_equal(rows_each_unnamed(s, on_unnamed, &seen, &err), 0);
	assert_int_equal(seen, 1);
	assert_int_equal(rows_withdraw(s, "wsusscn2", "a", &err), 1);
	seen = 0;
	assert_int_equal(rows_each_named(s, on_named, &seen, &err), 0);
	assert_int_equal(seen, 0);
	repository_sql(s, "SELECT CASE (SELECT count(*) FROM file) WHEN 0 THEN 0 ELSE"
			  " abs(-9223372036854775807-1) END");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(files_are_wanted),
		TEST(express_files_are_known),
		TEST(a_channel_remembers),
		TEST(strangers_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
