/*
 * Invariants: exactly one of success and error; every raw piece parses again, as an element of
 * its own, to the same values; the catalog judges whatever came out without failing.
 */
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct run {
	const unsigned char *data;
	size_t size;
	struct catalog *catalog;
	struct catalog_master *single;
	const struct catalog_update *expected;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static int same_update(void *ctx, const struct catalog_update *u, struct error *err)
{
	const struct run *r = ctx;
	const struct catalog_update *e = r->expected;

	(void)err;
	require(u->revision_id == e->revision_id && u->action == e->action);
	require(u->prerequisites_count == e->prerequisites_count);
	require(u->payload_count == e->payload_count && u->problems.count == e->problems.count);
	require(u->raw_len == e->raw_len);
	return 0;
}

static const struct catalog_master_handler single = { .update = same_update };

static int on_update(void *ctx, const struct catalog_update *u, struct error *err)
{
	struct run *r = ctx;
	struct error inner = ERROR_INIT;

	require(u->offset + u->raw_len <= r->size);
	require(memcmp(u->raw, r->data + u->offset, u->raw_len) == 0);
	r->expected = u;
	require(catalog_master_element(r->single, "Update", u->raw, u->raw_len, &inner) == 0);
	return catalog_add_update(r->catalog, u, u->offset, err);
}

static int on_location(void *ctx, const struct catalog_location *l, struct error *err)
{
	struct run *r = ctx;

	require(l->offset + l->raw_len <= r->size);
	require(memcmp(l->raw, r->data + l->offset, l->raw_len) == 0);
	return catalog_add_location(r->catalog, l, l->offset, err);
}

static int on_package(void *ctx, const struct catalog_package *p, struct error *err)
{
	struct run *r = ctx;
	struct error inner = ERROR_INIT;

	(void)err;
	require(memcmp(p->raw, r->data + p->offset, p->raw_len) == 0);
	require(catalog_master_element(r->single, "head", p->raw, p->raw_len, &inner) == 0);
	catalog_set_package(r->catalog, p, p->offset);
	return 0;
}

static int on_problem(void *ctx, const struct catalog_problem *p, struct error *err)
{
	struct run *r = ctx;

	(void)err;
	catalog_add_problem(r->catalog, p);
	return 0;
}

static const struct catalog_master_handler handler = {
	.update = on_update,
	.location = on_location,
	.package = on_package,
	.problem = on_problem,
};

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct run run = { .data = data, .size = size, .catalog = catalog_new() };
	struct error err = ERROR_INIT;
	struct catalog_summary s;

	run.single = catalog_master_new(&single, &run);
	struct catalog_master *m = catalog_master_new(&handler, &run);
	int result = catalog_master_feed(m, data, size, &err);
	if (result == 0)
		result = catalog_master_finish(m, &err);
	require((result == 0) == (err.id == ERROR_NONE));
	error_clear(&err);
	require(catalog_finish(run.catalog, &err) == 0);
	catalog_validate(run.catalog);
	catalog_quarantine(run.catalog);
	catalog_summarize(run.catalog, &s);
	require(s.updates == s.processed + s.quarantined);
	catalog_master_free(m);
	catalog_master_free(run.single);
	catalog_free(run.catalog);
	return 0;
}
