#include "lib/wusp/sync.h"

#include "lib/base/limits.h"
#include "tests/unit/lib/wusp/world.h"

/*
 * 1 detectoid, 2 category below it, 3 a detectoid that is not met, 10 and 11 software of category
 * 2, 12 of detectoid 3, 20 a bundle of 21 and 25 with a child id before and behind others.
 */
static const struct world_update updates[] = {
	{ .id = 1, .type = WUSP_DETECTOID },
	{ .id = 2, .type = WUSP_CATEGORY, .needs = "1" },
	{ .id = 3, .type = WUSP_DETECTOID },
	{ .id = 10, .needs = "1 2", .categories = "2" },
	{ .id = 11, .needs = "2|3" },
	{ .id = 12, .needs = "3" },
	{ .id = 20, .needs = "2", .contains = "21 25" },
	{ .id = 21, .needs = "1", .files = true },
	{ .id = 22, .needs = "1" },
	{ .id = 25, .files = true },
	{ .id = 30 }, /* not approved */
};

static struct wusp_deployments *deployed(const struct wusp_graph *g)
{
	const struct wusp_approval a[] = {
		world_approve(10, WUSP_INSTALL), world_approve(11, WUSP_INSTALL),
		world_approve(12, WUSP_INSTALL), world_approve(20, WUSP_INSTALL),
		world_approve(22, WUSP_INSTALL),
	};

	return wusp_deploy(g, a, COUNT(a), 7);
}

static size_t ids_of(const char *text, int32_t *out)
{
	int list[WORLD_LIST];
	size_t n;

	world_numbers(text, " ", list, &n);
	for (size_t i = 0; i < n; i++)
		out[i] = list[i];
	return n;
}

/* The stamp of a client that has been told everything. */
static const struct wusp_stamp told = { .change = 1000, .scope = 7, .revision = 30 };

static void rounds(void **state)
{
	static const struct {
		const char *installed, *cached, *want_new, *want_out;
	} table[] = {
		{ "", "", "1 3 25", "" },       /* roots, and a child without clauses */
		{ "1", "3 25", "2 21 22", "" }, /* the next level */
		{ "1 2", "3 25 21 22", "10 11 20", "" },
		{ "1 2", "3 10 11 20 21 22 25", "", "" },
		{ "2", "1 3 25", "11 20", "2" }, /* 2 itself needs 1, which is not installed */
		{ "1 2 3", "", "10 11 12 20 21 25 22", "" },   /* bundle, children, then the next */
		{ "1", "2 3 10 20 25 21 22", "", "10 20" },    /* no longer met */
		{ "1 2", "3 10 11 20 21 22 25 30", "", "30" }, /* never deployed */
		{ "1 2 777", "3 10 11 20 21 22 25 888 888", "", "777 888" }, /* never heard of */
		{ "1 1 1", "3 3 3 25", "2 21 22", "" },                      /* repeats */
		{ "1 30", "3 25", "2 21 22", "30" },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = deployed(g);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		int32_t installed[WORLD_LIST], cached[WORLD_LIST];
		struct wusp_sync_request q = { .installed = installed,
					       .cached = cached,
					       .client_version = WUSP_VERSION(2, 90),
					       .stamp = told };
		struct error err = ERROR_INIT;
		char text[256];

		q.installed_count = ids_of(table[i].installed, installed);
		q.cached_count = ids_of(table[i].cached, cached);
		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		world_items_text(g, reply.new_updates, reply.new_count, text, sizeof text);
		assert_string_equal(text, table[i].want_new);
		world_ids_text(reply.out_of_scope, reply.out_of_scope_count, text, sizeof text);
		assert_string_equal(text, table[i].want_out);
		assert_int_equal(reply.changed_count, 0);
		assert_int_equal(reply.deployed_out_of_scope_count, 0);
		assert_false(reply.truncated);
		assert_true(reply.driver_sync_not_needed);
	}
}

/* Every UpdateInfo has a deployment and the right leaf flag. */
static void items(void **state)
{
	static const struct {
		int id;
		bool leaf;
		enum wusp_action action;
	} want[] = {
		{ 1, false, WUSP_EVALUATE }, { 2, false, WUSP_EVALUATE },
		{ 3, false, WUSP_EVALUATE }, { 10, true, WUSP_INSTALL },
		{ 20, true, WUSP_INSTALL },  { 21, true, WUSP_BUNDLED },
		{ 25, true, WUSP_BUNDLED },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = deployed(g);
	struct wusp_sync_item item;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(wusp_sync_item(g, d, wusp_graph_by_revision(g, want[i].id),
					   WUSP_VERSION(2, 90), &item));
		assert_int_equal(item.is_leaf, want[i].leaf);
		assert_int_equal(item.deployment.action, want[i].action);
		assert_true(item.deployment.id > 0);
		assert_true(item.deployment.is_assigned);
	}
	assert_false(wusp_sync_item(g, d, wusp_graph_by_revision(g, 30), 0, &item));
}

static void actions_fit_the_client(void **state)
{
	static const struct {
		enum wusp_action approved;
		uint32_t version;
		enum wusp_action want;
		bool assigned;
		int64_t deadline;
	} table[] = {
		{ WUSP_INSTALL, WUSP_VERSION(1, 8), WUSP_INSTALL, true, 99 },
		{ WUSP_UNINSTALL, WUSP_VERSION(2, 90), WUSP_UNINSTALL, true, 99 },
		{ WUSP_BLOCK, WUSP_VERSION(2, 90), WUSP_PRE_DEPLOYMENT_CHECK, true, 0 },
		{ WUSP_PRE_DEPLOYMENT_CHECK, WUSP_VERSION(2, 0), WUSP_PRE_DEPLOYMENT_CHECK, true,
		  0 },
		{ WUSP_OPTIONAL_INSTALL, WUSP_VERSION(2, 0), WUSP_OPTIONAL_INSTALL, false, 0 },
		{ WUSP_OPTIONAL_INSTALL, WUSP_VERSION(10, 0), WUSP_OPTIONAL_INSTALL, false, 0 },
		{ WUSP_OPTIONAL_INSTALL, WUSP_VERSION(1, 9), WUSP_INSTALL, false, 0 },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct wusp_approval a = world_approve(25, table[i].approved);
		struct wusp_sync_item item;

		a.deadline = 99;
		CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, &a, 1, 7);
		assert_true(wusp_sync_item(g, d, wusp_graph_by_revision(g, 25), table[i].version,
					   &item));
		assert_int_equal(item.deployment.action, table[i].want);
		assert_int_equal(item.deployment.is_assigned, table[i].assigned);
		assert_int_equal(item.deployment.deadline, table[i].deadline);
	}
}

static void changes_since_the_stamp(void **state)
{
	static const struct {
		struct wusp_stamp stamp;
		const char *want;
	} table[] = {
		{ { 1000, 7, 30 }, "" },
		{ { 999, 7, 30 }, "1 2 10" },  /* approved since */
		{ { 0, 0, 0 }, "1 2 10" },     /* no stamp: all */
		{ { 1000, 8, 30 }, "1 2 10" }, /* another set of groups */
		{ { 1000, 7, 0 }, "1 2 10" },
		{ { 1000, 7, 9 }, "2" }, /* 2 is no leaf since 10 came; 1 since 2 */
		{ { 1000, 7, 1 }, "1 2" },
		{ { 5000, 7, 30 }, "" },
	};
	static const int32_t installed[] = { 1, 2 }, cached[] = { 10 };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = deployed(g);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct wusp_sync_request q = { .installed = installed,
					       .installed_count = 2,
					       .cached = cached,
					       .cached_count = 1,
					       .stamp = table[i].stamp };
		struct error err = ERROR_INIT;
		char text[256];

		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		world_items_text(g, reply.changed, reply.changed_count, text, sizeof text);
		assert_string_equal(text, table[i].want);
		assert_int_equal(reply.stamp.change, 1000);
		assert_int_equal(reply.stamp.scope, 7);
		assert_int_equal(reply.stamp.revision, 30);
	}
}

/* A child that a newer revision of the bundle brought in is told as part of it. */
static void parts_of_new_bundles_have_changed(void **state)
{
	static const struct world_update few[] = { { .id = 1 },
						   { .id = 2, .needs = "1" },
						   { .id = 9, .contains = "1" } };
	static const int32_t cached[] = { 1 };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(few, COUNT(few));
	struct wusp_approval a = world_approve(9, WUSP_INSTALL);
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, &a, 1, 7);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .cached = cached,
				       .cached_count = 1,
				       .stamp = { 1000, 7, 8 } };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	assert_int_equal(reply.changed_count, 1);
	q.stamp.revision = 9;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	assert_int_equal(reply.changed_count, 0);
}

/* The client still has the revision before: what depends on the update must not go away. */
static void an_older_revision_counts_as_installed(void **state)
{
	static const struct world_update few[] = {
		{ .id = 1, .update = 1, .number = 100 },
		{ .id = 5, .update = 1, .number = 101 },
		{ .id = 6, .needs = "1" },
	};
	static const int32_t ids[] = { 1, 4 }, cached[] = { 6 };
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	struct catalog_guid one = world_guid(1);
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(few); i++)
		world_add(b, &few[i]);
	wusp_graph_add_former(b, 4, &one);
	CLEANUP(wusp_graph_free) struct wusp_graph *g = wusp_graph_finish(b, &err);
	assert_non_null(g);
	struct wusp_approval a = world_approve(6, WUSP_INSTALL);
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, &a, 1, 7);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct wusp_sync_request q = { .installed = &ids[i],
					       .installed_count = 1,
					       .cached = cached,
					       .cached_count = 1,
					       .stamp = told };

		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		assert_int_equal(reply.new_count, 1);
		assert_int_equal(wusp_graph_node(g, reply.new_updates[0].node).revision_id, 5);
		assert_int_equal(reply.out_of_scope_count, 1);
		assert_int_equal(reply.out_of_scope[0], ids[i]);
	}
}

static void a_clause_that_names_nothing_is_met(void **state)
{
	static const struct world_update few[] = { { .id = 1, .needs = "88" } };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(few, COUNT(few));
	struct wusp_approval a = world_approve(1, WUSP_INSTALL);
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = wusp_deploy(g, &a, 1, 7);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .stamp = told };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	assert_int_equal(reply.new_count, 1);
}

static void the_list_of_installed_has_a_cap(void **state)
{
	static int32_t ids[LIMIT_WUSP_INSTALLED + 1]; /* repeats count */
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = deployed(g);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .installed = ids,
				       .installed_count = LIMIT_WUSP_INSTALLED,
				       .cached = ids,
				       .cached_count = COUNT(ids) };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
	q.installed_count++;
	assert_int_equal(wusp_sync(g, d, &q, &reply, &err), -1);
	assert_error(err, ERROR_WUSP_PARAMETERS, "parameters.InstalledNonLeafUpdateIDs");
}

/* ---- pages ---- */

enum { MANY = 2 * LIMIT_WUSP_PAGE + 50 };

static struct wusp_graph *many(uint32_t bytes, struct wusp_deployments **d)
{
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	static struct wusp_approval approvals[MANY];
	struct error err = ERROR_INIT;

	for (int i = 0; i < MANY; i++) {
		struct world_update u = { .id = i + 1, .bytes = bytes };

		world_add(b, &u);
		approvals[i] = world_approve(i + 1, WUSP_INSTALL);
	}
	struct wusp_graph *g = wusp_graph_finish(b, &err);
	assert_non_null(g);
	*d = wusp_deploy(g, approvals, MANY, 7);
	return g;
}

/* As many as a client can list, of the usual size: it ends long before the client gives up. */
static void the_largest_scope(void **state)
{
	enum { COUNT_ALL = LIMIT_WUSP_SCOPE, USUAL = 3000, ROUNDS = 100 };
	CLEANUP(wusp_graph_abandon) struct wusp_graph_builder *b = wusp_graph_begin();
	struct wusp_approval *approvals = calloc(COUNT_ALL + 1, sizeof *approvals);
	int32_t *cached = calloc(COUNT_ALL, sizeof *cached);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
	struct wusp_sync_request q = { .cached = cached };
	struct error err = ERROR_INIT;
	size_t rounds = 0, count;

	(void)state;
	assert_non_null(approvals);
	assert_non_null(cached);
	for (int i = 0; i <= COUNT_ALL; i++) {
		struct world_update u = { .id = i + 1, .bytes = USUAL };

		world_add(b, &u);
		approvals[i] = world_approve(i + 1, WUSP_INSTALL);
	}
	CLEANUP(wusp_graph_free) struct wusp_graph *g = wusp_graph_finish(b, &err);
	CLEANUP(wusp_deploy_free)
	struct wusp_deployments *d = wusp_deploy(g, approvals, COUNT_ALL, 7);
	(void)wusp_deploy_problems(d, &count);
	assert_int_equal(count, 0);
	do {
		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		for (size_t i = 0; i < reply.new_count; i++)
			cached[q.cached_count++] =
				wusp_graph_node(g, reply.new_updates[i].node).revision_id;
		rounds++;
	} while (reply.truncated && rounds < ROUNDS);
	assert_int_equal(q.cached_count, COUNT_ALL);
	assert_true(rounds < ROUNDS);

	CLEANUP(wusp_deploy_free)
	struct wusp_deployments *more = wusp_deploy(g, approvals, COUNT_ALL + 1, 7);
	assert_int_equal(wusp_deploy_problems(more, &count)->kind, WUSP_PROBLEM_SCOPE);
	assert_int_equal(count, 1);
	free(approvals);
	free(cached);
}

static void pages(void **state)
{
	static const struct {
		uint32_t bytes;
		size_t want_first, want_pages;
	} table[] = {
		{ 100, LIMIT_WUSP_PAGE, 3 },
		{ LIMIT_WUSP_PAGE_BYTES / 32, 32, 21 },
		{ LIMIT_WUSP_PAGE_BYTES / 10, 10, 31 },
		/* 1 MiB each: eight pages of one, then ever larger ones up to 16 */
		{ LIMIT_WUSP_PAGE_BYTES, 1, 93 },
		{ LIMIT_SOAP_REPLY / 4 + 1, 1, MANY }, /* never an empty page */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct wusp_deployments *made;
		CLEANUP(wusp_graph_free) struct wusp_graph *g = many(table[i].bytes, &made);
		CLEANUP(wusp_deploy_free) struct wusp_deployments *d = made;
		CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;
		int32_t cached[MANY];
		struct wusp_sync_request q = { .cached = cached, .stamp = { 5, 6, 7 } };
		struct error err = ERROR_INIT;
		size_t page = 0;

		do {
			assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
			assert_true(reply.new_count > 0);
			if (page == 0)
				assert_int_equal(reply.new_count, table[i].want_first);
			assert_true(reply.new_count <= LIMIT_WUSP_PAGE ||
				    reply.new_count <= q.cached_count / LIMIT_WUSP_GROWTH);
			for (size_t k = 0; k < reply.new_count; k++)
				cached[q.cached_count++] =
					wusp_graph_node(g, reply.new_updates[k].node).revision_id;
			/* Told everything only with the last page. */
			assert_int_equal(reply.stamp.scope, reply.truncated ? 6 : 7);
			if (reply.truncated)
				assert_int_equal(reply.changed_count, 0);
			page++;
		} while (reply.truncated);
		assert_int_equal(q.cached_count, MANY);
		assert_int_equal(page, table[i].want_pages);
	}
}

/* ---- category filter ---- */

static void filters(void **state)
{
	static const struct {
		const char *filter, *installed, *cached, *want_new, *want_out, *want_still;
		bool two_group;
	} table[] = {
		{ "2", "", "", "1 3 25", "", "", false }, /* 3: alternative of 11 */
		{ "2", "1 2 3", "", "10 11 20 21 25", "", "", false },
		{ "3", "1 2 3", "", "11 12", "", "", false },
		{ "77", "1 2 3", "", "", "1 2 3", "", false },
		{ "3", "1 2 3", "10 22 30 888", "11 12", "10 22 30 888", "", false },
		{ "3", "1 2 3", "10 22 30 888", "11 12", "30 888", "10 22", true },
		{ "", "1 2 3", "12 30", "10 11 20 21 25 22", "30", "", true },
		{ "3", "1 2", "12", "3 11", "", "12", true }, /* not met, still deployed */
	};
	const struct wusp_stamp before = { 999, 7, 30 };
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	CLEANUP(wusp_deploy_free) struct wusp_deployments *d = deployed(g);
	CLEANUP(wusp_sync_clear) struct wusp_sync_reply reply = WUSP_SYNC_REPLY_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		int32_t installed[WORLD_LIST], cached[WORLD_LIST], categories[WORLD_LIST];
		struct catalog_guid ids[WORLD_LIST];
		struct wusp_sync_request q = { .installed = installed,
					       .cached = cached,
					       .filter = ids,
					       .two_group = table[i].two_group,
					       .stamp = before };
		struct error err = ERROR_INIT;
		char text[256];

		q.installed_count = ids_of(table[i].installed, installed);
		q.cached_count = ids_of(table[i].cached, cached);
		q.filter_count = ids_of(table[i].filter, categories);
		for (size_t k = 0; k < q.filter_count; k++)
			ids[k] = world_guid(categories[k]);
		assert_int_equal(wusp_sync(g, d, &q, &reply, &err), 0);
		world_items_text(g, reply.new_updates, reply.new_count, text, sizeof text);
		assert_string_equal(text, table[i].want_new);
		world_ids_text(reply.out_of_scope, reply.out_of_scope_count, text, sizeof text);
		assert_string_equal(text, table[i].want_out);
		world_ids_text(reply.deployed_out_of_scope, reply.deployed_out_of_scope_count, text,
			       sizeof text);
		assert_string_equal(text, table[i].want_still);
		/* What the client keeps and was not told of, its next scan must tell. */
		assert_int_equal(reply.stamp.change, *table[i].want_still ? 999 : 1000);
	}
}

/* ---- category scans ---- */

static void category_scans(void **state)
{
	/* 2 and 5 are products, 90 a classification, 1 no category at all */
	static const struct world_update few[] = {
		{ .id = 1, .type = WUSP_DETECTOID }, { .id = 2, .type = WUSP_CATEGORY },
		{ .id = 5, .type = WUSP_CATEGORY },  { .id = 90, .type = WUSP_CATEGORY },
		{ .id = 91, .type = WUSP_CATEGORY }, { .id = 10, .categories = "2 5 90 91" },
	};
	static const struct {
		const char *wanted; /* group * 1000 + update */
		const char *preferred, *in_error;
	} table[] = {
		{ "1002", "2", "" },
		{ "1002 1090", "2", "" },
		{ "1002 1090 2005", "2 5", "" },
		{ "1002 2002", "2", "" },
		{ "1090", "", "" },
		{ "1002 1005", "", "" },
		{ "1002 1090 1091", "", "" },
		{ "1002 2090", "", "" }, /* one group that says nothing spoils it */
		{ "1077", "", "77" },
		{ "1001", "", "1" },
		{ "1002 1077 2005", "5", "77" }, /* the group goes */
		{ "1077 2077", "", "77" },
		{ "", "", "" },
	};
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(few, COUNT(few));

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		CLEANUP(wusp_category_clear) struct wusp_category_answer answer = { 0 };
		struct wusp_category wanted[WORLD_LIST];
		int32_t list[WORLD_LIST];
		size_t n = ids_of(table[i].wanted, list);
		struct error err = ERROR_INIT;

		for (size_t k = 0; k < n; k++)
			wanted[k] = (struct wusp_category){ list[k] / 1000,
							    world_guid(list[k] % 1000) };
		assert_int_equal(wusp_category_scan(g, wanted, n, &answer, &err), 0);
		n = ids_of(table[i].preferred, list);
		assert_int_equal(answer.preferred_count, n);
		for (size_t k = 0; k < n; k++) {
			struct catalog_guid id = world_guid(list[k]);
			assert_memory_equal(&answer.preferred[k], &id, sizeof id);
		}
		n = ids_of(table[i].in_error, list);
		assert_int_equal(answer.in_error_count, n);
		for (size_t k = 0; k < n; k++) {
			struct catalog_guid id = world_guid(list[k]);
			assert_memory_equal(&answer.in_error[k], &id, sizeof id);
		}
	}
}

static void category_scans_have_a_cap(void **state)
{
	static const struct wusp_category wanted[LIMIT_WUSP_CATEGORIES + 1];
	CLEANUP(wusp_graph_free) struct wusp_graph *g = world_graph(updates, COUNT(updates));
	CLEANUP(wusp_category_clear) struct wusp_category_answer a = { 0 }, b = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(wusp_category_scan(g, wanted, LIMIT_WUSP_CATEGORIES, &a, &err), 0);
	assert_int_equal(a.in_error_count, 1);
	assert_int_equal(wusp_category_scan(g, wanted, COUNT(wanted), &b, &err), -1);
	assert_error(err, ERROR_WUSP_PARAMETERS, "requestedCategories");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds),
		cmocka_unit_test(items),
		cmocka_unit_test(actions_fit_the_client),
		cmocka_unit_test(changes_since_the_stamp),
		cmocka_unit_test(parts_of_new_bundles_have_changed),
		cmocka_unit_test(an_older_revision_counts_as_installed),
		cmocka_unit_test(a_clause_that_names_nothing_is_met),
		cmocka_unit_test(the_list_of_installed_has_a_cap),
		cmocka_unit_test(the_largest_scope),
		cmocka_unit_test(pages),
		cmocka_unit_test(filters),
		cmocka_unit_test(category_scans),
		cmocka_unit_test(category_scans_have_a_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
