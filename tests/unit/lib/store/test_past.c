#include "lib/store/past.h"

#include "lib/catalog/catalog.h"
#include "lib/store/db.h"
#include "lib/store/gather.h"
#include "tests/unit/repository.h"

#include <string.h>

enum { UPDATES = 300000 };

/* Twice as many updates as in 2026: 22 MB in one value of the database. */
static void what_is_remembered_of_a_large_catalog_fits(void **state)
{
	const struct listing_source source = { .kind = "wsusscn2", .series = "s", .created = -1 };
	CLEANUP(gather_free) struct gather *g = gather_new(&source);
	struct catalog_update u = { .creation_text = "",
				    .default_language = "",
				    .action_text = "",
				    .has_update_id = true };
	struct error err = ERROR_INIT;
	struct repository repository;

	(void)state;
	for (uint32_t i = 1; i <= UPDATES; i++) {
		u.revision_id = i;
		memcpy(u.update_id.bytes, &i, sizeof i);
		assert_int_equal(catalog_add_update(g->catalog, &u, i, &err), 0);
	}
	assert_int_equal(catalog_finish(g->catalog, &err), 0);
	repository_create(&repository);
	struct store *s = repository_open(&repository, true);
	assert_int_equal(db_begin(store_db(s), &err), 0);
	assert_int_equal(past_store(s, g, &err), 0);
	assert_int_equal(db_commit(store_db(s), &err), 0);
	assert_int_equal(past_compare(s, g, &err), 0);
	assert_no_error(err);
	store_close(s);
	repository_remove(&repository);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_remembered_of_a_large_catalog_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
