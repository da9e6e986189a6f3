/*
 * Any bytes as package.xml, and as a full document.  Invariants: exactly one of success and error;
 * every raw piece parses again, on its own, to the same values; a catalog of whatever came out is
 * judged without failing.
 */
#include "lib/base/error.h"
#include "lib/catalog/catalog_document.h"
#include "lib/catalog/catalog_export.h"
#include "lib/catalog/catalog_full.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct run {
	const unsigned char *data;
	size_t size;
	struct catalog *catalog;
	struct catalog_export *single;
	const struct catalog_export_update *expected;
	uint32_t revision;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static int same_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	const struct run *r = ctx;

	(void)err;
	require(u->has_update_id == r->expected->has_update_id);
	require(u->revision_number == r->expected->revision_number);
	require(u->files_count == r->expected->files_count);
	require(u->products_count == r->expected->products_count);
	require(u->raw_len == r->expected->raw_len);
	return 0;
}

static const struct catalog_export_handler single = { .update = same_update };

static void add(struct run *r, char stream, const void *raw, size_t len, uint64_t offset)
{
	struct error err = ERROR_INIT;

	require(offset + len <= r->size);
	require(memcmp(raw, r->data + offset, len) == 0);
	require(catalog_full_add(r->catalog, stream, stream == 'u' ? ++r->revision : 0, offset, raw,
				 len, &err) == 0);
}

static int on_head(void *ctx, const struct catalog_export_head *h, struct error *err)
{
	(void)err;
	add(ctx, 'h', h->raw, h->raw_len, h->offset);
	return 0;
}

static int on_languages(void *ctx, const struct catalog_export_file *l, struct error *err)
{
	(void)err;
	add(ctx, 'h', l->raw, l->raw_len, l->offset);
	return 0;
}

static int on_file(void *ctx, const struct catalog_export_file *f, struct error *err)
{
	(void)err;
	add(ctx, 'f', f->raw, f->raw_len, f->offset);
	return 0;
}

static int on_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	struct run *r = ctx;

	r->expected = u;
	require(catalog_export_piece(r->single, "Update", u->raw, u->raw_len, err) == 0);
	add(r, 'u', u->raw, u->raw_len, u->offset);
	return 0;
}

static const struct catalog_export_handler handler = {
	.head = on_head, .languages = on_languages, .file = on_file, .update = on_update
};

static void read_document(struct run *r)
{
	struct catalog_document_parser *p = catalog_document_new();
	struct error err = ERROR_INIT, none = ERROR_INIT;
	struct catalog_document d;

	int result = catalog_document_parse(p, "s/1", r->data, r->size, &d, &err);
	require((result == 0) == (err.id == ERROR_NONE));
	if (result == 0)
		require(d.files_count + d.licences_count + d.bundled_count <= r->size);
	for (uint32_t revision = 1; revision < 3; revision++)
		require(catalog_full_add(r->catalog, 's', revision, 0, r->data, r->size, &none) ==
			0);
	catalog_document_free(p);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct run run = { .data = data, .size = size, .catalog = catalog_new() };
	struct error err = ERROR_INIT, none = ERROR_INIT;
	struct catalog_summary s;

	run.single = catalog_export_new(&single, &run);
	struct catalog_export *e = catalog_export_new(&handler, &run);
	int result = catalog_export_feed(e, data, size, &err);
	if (result == 0)
		result = catalog_export_finish(e, &err);
	require((result == 0) == (err.id == ERROR_NONE));
	read_document(&run);
	require(catalog_finish(run.catalog, &none) == 0);
	catalog_validate(run.catalog);
	catalog_quarantine(run.catalog);
	catalog_summarize(run.catalog, &s);
	require(s.updates == s.processed + s.quarantined);
	catalog_export_free(e);
	catalog_export_free(run.single);
	catalog_free(run.catalog);
	return 0;
}
