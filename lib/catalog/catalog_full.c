#include "lib/catalog/catalog_full.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_document.h"
#include "lib/catalog/catalog_export.h"
#include "lib/catalog/catalog_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char PACKAGE[] = "package.xml";

struct catalog_full {
	struct catalog_document_parser *documents;
	struct catalog_export *pieces;
	struct catalog *catalog;
	uint32_t revision_id; /* of the piece at work */
	uint64_t offset;
};

void catalog_full_free(struct catalog_full *f)
{
	if (!f)
		return;
	catalog_document_free(f->documents);
	catalog_export_free(f->pieces);
	free(f);
}

static const void *keep(struct catalog *c, const void *items, size_t count, size_t size)
{
	return count > 0 ? memcpy(arena_alloc(&c->arena, count * size), items, count * size) : NULL;
}

static const char *keep_text(struct catalog *c, const char *text)
{
	return *text ? arena_text(&c->arena, text, strlen(text)) : "";
}

static struct catalog_links *links_of(struct catalog *c, struct catalog_revision *r)
{
	struct catalog_links *l = arena_alloc(&c->arena, sizeof *l);

	if (r->links)
		*l = *r->links;
	else
		*l = (struct catalog_links){ .category = CATALOG_CATEGORY_OTHER };
	r->links = l;
	return l;
}

static void report_problems(struct catalog *c, struct catalog_revision *r, const char *file,
			    const struct catalog_problems *p, uint64_t offset)
{
	for (size_t i = 0; i < p->count; i++)
		catalog_report(c, r, p->items[i].rule, file, offset + p->items[i].offset,
			       p->items[i].value, p->items[i].detail);
}

/* ---- pieces of package.xml ---- */

static int on_head(void *ctx, const struct catalog_export_head *h, struct error *err)
{
	struct catalog_full *f = ctx;
	struct catalog_package p = {
		.minimum_client_version = "",
		.package_version = h->format_version,
		.protocol_version = h->protocol_version,
		.creation_text = h->creation_text,
		.creation = h->creation,
		.package_id = "",
		.source_id = h->server_id,
		.xmlns = "",
		.offset = h->offset,
		.problems = h->problems,
	};

	(void)err;
	catalog_set_package(f->catalog, &p, f->offset);
	return 0;
}

static int on_file(void *ctx, const struct catalog_export_file *file, struct error *err)
{
	struct catalog_full *f = ctx;
	struct catalog_location l = { .has_sha1 = file->has_sha1,
				      .sha1 = file->sha1,
				      .url = file->url,
				      .problems = file->problems };

	return catalog_add_location(f->catalog, &l, f->offset, err);
}

static void keep_listed(struct catalog *c, struct catalog_links *l,
			const struct catalog_export_update *u)
{
	struct catalog_category *all = NULL;

	l->listed_count = u->products_count + u->classifications_count;
	if (l->listed_count > 0)
		all = arena_alloc(&c->arena, l->listed_count * sizeof *all);
	for (size_t i = 0; i < u->products_count; i++)
		all[i] = (struct catalog_category){ .type = CATALOG_CATEGORY_PRODUCT,
						    .id = u->products[i] };
	for (size_t i = 0; i < u->classifications_count; i++)
		all[u->products_count + i] =
			(struct catalog_category){ .type = CATALOG_CATEGORY_CLASSIFICATION,
						   .id = u->classifications[i] };
	l->listed = all;
}

static int on_update(void *ctx, const struct catalog_export_update *u, struct error *err)
{
	struct catalog_full *f = ctx;
	struct catalog *c = f->catalog;
	struct catalog_revision *r = catalog_record(c, f->revision_id, err);

	if (!r)
		return -1;
	if (r->has_master)
		return 0; /* a listing names it once */
	r->has_master = true;
	r->has_update_id = u->has_update_id;
	r->update_id = u->update_id;
	r->revision_number = u->revision_number;
	r->offset = f->offset;
	r->payload = keep(c, u->files, u->files_count, sizeof *u->files);
	r->payload_count = (uint32_t)u->files_count;
	keep_listed(c, links_of(c, r), u);
	report_problems(c, r, PACKAGE, &u->problems, f->offset);
	return 0;
}

static const struct catalog_export_handler piece_handler = { .head = on_head,
							     .file = on_file,
							     .update = on_update };

static int malformed_piece(struct catalog_full *f, const char *why, struct error *err)
{
	struct catalog_revision *r = NULL;

	if (f->revision_id && !(r = catalog_record(f->catalog, f->revision_id, err)))
		return -1;
	catalog_report(f->catalog, r, CATALOG_RULE_FRAGMENT_MALFORMED, PACKAGE, f->offset, "", why);
	return 0;
}

static int add_piece(struct catalog_full *f, const void *bytes, size_t len, struct error *err)
{
	struct error fault = ERROR_INIT;

	if (catalog_export_piece(f->pieces, PACKAGE, bytes, len, &fault) == 0)
		return 0;
	if (fault.id != ERROR_CATALOG_LIMIT)
		return malformed_piece(f, fault.message, err);
	*err = fault;
	return -1;
}

/* ---- documents ---- */

/* "en" wins, then the default language, then the language that sorts first. */
static void choose_title(struct catalog *c, struct catalog_revision *r,
			 const struct catalog_document *d)
{
	const struct catalog_document_title *best = NULL;
	int best_rank = -1;

	for (size_t i = 0; i < d->titles_count; i++) {
		const struct catalog_document_title *t = &d->titles[i];
		int rank = strcasecmp(t->language, "en") == 0                  ? 2
			   : strcasecmp(t->language, d->default_language) == 0 ? 1
									       : 0;

		if (rank > best_rank ||
		    (rank == best_rank && strcmp(t->language, best->language) < 0)) {
			best = t;
			best_rank = rank;
		}
	}
	if (!best)
		return;
	r->has_title = true;
	r->title = keep_text(c, best->title);
	r->title_language = keep_text(c, best->language);
}

static void keep_files(struct catalog *c, struct catalog_revision *r,
		       const struct catalog_document *d)
{
	struct catalog_file *files = NULL;
	struct catalog_licence *licences = NULL;

	if (d->files_count > 0)
		files = arena_alloc(&c->arena, d->files_count * sizeof *files);
	for (size_t i = 0; i < d->files_count; i++) {
		files[i] = d->files[i];
		files[i].name = keep_text(c, d->files[i].name);
		files[i].modified = keep_text(c, d->files[i].modified);
		files[i].patching_type = keep_text(c, d->files[i].patching_type);
	}
	if (d->licences_count > 0)
		licences = arena_alloc(&c->arena, d->licences_count * sizeof *licences);
	for (size_t i = 0; i < d->licences_count; i++) {
		licences[i] = d->licences[i];
		licences[i].language = keep_text(c, d->licences[i].language);
	}
	r->files = files;
	r->files_count = (uint32_t)d->files_count;
	r->licences = licences;
	r->licences_count = (uint32_t)d->licences_count;
}

static const struct catalog_group *keep_groups(struct catalog *c, const struct catalog_document *d)
{
	struct catalog_group *groups = NULL;

	if (d->prerequisites_count > 0)
		groups = arena_alloc(&c->arena, d->prerequisites_count * sizeof *groups);
	for (size_t i = 0; i < d->prerequisites_count; i++)
		groups[i] = (struct catalog_group){
			.any_of = keep(c, d->prerequisites[i].any_of, d->prerequisites[i].count,
				       sizeof(struct catalog_guid)),
			.count = d->prerequisites[i].count,
		};
	return groups;
}

static void take_document(struct catalog *c, struct catalog_revision *r,
			  const struct catalog_document *d)
{
	struct catalog_links *l = links_of(c, r);

	r->has_document = true;
	r->core_has_id = d->has_update_id;
	r->core_id = d->update_id;
	r->core_number = d->revision_number;
	r->creation = d->creation;
	r->update_type = keep_text(c, d->update_type);
	r->default_language = keep_text(c, d->default_language);
	r->kb = keep_text(c, d->kb);
	r->severity = keep_text(c, d->severity);
	r->bulletin = keep_text(c, d->bulletin);
	r->is_bundle = d->bundled_count > 0;
	r->prerequisites = keep_groups(c, d);
	r->prerequisites_count = (uint32_t)d->prerequisites_count;
	const char **languages = NULL;
	if (d->languages_count > 0)
		languages = arena_alloc(&c->arena, d->languages_count * sizeof *languages);
	for (size_t i = 0; i < d->languages_count; i++)
		languages[i] = keep_text(c, d->languages[i]);
	r->languages = languages;
	r->languages_count = (uint32_t)d->languages_count;
	l->superseded = keep(c, d->superseded, d->superseded_count, sizeof *d->superseded);
	l->superseded_count = d->superseded_count;
	l->bundled = keep(c, d->bundled, d->bundled_count, sizeof *d->bundled);
	l->bundled_count = d->bundled_count;
	l->category = d->category;
	l->explicitly_deployable = d->explicitly_deployable;
	keep_files(c, r, d);
	choose_title(c, r, d);
}

/* d is NULL for what is no document: why and at which offset of it. */
static int take_parsed(struct catalog_full *f, const struct catalog_document *d, const char *why,
		       uint64_t offset, struct error *err)
{
	struct catalog_revision *r = catalog_record(f->catalog, f->revision_id, err);
	char file[24];

	if (!r)
		return -1;
	snprintf(file, sizeof file, "s/%" PRIu32, f->revision_id);
	if (d) {
		take_document(f->catalog, r, d);
		report_problems(f->catalog, r, file, &d->problems, 0);
	} else {
		r->has_bad_core = true;
		catalog_report(f->catalog, r, CATALOG_RULE_FRAGMENT_MALFORMED, file, offset, "",
			       why);
	}
	return 0;
}

static int add_document(struct catalog_full *f, const void *bytes, size_t len, struct error *err)
{
	struct error fault = ERROR_INIT;
	struct catalog_document d;
	char file[24];

	snprintf(file, sizeof file, "s/%" PRIu32, f->revision_id);
	if (catalog_document_parse(f->documents, file, bytes, len, &d, &fault) < 0)
		return take_parsed(f, NULL, fault.message, catalog_document_fault(f->documents),
				   err);
	return take_parsed(f, &d, "", 0, err);
}

static struct catalog_full *full_of(struct catalog *c, uint32_t revision_id, uint64_t offset)
{
	if (!c->full) {
		c->full = buf_calloc(1, sizeof *c->full);
		c->full->catalog = c;
		c->full->documents = catalog_document_new();
		c->full->pieces = catalog_export_new(&piece_handler, c->full);
	}
	c->full->revision_id = revision_id;
	c->full->offset = offset;
	return c->full;
}

int catalog_full_add(struct catalog *c, char stream, uint32_t revision_id, uint64_t offset,
		     const void *bytes, size_t len, struct error *err)
{
	struct catalog_full *f = full_of(c, revision_id, offset);

	return stream == 's' ? add_document(f, bytes, len, err) : add_piece(f, bytes, len, err);
}

/* A piece of package.xml has no name of its own, a document that of its stream and revision. */
int catalog_full_add_malformed(struct catalog *c, char stream, uint32_t revision_id,
			       uint64_t offset, const struct catalog_malformed *m,
			       struct error *err)
{
	struct catalog_full *f = full_of(c, revision_id, offset);
	bool named = strncmp(m->why, CATALOG_ELSEWHERE, strlen(CATALOG_ELSEWHERE)) == 0;
	const char *rest = named ? m->why + strlen(CATALOG_ELSEWHERE) : m->why;
	char why[sizeof err->message], file[24];

	snprintf(file, sizeof file, "s/%" PRIu32, revision_id);
	snprintf(why, sizeof why, "%s%s", !named ? "" : stream == 's' ? file : PACKAGE, rest);
	return stream == 's' ? take_parsed(f, NULL, why, m->offset, err)
			     : malformed_piece(f, why, err);
}

int catalog_full_add_parsed(struct catalog *c, uint32_t revision_id, uint64_t offset,
			    enum catalog_record_kind kind, const union catalog_piece *piece,
			    struct error *err)
{
	struct catalog_full *f = full_of(c, revision_id, offset);

	if (kind == CATALOG_RECORD_EXPORT_HEAD)
		return on_head(f, &piece->export_head, err);
	if (kind == CATALOG_RECORD_EXPORT_FILE)
		return on_file(f, &piece->export_file, err);
	if (kind == CATALOG_RECORD_EXPORT_UPDATE)
		return on_update(f, &piece->export_update, err);
	if (kind == CATALOG_RECORD_DOCUMENT)
		return take_parsed(f, &piece->document, "", 0, err);
	return 0; /* the languages, which nobody asks for */
}

/* ---- numbers ---- */

static uint32_t place_of(const struct catalog_full_identity *i)
{
	uint64_t h = 0xCBF29CE484222325ull;

	for (size_t b = 0; b < 16; b++)
		h = (h ^ i->update_id.bytes[b]) * 0x100000001B3ull;
	for (unsigned b = 0; b < 32; b += 8)
		h = (h ^ (i->revision_number >> b & 0xFF)) * 0x100000001B3ull;
	h ^= h >> 32;
	return (uint32_t)(h & 0x7FFFFFFF);
}

/* By the place that an identity asks for, then by the identity. */
static int compare_places(const void *left, const void *right, void *ctx)
{
	const struct catalog_full_identity *all = ctx;
	const struct catalog_full_identity *a = &all[*(const uint32_t *)left];
	const struct catalog_full_identity *b = &all[*(const uint32_t *)right];
	int order = memcmp(a->update_id.bytes, b->update_id.bytes, 16);

	if (a->revision_id != b->revision_id)
		return a->revision_id < b->revision_id ? -1 : 1;
	if (order != 0)
		return order;
	return a->revision_number < b->revision_number ? -1
						       : a->revision_number > b->revision_number;
}

void catalog_full_number(struct catalog_full_identity *all, size_t count)
{
	uint32_t *order = buf_calloc(count, sizeof *order), last = 0;

	for (size_t i = 0; i < count; i++) {
		all[i].revision_id = place_of(&all[i]);
		order[i] = (uint32_t)i;
	}
	if (count > 1)
		qsort_r(order, count, sizeof *order, compare_places, all);
	for (size_t i = 0; i < count; i++) {
		struct catalog_full_identity *at = &all[order[i]];

		/* at most LIMIT_CATALOG_UPDATES above 2^31: never wraps */
		if (at->revision_id <= last)
			at->revision_id = last + 1;
		last = at->revision_id;
	}
	free(order);
}
