/* Reading sources of kind wsusutil back from the repository, for export_set.c. */
#include "importer/export_set.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/catalog/catalog_document.h"
#include "lib/catalog/catalog_export.h"
#include "lib/cli/progress.h"
#include "lib/store/rows.h"
#include "lib/wsus/wsus_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXTENSION_MAX = 15, GUID_TEXT = 36, SHA1_TEXT = 28 };

struct reading {
	struct export_set *set;
	struct documents *documents;
	struct catalog_export *pieces;
	struct export_source *source; /* at work */
	struct documents_row *rows;   /* of stream s, sorted by revision */
	size_t row_count;
	const struct documents_row *piece; /* at work */
};

static void reading_clear(struct reading *r)
{
	catalog_export_free(r->pieces);
	documents_close(r->documents);
	free(r->rows);
}
DEFINE_CLEANUP_IN_PLACE(struct reading, reading_clear);

static void rows_free(struct documents_row *rows)
{
	free(rows);
}
DEFINE_CLEANUP(struct documents_row *, rows_free);

static const void *keep(struct arena *a, const void *items, size_t count, size_t size)
{
	return count > 0 ? memcpy(arena_alloc(a, count * size), items, count * size) : NULL;
}

/* ---- pieces of package.xml ---- */

static int on_head(void *ctx, const struct catalog_export_head *h, struct error *err)
{
	struct reading *r = ctx;
	struct arena *a = &r->set->arena;

	(void)err;
	r->source->server_id = arena_text(a, h->server_id, strlen(h->server_id));
	r->source->protocol_version =
		arena_text(a, h->protocol_version, strlen(h->protocol_version));
	return 0;
}

static int on_languages(void *ctx, const struct catalog_export_file *l, struct error *err)
{
	struct reading *r = ctx;

	(void)err;
	r->source->languages = arena_text(&r->set->arena, l->raw, l->raw_len);
	r->source->languages_len = l->raw_len;
	return 0;
}

static int on_file(void *ctx, const struct catalog_export_file *f, struct error *err)
{
	struct reading *r = ctx;
	struct export_set *set = r->set;

	(void)err;
	if (!f->has_sha1)
		return 0;
	set->files = buf_grow(set->files, &set->file_capacity, set->file_count, sizeof *set->files);
	set->files[set->file_count++] = (struct export_listed){
		.sha1 = f->sha1,
		.url = arena_text(&set->arena, f->url, strlen(f->url)),
		.name = arena_text(&set->arena, f->name, strlen(f->name)),
	};
	return 0;
}

static const struct documents_row *document_of(const struct reading *r, uint32_t revision)
{
	size_t low = 0, high = r->row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->rows[middle].revision < revision)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->row_count && r->rows[low].revision == revision ? &r->rows[low] : NULL;
}

static int on_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	struct reading *r = ctx;
	struct export_set *set = r->set;
	const struct documents_row *document = document_of(r, r->piece->revision);

	(void)err;
	if (!u->has_update_id || !document)
		return 0; /* its finding says so */
	set->items = buf_grow(set->items, &set->item_capacity, set->item_count, sizeof *set->items);
	set->items[set->item_count++] = (struct export_item){
		.update_id = u->update_id,
		.revision = u->revision_number,
		.source = (uint32_t)(r->source - set->sources),
		.document = *document,
		.usable = document->usable,
		.listed = keep(&set->arena, u->files, u->files_count, sizeof *u->files),
		.listed_count = u->files_count,
		.products = keep(&set->arena, u->products, u->products_count, sizeof *u->products),
		.products_count = u->products_count,
		.classifications = keep(&set->arena, u->classifications, u->classifications_count,
					sizeof *u->classifications),
		.classifications_count = u->classifications_count,
		.package_bytes = 256 +
				 (SHA1_TEXT + sizeof "<File Digest=\"\" />") * u->files_count +
				 (GUID_TEXT + sizeof "<Classification Value=\"\" />") *
					 (u->products_count + u->classifications_count),
	};
	return 0;
}

static const struct catalog_export_handler handler = {
	.head = on_head, .languages = on_languages, .file = on_file, .update = on_update
};

static int read_pieces(struct store *s, struct reading *r, char stream, struct error *err)
{
	CLEANUP(rows_free) struct documents_row *rows = NULL;
	int count = documents_list(s, r->source->id, stream, &rows, err);

	for (int i = 0; i < count; i++) {
		const void *bytes = documents_read(r->documents, &rows[i], err);
		struct error fault = ERROR_INIT; /* a finding of its catalog says so */

		if (!bytes)
			return -1;
		r->piece = &rows[i];
		if (catalog_export_piece(r->pieces, "package.xml", bytes, rows[i].size, &fault) < 0)
			error_clear(&fault);
	}
	return count < 0 ? -1 : 0;
}

static int by_revision(const void *left, const void *right)
{
	const struct documents_row *a = left, *b = right;

	return a->revision < b->revision ? -1 : a->revision > b->revision;
}

static int read_source(struct store *s, struct reading *r, struct error *err)
{
	free(STEAL(r->rows));
	int count = documents_list(s, r->source->id, 's', &r->rows, err);

	if (count < 0)
		return -1;
	r->row_count = (size_t)count;
	if (count > 1)
		qsort(r->rows, r->row_count, sizeof *r->rows, by_revision);
	if (read_pieces(s, r, 'h', err) < 0 || read_pieces(s, r, 'f', err) < 0)
		return -1;
	return read_pieces(s, r, 'u', err);
}

/* ---- each revision and each file once: the newest source wins ---- */

static int by_identity(const void *left, const void *right, void *ctx)
{
	const struct export_item *all = ctx;
	uint32_t i = *(const uint32_t *)left, k = *(const uint32_t *)right;
	const struct export_item *a = &all[i], *b = &all[k];
	int order = memcmp(a->update_id.bytes, b->update_id.bytes, 16);

	if (order != 0)
		return order;
	if (a->revision != b->revision)
		return a->revision < b->revision ? -1 : 1;
	return i < k ? -1 : i > k;
}

static uint32_t *sorted(const struct export_set *set)
{
	uint32_t *order = buf_calloc(set->item_count, sizeof *order);

	for (size_t i = 0; i < set->item_count; i++)
		order[i] = (uint32_t)i;
	if (set->item_count > 1)
		qsort_r(order, set->item_count, sizeof *order, by_identity, set->items);
	return order;
}

static void drop_older(struct export_set *set)
{
	uint32_t *order = sorted(set);
	bool *drop = buf_calloc(set->item_count, sizeof *drop);
	size_t kept = 0;

	for (size_t i = 1; i < set->item_count; i++) {
		const struct export_item *a = &set->items[order[i - 1]];
		const struct export_item *b = &set->items[order[i]];

		drop[order[i]] = a->revision == b->revision &&
				 memcmp(&a->update_id, &b->update_id, sizeof a->update_id) == 0;
	}
	for (size_t i = 0; i < set->item_count; i++)
		if (!drop[i])
			set->items[kept++] = set->items[i];
	set->item_count = kept;
	free(drop);
	free(order);
}

static int newest_first(const void *left, const void *right)
{
	const struct export_source *a = left, *b = right;

	if (a->created != b->created)
		return a->created > b->created ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

int export_read_sources(struct store *s, struct export_set *set, struct error *err)
{
	CLEANUP(reading_clear) struct reading r = { .set = set, .documents = documents_open(s) };
	struct rows_source row = { 0 };
	int more;

	r.pieces = catalog_export_new(&handler, &r);
	while ((more = rows_next_source(s, &row, err)) == 1) {
		if (strcmp(row.source.kind, "wsusutil") != 0)
			continue;
		set->sources = buf_grow(set->sources, &set->source_capacity, set->source_count,
					sizeof *set->sources);
		set->sources[set->source_count++] = (struct export_source){
			.id = row.id,
			.created = row.source.created,
			.languages = "<Languages />",
			.languages_len = sizeof "<Languages />" - 1,
			.server_id = "",
			.protocol_version = "",
		};
	}
	if (set->source_count > 1)
		qsort(set->sources, set->source_count, sizeof *set->sources, newest_first);
	for (size_t i = 0; more == 0 && i < set->source_count; i++) {
		r.source = &set->sources[i];
		if (read_source(s, &r, err) < 0)
			return -1;
	}
	drop_older(set);
	return more;
}

/* ---- documents ---- */

/* Updates are numbered in the order of their ids. */
struct numbers {
	uint32_t *order; /* items by identity */
	struct export_set *set;
};

static size_t place_of(const struct numbers *n, const struct catalog_guid *id, uint32_t revision)
{
	size_t low = 0, high = n->set->item_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct export_item *at = &n->set->items[n->order[middle]];
		int order = memcmp(at->update_id.bytes, id->bytes, 16);

		if (order < 0 || (order == 0 && at->revision < revision))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_update(const struct numbers *n, size_t place, const struct catalog_guid *id)
{
	return place < n->set->item_count &&
	       memcmp(&n->set->items[n->order[place]].update_id, id, sizeof *id) == 0;
}

static uint32_t update_of(const struct numbers *n, const struct catalog_guid *id)
{
	size_t place = place_of(n, id, 0);

	return is_update(n, place, id) ? n->set->relations[n->order[place]].update
				       : EXPORT_ORDER_ABSENT;
}

static uint32_t item_of(const struct numbers *n, const struct catalog_document_child *child)
{
	size_t place = place_of(n, &child->update_id, child->revision_number);

	return is_update(n, place, &child->update_id) &&
			       n->set->items[n->order[place]].revision == child->revision_number
		       ? n->order[place]
		       : EXPORT_ORDER_ABSENT;
}

static void take_relations(const struct numbers *n, size_t i, const struct catalog_document *d)
{
	struct export_order_item *o = &n->set->relations[i];
	size_t len = d->prerequisites_count, at = 0;

	for (size_t g = 0; g < d->prerequisites_count; g++)
		len += d->prerequisites[g].count;
	uint32_t *groups = len > 0 ? arena_alloc(&n->set->arena, len * sizeof *groups) : NULL;
	for (size_t g = 0; g < d->prerequisites_count; g++) {
		groups[at++] = (uint32_t)d->prerequisites[g].count;
		for (size_t k = 0; k < d->prerequisites[g].count; k++)
			groups[at++] = update_of(n, &d->prerequisites[g].any_of[k]);
	}
	o->groups = groups;
	o->groups_len = len;
	uint32_t *children = NULL;
	if (d->bundled_count > 0)
		children = arena_alloc(&n->set->arena, d->bundled_count * sizeof *children);
	for (size_t k = 0; k < d->bundled_count; k++)
		children[k] = item_of(n, &d->bundled[k]);
	o->children = children;
	o->children_count = d->bundled_count;
}

/* Of the name of a file; nothing that could lead out of a folder, or is no extension. */
static const char *extension_of(struct arena *a, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t len = dot ? strlen(dot + 1) : 0;

	if (len == 0 || len > EXTENSION_MAX)
		return "";
	for (const char *p = dot + 1; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && *p != '_')
			return "";
	return arena_text(a, dot, len + 1);
}

static void take_files(struct export_set *set, struct export_item *item,
		       const struct catalog_document *d)
{
	size_t count = d->files_count + d->licences_count;
	struct export_file *files =
		count > 0 ? arena_alloc(&set->arena, count * sizeof *files) : NULL;

	for (size_t k = 0; k < d->files_count; k++)
		files[k] = (struct export_file){ d->files[k].sha1,
						 extension_of(&set->arena, d->files[k].name) };
	for (size_t k = 0; k < d->licences_count; k++)
		files[d->files_count + k] = (struct export_file){ d->licences[k].sha1, ".txt" };
	item->files = files;
	item->files_count = count;
}

static int read_document(struct export_set *set, struct documents *documents,
			 struct catalog_document_parser *parser, const struct numbers *n, size_t i,
			 struct error *err)
{
	struct export_item *item = &set->items[i];
	const void *bytes = documents_read(documents, &item->document, err);
	struct error fault = ERROR_INIT;
	struct catalog_document d;

	if (!bytes)
		return -1;
	item->record_bytes = 36 + 1 + 8 + 1 + 8 + 1 + item->document.size + 2;
	if (wsus_units(bytes, item->document.size) == SIZE_MAX ||
	    catalog_document_parse(parser, "s", bytes, item->document.size, &d, &fault) < 0) {
		item->usable = false; /* quarantined for that */
	} else {
		item->is_base = strcmp(d.update_type, "Category") == 0 ||
				strcmp(d.update_type, "Detectoid") == 0;
		item->is_product = d.category == CATALOG_CATEGORY_PRODUCT;
		take_relations(n, i, &d);
		take_files(set, item, &d);
	}
	set->relations[i].barred = !item->usable;
	return 0;
}

int export_read_documents(struct store *s, struct export_set *set, struct progress *progress,
			  struct error *err)
{
	CLEANUP(documents_close) struct documents *documents = documents_open(s);
	CLEANUP(catalog_document_free)
	struct catalog_document_parser *parser = catalog_document_new();
	struct numbers n = { .order = sorted(set), .set = set };
	uint32_t updates = 0;
	uint64_t bytes = 0;
	int failed = 0;

	set->relations = buf_calloc(set->item_count, sizeof *set->relations);
	for (size_t i = 0; i < set->item_count; i++) {
		updates += i > 0 && memcmp(&set->items[n.order[i]].update_id,
					   &set->items[n.order[i - 1]].update_id,
					   sizeof set->items[i].update_id) != 0;
		set->relations[n.order[i]].update = updates;
	}
	for (size_t i = 0; i < set->item_count; i++)
		bytes += set->items[i].document.size;
	progress_begin(progress, "reading documents", bytes);
	for (size_t i = 0; i < set->item_count && !failed; i++) {
		failed = read_document(set, documents, parser, &n, i, err);
		if (!failed && progress_add(progress, set->items[i].document.size))
			failed = error_set(err, ERROR_STOPPED, "stopped on request");
	}
	progress_end(progress);
	free(n.order);
	return failed;
}
