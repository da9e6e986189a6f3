#include "lib/store/relist.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/pack/delta.h"
#include "lib/pack/pack.h"
#include "lib/store/doclist.h"
#include "lib/store/gather.h"
#include "lib/unpack/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parts of deltas, sorted so that those of one delta lie together, and its source's as well. */
struct parts {
	struct delta *items;
	size_t count, capacity;
};

static void parts_clear(struct parts *p)
{
	for (size_t i = 0; i < p->count; i++)
		delta_clear(&p->items[i]);
	free(p->items);
	*p = (struct parts){ 0 };
}
DEFINE_CLEANUP_IN_PLACE(struct parts, parts_clear);

void relist_clear(struct relist *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->objects[i].bytes);
	for (size_t i = 0; i < r->gone_count; i++)
		free(r->gone[i].revisions);
	free(r->objects);
	free(r->missing);
	free(r->gone);
	*r = (struct relist){ 0 };
}

static struct relist_object *add_object(struct relist *r, const unsigned char sha256[32])
{
	r->objects = buf_grow(r->objects, &r->capacity, r->count, sizeof *r->objects);
	struct relist_object *o = &r->objects[r->count++];

	*o = (struct relist_object){ .bytes = NULL };
	memcpy(o->sha256, sha256, sizeof o->sha256);
	return o;
}

const struct relist_object *relist_find(const struct relist *r, const unsigned char sha256[32])
{
	for (size_t i = 0; i < r->count; i++)
		if (r->objects[i].bytes && memcmp(r->objects[i].sha256, sha256, 32) == 0)
			return &r->objects[i];
	return NULL;
}

/* ---- what the bundle carries ---- */

static int read_catalog(const struct relist_request *request, const unsigned char sha256[32],
			struct parts *parts, struct relist *out, struct error *err)
{
	CLEANUP(free) unsigned char *packed = NULL, *text = NULL;
	char label[DIGEST_HEX];
	size_t packed_len, len;

	str_to_hex(sha256, DIGEST_SHA256, label);
	if (request->fetch(request->ctx, sha256, &packed, &packed_len, err) < 0 ||
	    unpack_text(request->unpack, packed, packed_len, LIMIT_LISTING_BYTES, label, &text,
			&len, err) < 0)
		return -1;
	if (!delta_is(text, len)) {
		add_object(out, sha256);
		return 0;
	}
	parts->items = buf_grow(parts->items, &parts->capacity, parts->count, sizeof *parts->items);
	if (delta_parse(text, len, label, &parts->items[parts->count], err) < 0)
		return -1;
	parts->count++;
	return 0;
}

static int compare_parts(const void *a, const void *b)
{
	const struct delta *x = a, *y = b;
	int order = gather_compare_sources(&x->source, &y->source);

	if (order == 0)
		order = memcmp(x->base, y->base, sizeof x->base);
	return order ? order : x->part < y->part ? -1 : x->part > y->part;
}

static bool same_delta(const struct delta *a, const struct delta *b)
{
	return gather_compare_sources(&a->source, &b->source) == 0 &&
	       memcmp(a->base, b->base, sizeof a->base) == 0;
}

static bool same_source(const struct listing_source *a, const struct listing_source *b)
{
	return gather_compare_sources(a, b) == 0 &&
	       memcmp(a->cabinet, b->cabinet, sizeof a->cabinet) == 0 &&
	       a->cabinet_size == b->cabinet_size && a->created == b->created &&
	       strcmp(a->name, b->name) == 0;
}

static int contradiction(const struct delta *d, struct error *err)
{
	return error_set(err, ERROR_GATHER_INCOMPLETE,
			 "source %s %s: its deltas are not complete, or contradict each other",
			 d->source.kind, d->source.series);
}

/* All parts of one delta put together; *at moves behind them. */
static int join_parts(struct parts *parts, size_t *at, struct delta *out, struct error *err)
{
	struct delta *first = &parts->items[*at];
	uint32_t want = first->parts;

	*out = *first;
	*first = (struct delta){ .count = 0 };
	for (uint32_t k = 1; k <= want; k++) {
		struct delta *part = k == 1 ? out : &parts->items[*at + k - 1];

		if (k > 1 && (*at + k - 1 >= parts->count || !same_delta(out, part)))
			return contradiction(out, err);
		if (part->part != k || part->parts != want || part->documents != out->documents ||
		    memcmp(part->result, out->result, sizeof out->result) != 0 ||
		    !same_source(&part->source, &out->source))
			return contradiction(out, err);
		for (size_t i = 0; k > 1 && i < part->count; i++) {
			if (out->count > 0 && listing_compare(&out->changes[out->count - 1].entry,
							      &part->changes[i].entry) >= 0)
				return contradiction(out, err);
			out->changes = buf_grow(out->changes, &out->capacity, out->count,
						sizeof *out->changes);
			out->changes[out->count++] = part->changes[i];
		}
	}
	*at += want;
	return 0;
}

/* ---- one source ---- */

static void note_missing(struct relist *out, const unsigned char digest[32])
{
	out->missing = buf_grow(out->missing, &out->missing_capacity, out->missing_count,
				sizeof *out->missing);
	memcpy(out->missing[out->missing_count++], digest, 32);
}

static void note_gone(struct relist *out, const struct delta *d)
{
	out->gone = buf_grow(out->gone, &out->gone_capacity, out->gone_count, sizeof *out->gone);
	struct relist_gone *g = &out->gone[out->gone_count++];

	*g = (struct relist_gone){ .count = 0 };
	snprintf(g->kind, sizeof g->kind, "%s", d->source.kind);
	snprintf(g->series, sizeof g->series, "%s", d->source.series);
	for (size_t i = 0; i < d->count; i++) {
		const struct delta_change *c = &d->changes[i];

		if (c->kind != DELTA_REMOVE || c->entry.stream != 'u')
			continue;
		g->revisions = buf_grow(g->revisions, &g->capacity, g->count, sizeof *g->revisions);
		g->revisions[g->count++] = c->entry.revision;
	}
}

static int compare_revisions(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

bool relist_withdraws(const struct relist *r, const char *kind, const char *series,
		      uint32_t revision)
{
	for (size_t i = 0; i < r->gone_count; i++) {
		const struct relist_gone *g = &r->gone[i];

		if (strcmp(g->kind, kind) == 0 && strcmp(g->series, series) == 0)
			return g->count > 0 && bsearch(&revision, g->revisions, g->count,
						       sizeof revision, compare_revisions);
	}
	return false;
}

static int write_listings(const struct listing_source *source, const struct delta_list *list,
			  struct relist *out, struct error *err)
{
	size_t parts = (list->count + LISTING_PART_ENTRIES - 1) / LISTING_PART_ENTRIES;

	if (parts == 0)
		parts = 1;
	for (size_t k = 0; k < parts; k++) {
		CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_LISTING_BYTES);
		CLEANUP(buf_clear) struct buf packed = BUF_INIT(SIZE_MAX);
		size_t first = k * LISTING_PART_ENTRIES, left = list->count - first;
		struct listing l = { .source = *source,
				     .part = (uint32_t)k + 1,
				     .parts = (uint32_t)parts,
				     .entries = list->entries + first,
				     .count = left < LISTING_PART_ENTRIES ? left
									  : LISTING_PART_ENTRIES };
		unsigned char sha256[32];

		if (listing_write(&l, &text, err) < 0 ||
		    pack_compress(text.bytes, text.len, &packed, err) < 0)
			return -1;
		digest_sha256(packed.bytes, packed.len, sha256);
		struct relist_object *o = add_object(out, sha256);
		o->len = packed.len;
		o->bytes = buf_take(&packed);
	}
	return 0;
}

static int apply(struct store *store, struct doclist *base, const struct delta *d,
		 struct relist *out, struct error *err)
{
	CLEANUP(delta_list_clear) struct delta_list list = { 0 };

	if (doclist_load(store, base, err) < 0)
		return -1;
	note_gone(out, d);
	if (d->count == 0 && same_source(&base->source, &d->source)) {
		for (size_t i = 0; i < base->object_count; i++)
			add_object(out, base->objects[i]);
		return 0;
	}
	if (delta_apply(&base->list, d, &list, err) < 0)
		return -1;
	return write_listings(&d->source, &list, out, err);
}

static int find_base(const struct relist_request *request, const struct listing_source *source,
		     const unsigned char digest[32], struct doclist *out, struct error *err)
{
	int row = request->find ? request->find(request->ctx, source, digest, out, err) : 0;

	if (row != 0 || !request->store)
		return row;
	return doclist_find(request->store, request->channel_id, source, digest, out, err);
}

/* The deltas of one source are alternatives: the one whose base is newest here is applied. */
static int resolve_source(const struct relist_request *request, struct parts *parts, size_t *at,
			  struct relist *out, struct error *err)
{
	CLEANUP(delta_clear) struct delta best = { .count = 0 };
	CLEANUP(doclist_clear) struct doclist base = { 0 };
	size_t missing = out->missing_count;
	struct listing_source source = parts->items[*at].source;
	bool found = false;

	while (*at < parts->count &&
	       gather_compare_sources(&parts->items[*at].source, &source) == 0) {
		CLEANUP(delta_clear) struct delta d = { .count = 0 };
		CLEANUP(doclist_clear) struct doclist known = { 0 };
		struct error unusable = ERROR_INIT; /* the list is asked for again */

		if (join_parts(parts, at, &d, err) < 0)
			return -1;
		note_missing(out, d.base);
		int row = find_base(request, &source, d.base, &known, err);
		if (row < 0)
			return -1;
		if (row == 0 || (found && known.sequence < base.sequence) ||
		    doclist_load(request->store, &known, &unusable) < 0)
			continue;
		struct delta other = best;
		struct doclist other_base = base;
		best = d;
		d = other;
		base = known;
		known = other_base;
		found = true;
	}
	if (!found)
		return 0;
	out->missing_count = missing;
	return apply(request->store, &base, &best, out, err);
}

static int compare_missing(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

int relist_make(const struct relist_request *request, struct relist *out, struct error *err)
{
	CLEANUP(relist_clear) struct relist r = { 0 };
	CLEANUP(parts_clear) struct parts parts = { 0 };
	size_t at = 0, kept = 0;

	if (request->catalog_count > LIMIT_LISTINGS)
		return error_set(err, ERROR_LISTING_FORMAT, "%zu catalog objects, at most %u",
				 request->catalog_count, LIMIT_LISTINGS);
	for (size_t i = 0; i < request->catalog_count; i++)
		if (read_catalog(request, request->catalogs[i], &parts, &r, err) < 0)
			return -1;
	if (parts.count > 0)
		qsort(parts.items, parts.count, sizeof *parts.items, compare_parts);
	while (at < parts.count)
		if (resolve_source(request, &parts, &at, &r, err) < 0)
			return -1;
	if (r.missing_count > 0)
		qsort(r.missing, r.missing_count, sizeof *r.missing, compare_missing);
	for (size_t i = 0; i < r.missing_count; i++)
		if (i == 0 || compare_missing(r.missing[kept - 1], r.missing[i]) != 0)
			memmove(r.missing[kept++], r.missing[i], 32);
	r.missing_count = kept;
	*out = r;
	r = (struct relist){ 0 };
	return 0;
}
