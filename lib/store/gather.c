#include "lib/store/gather.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_full.h"
#include "lib/crypto/digest.h"

#include <stdlib.h>
#include <string.h>

struct gather *gather_new(const struct listing_source *source)
{
	struct gather *g = buf_calloc(1, sizeof *g);

	g->source = *source;
	g->catalog = catalog_new();
	return g;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	catalog_free(g->catalog);
	free(g->entries);
	free(g->fragments);
	free(g->packs);
	free(g->listings);
	free(g);
}

void gather_add_entry(struct gather *g, const struct listing_entry *e)
{
	g->entries = buf_grow(g->entries, &g->entry_capacity, g->entry_count, sizeof *g->entries);
	g->entries[g->entry_count++] = *e;
}

bool gather_is_full(const struct gather *g)
{
	return strcmp(g->source.kind, "wsusutil") == 0;
}

int gather_feed(struct gather *g, const struct listing_entry *e, const void *bytes, size_t len,
		struct error *err)
{
	if (gather_is_full(g))
		return catalog_full_add(g->catalog, e->stream, e->revision, e->offset, bytes, len,
					err);
	/* The letters of the listing are the values of the enumeration. */
	return catalog_add_fragment(g->catalog, (enum catalog_stream)e->stream, e->key, e->revision,
				    bytes, len, err);
}

/* A piece of the master document that is none spoils the catalog; a fragment only its revision. */
static int refuse_piece(const struct listing_entry *e, const struct catalog_malformed *m,
			struct error *err)
{
	const char *why = m->why;

	if (strncmp(why, CATALOG_ELSEWHERE, strlen(CATALOG_ELSEWHERE)) == 0)
		why += strlen(CATALOG_ELSEWHERE);
	return error_set(err, (enum error_id)m->error, "package.xml %c/%u%s", e->stream,
			 e->revision, why);
}

/* Whether a record of this kind can be a document of this stream. */
static bool fits(const struct listing_entry *e, enum catalog_record_kind kind,
		 const union catalog_piece *p)
{
	switch (e->stream) {
	case 'h':
		return kind == CATALOG_RECORD_PACKAGE;
	case 'u':
		return kind == CATALOG_RECORD_UPDATE;
	case 'f':
		return kind == CATALOG_RECORD_LOCATION;
	default:
		return kind == CATALOG_RECORD_FRAGMENT && (char)p->fragment.stream == e->stream;
	}
}

static bool fits_full(const struct listing_entry *e, enum catalog_record_kind kind)
{
	switch (e->stream) {
	case 'h':
		return kind == CATALOG_RECORD_EXPORT_HEAD ||
		       kind == CATALOG_RECORD_EXPORT_LANGUAGES;
	case 'u':
		return kind == CATALOG_RECORD_EXPORT_UPDATE;
	case 'f':
		return kind == CATALOG_RECORD_EXPORT_FILE;
	default:
		return kind == CATALOG_RECORD_DOCUMENT;
	}
}

static int take_malformed(struct gather *g, const struct listing_entry *e,
			  const struct catalog_malformed *m, struct error *err)
{
	if (gather_is_full(g))
		return catalog_full_add_malformed(g->catalog, e->stream, e->revision, e->offset, m,
						  err);
	if (strchr("huf", e->stream))
		return refuse_piece(e, m, err);
	return catalog_add_parsed(g->catalog, (enum catalog_stream)e->stream, e->key, e->revision,
				  NULL, m->why, m->offset, err);
}

int gather_take(struct gather *g, const struct listing_entry *e, enum catalog_record_kind kind,
		const union catalog_piece *p, struct error *err)
{
	if (kind == CATALOG_RECORD_MALFORMED)
		return take_malformed(g, e, &p->malformed, err);
	if (!(gather_is_full(g) ? fits_full(e, kind) : fits(e, kind, p)))
		return error_set(err, ERROR_SANDBOX_RECORD,
				 "document %c/%u: a record of another kind", e->stream,
				 e->revision);
	if (gather_is_full(g))
		return catalog_full_add_parsed(g->catalog, e->revision, e->offset, kind, p, err);
	/* Only the first of one RevisionId has no key; packs may hold another one before it. */
	if (kind == CATALOG_RECORD_UPDATE)
		return (*e->key ? catalog_add_again : catalog_add_update)(g->catalog, &p->update,
									  e->offset, err);
	if (kind == CATALOG_RECORD_LOCATION)
		return catalog_add_location(g->catalog, &p->location, e->offset, err);
	if (kind == CATALOG_RECORD_FRAGMENT)
		return catalog_add_parsed(g->catalog, (enum catalog_stream)e->stream, e->key,
					  e->revision, &p->fragment, "", 0, err);
	catalog_set_package(g->catalog, &p->package, e->offset);
	return 0;
}

static int compare_fragments(const void *a, const void *b)
{
	const struct gather_fragment *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, sizeof x->sha256);
}

static bool is_fragment(const struct listing_entry *e)
{
	return strchr("cxles", e->stream) != NULL;
}

static int compare_in_order(const void *a, const void *b)
{
	const struct listing_entry *x = a, *y = b;
	int order = listing_compare(x, y);

	return order ? order : x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Fragments have no place in a document: until they are sorted their offset is their number. */
static void sort_and_drop(struct gather *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->entry_count; i++)
		if (is_fragment(&g->entries[i]))
			g->entries[i].offset = i;
	if (g->entry_count > 0)
		qsort(g->entries, g->entry_count, sizeof *g->entries, compare_in_order);
	for (size_t i = 0; i < g->entry_count; i++) {
		struct listing_entry e = g->entries[i];
		bool fragment = is_fragment(&e);

		e.offset = fragment ? 0 : e.offset;
		if (!fragment || kept == 0 || listing_compare(&g->entries[kept - 1], &e) != 0)
			g->entries[kept++] = e;
	}
	g->entry_count = kept;
}

int gather_sort(struct gather *g, bool first_counts, struct error *err)
{
	if (first_counts)
		sort_and_drop(g);
	else if (g->entry_count > 0)
		qsort(g->entries, g->entry_count, sizeof *g->entries, listing_compare);
	if (g->fragment_count > 0)
		qsort(g->fragments, g->fragment_count, sizeof *g->fragments, compare_fragments);
	for (size_t i = 1; i < g->entry_count; i++)
		if (listing_compare(&g->entries[i - 1], &g->entries[i]) == 0)
			return error_set(err, ERROR_GATHER_DUPLICATE,
					 "%s: document %c/%s/%u comes twice", g->source.name,
					 g->entries[i].stream, g->entries[i].key,
					 g->entries[i].revision);
	return 0;
}

int gather_judge(struct gather *g, struct error *err)
{
	if (catalog_finish(g->catalog, err) < 0)
		return -1;
	catalog_validate(g->catalog);
	catalog_quarantine(g->catalog);
	return 0;
}

int gather_finish(struct gather *g, struct error *err)
{
	return gather_sort(g, false, err) < 0 ? -1 : gather_judge(g, err);
}

const struct gather_fragment *gather_find(const struct gather *g, const unsigned char sha256[32])
{
	struct gather_fragment key;

	if (g->fragment_count == 0)
		return NULL;
	memcpy(key.sha256, sha256, sizeof key.sha256);
	return bsearch(&key, g->fragments, g->fragment_count, sizeof key, compare_fragments);
}

int gather_compare_sources(const struct listing_source *a, const struct listing_source *b)
{
	int order = strcmp(a->kind, b->kind);

	return order ? order : strcmp(a->series, b->series);
}

static int compare_gathers(const void *a, const void *b)
{
	const struct gather *const *x = a, *const *y = b;

	return gather_compare_sources(&(*x)->source, &(*y)->source);
}

void gather_root(struct gather **sources, size_t count, unsigned char out[32])
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	char line[LISTING_LINE_SIZE * 2];

	if (count > 0)
		qsort(sources, count, sizeof *sources, compare_gathers);
	digest_update(d, "gapferry-catalog 1\n", 19);
	for (size_t i = 0; i < count; i++) {
		digest_update(d, line, listing_root_source(&sources[i]->source, line));
		for (size_t k = 0; k < sources[i]->entry_count; k++)
			digest_update(d, line, listing_root_line(&sources[i]->entries[k], line));
	}
	digest_final(d, out);
}
