#include "importer/export_split.h"

#include "importer/export_set.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 1024 };

/* Revisions that refer to each other, directly or not. */
struct part {
	uint32_t root;  /* of its items */
	uint32_t first; /* of its items in the order */
	struct catalog_guid product;
	uint64_t bytes;
};

struct split {
	const struct export_set *set;
	uint64_t limit;
	bool *is_base;        /* by item: it goes into the first package */
	uint32_t *parent;     /* by item: union-find */
	uint32_t *stands;     /* by update: the first of its items to be exported, or ABSENT */
	uint64_t *file_bytes; /* by item: its rows in the list of files */
	struct part *parts;
	size_t count;
	uint32_t *part_of; /* by item, at its root */
};

static void split_clear(struct split *s)
{
	free(s->is_base);
	free(s->parent);
	free(s->stands);
	free(s->file_bytes);
	free(s->parts);
	free(s->part_of);
}
DEFINE_CLEANUP_IN_PLACE(struct split, split_clear);

static uint32_t root_of(struct split *s, uint32_t i)
{
	while (s->parent[i] != i)
		i = s->parent[i] = s->parent[s->parent[i]];
	return i;
}

static void join(struct split *s, uint32_t a, uint32_t b)
{
	a = root_of(s, a);
	b = root_of(s, b);
	if (a != b)
		s->parent[a < b ? b : a] = a < b ? a : b;
}

typedef void visit_other(struct split *s, uint32_t item, uint32_t other);

/* Every item that can be exported and that this one refers to. */
static void each_reference(struct split *s, uint32_t i, visit_other *visit)
{
	const struct export_order_item *o = &s->set->relations[i];

	for (size_t at = 0; at < o->groups_len; at += o->groups[at] + 1)
		for (size_t k = 1; k <= o->groups[at]; k++) {
			uint32_t update = o->groups[at + k];

			if (update != EXPORT_ORDER_ABSENT &&
			    s->stands[update] != EXPORT_ORDER_ABSENT)
				visit(s, i, s->stands[update]);
		}
	for (size_t k = 0; k < o->children_count; k++)
		visit(s, i, o->children[k]);
}

/* ---- the first package: all that categories and detectoids need ---- */

static void mark_base(struct split *s, uint32_t item, uint32_t other)
{
	(void)item;
	s->is_base[other] = true;
}

static void find_base(struct split *s)
{
	const struct export_order *o = &s->set->order;

	for (size_t k = 0; k < o->count; k++)
		s->is_base[o->order[k]] = s->set->items[o->order[k]].is_base;
	/* What is referred to comes before, so one pass from the end reaches it all. */
	for (size_t k = o->count; k-- > 0;)
		if (s->is_base[o->order[k]])
			each_reference(s, o->order[k], mark_base);
}

/* ---- parts ---- */

static void join_reference(struct split *s, uint32_t item, uint32_t other)
{
	if (!s->is_base[other])
		join(s, item, other);
}

/* All revisions of an update share its part, so that one of them can stand for them. */
static void find_stands(struct split *s)
{
	size_t count = s->set->item_count;

	s->stands = buf_malloc((count + 1) * sizeof *s->stands);
	memset(s->stands, 0xFF, (count + 1) * sizeof *s->stands);
	for (size_t k = 0; k < s->set->order.count; k++) {
		uint32_t i = s->set->order.order[k], update = s->set->relations[i].update;

		if (s->stands[update] == EXPORT_ORDER_ABSENT)
			s->stands[update] = i;
		join(s, i, s->stands[update]);
	}
}

static void take_product(struct part *p, const struct catalog_guid *id)
{
	static const struct catalog_guid none;

	if (memcmp(&p->product, &none, sizeof none) == 0 || memcmp(id, &p->product, sizeof *id) < 0)
		p->product = *id;
}

static void note_products(const struct split *s, struct part *p, uint32_t i)
{
	const struct export_item *item = &s->set->items[i];
	const struct export_order_item *o = &s->set->relations[i];

	for (size_t k = 0; k < item->products_count; k++)
		take_product(p, &item->products[k]);
	for (size_t at = 0; at < o->groups_len; at += o->groups[at] + 1)
		for (size_t k = 1; k <= o->groups[at]; k++) {
			uint32_t update = o->groups[at + k];
			uint32_t to = update == EXPORT_ORDER_ABSENT ? update : s->stands[update];

			if (to != EXPORT_ORDER_ABSENT && s->set->items[to].is_product)
				take_product(p, &s->set->items[to].update_id);
		}
}

static uint64_t bytes_of(const struct split *s, uint32_t i)
{
	const struct export_item *item = &s->set->items[i];

	return item->record_bytes + item->package_bytes + s->file_bytes[i];
}

static void make_parts(struct split *s)
{
	const struct export_order *o = &s->set->order;

	s->parts = buf_calloc(o->count, sizeof *s->parts);
	s->part_of = buf_malloc((s->set->item_count + 1) * sizeof *s->part_of);
	memset(s->part_of, 0xFF, (s->set->item_count + 1) * sizeof *s->part_of);
	for (size_t k = 0; k < o->count; k++) {
		uint32_t i = o->order[k], root = root_of(s, i);

		if (s->is_base[i])
			continue;
		if (s->part_of[root] == UINT32_MAX) {
			s->part_of[root] = (uint32_t)s->count;
			s->parts[s->count++] = (struct part){ .root = root, .first = (uint32_t)k };
		}
		struct part *p = &s->parts[s->part_of[root]];
		p->bytes += bytes_of(s, i);
		note_products(s, p, i);
	}
}

/* ---- files: counted with every revision that lists them ---- */

static int compare_files(const void *left, const void *right)
{
	const struct export_listed *a = left, *b = right;

	return memcmp(&a->sha1, &b->sha1, sizeof a->sha1);
}

static void count_files(struct split *s)
{
	size_t count = s->set->file_count;
	struct export_listed *all = buf_calloc(count, sizeof *all);

	s->file_bytes = buf_calloc(s->set->item_count, sizeof *s->file_bytes);
	if (count > 0) {
		memcpy(all, s->set->files, count * sizeof *all);
		qsort(all, count, sizeof *all, compare_files);
	}
	for (size_t i = 0; i < s->set->item_count; i++)
		for (size_t k = 0; count > 0 && k < s->set->items[i].listed_count; k++) {
			struct export_listed key = { .sha1 = s->set->items[i].listed[k] };
			const struct export_listed *f =
				bsearch(&key, all, count, sizeof key, compare_files);

			/* Every character may have to be escaped: "&quot;". */
			if (f)
				s->file_bytes[i] += 96 + 6 * (strlen(f->url) + strlen(f->name));
		}
	free(all);
}

/* ---- packages ---- */

static int by_product(const void *left, const void *right)
{
	const struct part *a = left, *b = right;
	int order = memcmp(&a->product, &b->product, sizeof a->product);

	return order ? order : a->first < b->first ? -1 : a->first > b->first;
}

uint64_t export_split_head(const struct export_set *set)
{
	return HEAD + set->sources[0].languages_len;
}

static int too_large(const struct split *s, uint64_t bytes, const struct part *p, struct error *err)
{
	char guid[STR_GUID_SIZE] = "";

	if (p)
		str_from_guid(p->product.bytes, guid);
	return error_set(err, ERROR_WSUS_FOLDER,
			 "%s%s: %llu bytes that belong together, a package holds %llu",
			 p ? "product " : "categories and detectoids", guid,
			 (unsigned long long)bytes, (unsigned long long)s->limit);
}

/* Products one after the other; one that does not fit beside others begins a package. */
static int fill(struct split *s, uint32_t *out, struct error *err)
{
	uint64_t head = export_split_head(s->set), used = head;
	uint32_t package = 0;
	const struct export_order *o = &s->set->order;
	uint32_t *places = buf_calloc(s->count, sizeof *places); /* part -> package */
	int failed = 0;

	for (size_t k = 0; k < o->count; k++)
		if (s->is_base[o->order[k]])
			used += bytes_of(s, o->order[k]);
	if (used > s->limit)
		failed = too_large(s, used, NULL, err);
	if (s->count > 1)
		qsort(s->parts, s->count, sizeof *s->parts, by_product);
	for (size_t i = 0; i < s->count && !failed;) {
		uint64_t product = 0;
		size_t end = i;

		while (end < s->count && memcmp(&s->parts[end].product, &s->parts[i].product,
						sizeof s->parts[i].product) == 0)
			product += s->parts[end++].bytes;
		bool together = product <= s->limit - head;
		for (; i < end && !failed; i++) {
			uint64_t want = together ? product : s->parts[i].bytes;

			if (s->parts[i].bytes > s->limit - head)
				failed = too_large(s, head + s->parts[i].bytes, &s->parts[i], err);
			else if (want > s->limit - used) {
				package++;
				used = head;
			}
			places[i] = package;
			used += s->parts[i].bytes;
			product -= together ? s->parts[i].bytes : 0;
		}
	}
	for (size_t i = 0; i < s->count; i++)
		s->part_of[s->parts[i].root] = places[i];
	for (size_t k = 0; k < o->count; k++) {
		uint32_t item = o->order[k];

		out[item] = s->is_base[item] ? 0 : s->part_of[root_of(s, item)];
	}
	free(places);
	return failed ? -1 : (int)package + 1;
}

int export_split_make(const struct export_set *set, uint64_t limit, uint32_t **out,
		      struct error *err)
{
	CLEANUP(split_clear)
	struct split s = { .set = set,
			   .limit = limit,
			   .is_base = buf_calloc(set->item_count, sizeof *s.is_base),
			   .parent = buf_calloc(set->item_count, sizeof *s.parent) };
	uint32_t *packages = buf_calloc(set->item_count, sizeof *packages);

	for (size_t i = 0; i < set->item_count; i++)
		s.parent[i] = (uint32_t)i;
	find_stands(&s);
	find_base(&s);
	for (size_t k = 0; k < set->order.count; k++)
		if (!s.is_base[set->order.order[k]])
			each_reference(&s, set->order.order[k], join_reference);
	count_files(&s);
	make_parts(&s);
	int count = fill(&s, packages, err);
	if (count < 0)
		free(packages);
	else
		*out = packages;
	return count;
}
