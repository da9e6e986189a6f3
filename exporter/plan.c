#include "exporter/plan.h"

#include "exporter/increment.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/rows.h"
#include "lib/store/selection.h"
#include "lib/store/stored.h"
#include "media/object_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct object_part part_of(const struct stored_object *o)
{
	struct object_part part = { .kind = o->kind, .size = o->size, .has_sha1 = o->has_sha1 };

	memcpy(part.sha256, o->sha256, sizeof part.sha256);
	memcpy(part.sha1, o->sha1, sizeof part.sha1);
	part.name = o->name[0] && strcmp(o->name, "-") != 0 ? o->name : NULL;
	return part;
}

struct collecting {
	struct plan *plan;
	const struct increment *increment;
};

static int add_carried(struct plan *p, const struct stored_object *o, struct error *err)
{
	struct object_part part = part_of(o);

	return object_table_stage(p->table, &part, err);
}

static int add_object(const struct collecting *c, const struct stored_object *o, struct error *err)
{
	struct plan *p = c->plan;

	p->view = buf_grow(p->view, &p->view_capacity, p->view_count, sizeof *p->view);
	p->view[p->view_count++] = o->id;
	if (!increment_assumes(c->increment, o->id))
		return add_carried(p, o, err);
	p->assumed =
		buf_grow(p->assumed, &p->assumed_capacity, p->assumed_count, sizeof *p->assumed);
	struct plan_assumed *a = &p->assumed[p->assumed_count++];
	memcpy(a->sha256, o->sha256, sizeof a->sha256);
	a->size = o->size;
	a->kind = o->kind;
	return 0;
}

static int on_object(void *ctx, const struct stored_object *o, struct error *err)
{
	/* Which listings go, or deltas in their place, is the increment's to say. */
	return o->kind == OBJECT_CATALOG ? 0 : add_object(ctx, o, err);
}

static int add_catalogs(struct plan *p, const struct increment *inc, struct error *err)
{
	for (size_t i = 0; i < inc->catalog_count; i++) {
		struct stored_object o = { .kind = OBJECT_CATALOG,
					   .size = inc->catalogs[i].size,
					   .name = "-" };

		memcpy(o.sha256, inc->catalogs[i].sha256, sizeof o.sha256);
		if (add_carried(p, &o, err) < 0)
			return -1;
	}
	return 0;
}

static void note_missing(struct plan *p, const struct rows_file *f)
{
	char hex[DIGEST_HEX];

	if (p->missing < sizeof p->missing_names / sizeof *p->missing_names) {
		char *out = p->missing_names[p->missing];

		str_to_hex(f->object->sha1, DIGEST_SHA1, hex);
		if (f->object->name[0])
			snprintf(out, sizeof *p->missing_names, "%.60s", f->object->name);
		else
			snprintf(out, sizeof *p->missing_names, "SHA-1 %s", hex);
	}
	p->missing++;
	p->missing_expected += f->content_expected;
	p->missing_bytes += f->object->size;
}

static int on_file(void *ctx, const struct rows_file *f, struct error *err)
{
	const struct collecting *c = ctx;

	c->plan->wanted++;
	if (f->object->id != 0)
		return add_object(c, f->object, err);
	note_missing(c->plan, f);
	return 0;
}

/* Sizes in canonical order, for the layout. */
static void take_sizes(struct plan *p)
{
	p->count = object_table_objects(p->table);
	p->bytes = object_table_bytes(p->table);
	p->sizes = buf_calloc(p->count, sizeof *p->sizes);
	for (size_t i = 0; i < p->count; i++) {
		struct object_part o = object_table_object(p->table, i);

		p->sizes[i] = o.size;
		p->kind_count[o.kind]++;
		p->kind_bytes[o.kind] += o.size;
	}
}

static int compare_assumed(const void *a, const void *b)
{
	const struct plan_assumed *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, sizeof x->sha256);
}

/* In the order of the table; one object may be wanted under two SHA-1s. */
static void sort_assumed(struct plan *p)
{
	size_t kept = 0;

	if (p->assumed_count > 0)
		qsort(p->assumed, p->assumed_count, sizeof *p->assumed, compare_assumed);
	for (size_t i = 0; i < p->assumed_count; i++) {
		struct plan_assumed *a = &p->assumed[i];

		if (kept > 0 && compare_assumed(&p->assumed[kept - 1], a) == 0)
			continue;
		p->assumed_bytes += a->size;
		p->assumed_kind_count[a->kind]++;
		p->assumed_kind_bytes[a->kind] += a->size;
		p->assumed[kept++] = *a;
	}
	p->assumed_count = kept;
}

int plan_make(struct store *s, const struct increment *inc, struct selection *chosen,
	      uint64_t volume_limit, struct plan *out, struct error *err)
{
	const struct rows_filter filter = { selection_wants, chosen };
	struct collecting c = { out, inc };

	*out = (struct plan){ .table = object_table_new() };
	if (rows_each_object(s, on_object, &c, err) < 0 ||
	    rows_each_file(s, &filter, on_file, &c, err) < 0 || add_catalogs(out, inc, err) < 0)
		return -1;
	sort_assumed(out);
	/* One object may be wanted under two SHA-1s: it is carried once. */
	object_table_sort(out->table);
	take_sizes(out);
	return layout_plan(out->sizes, out->count, volume_limit, &out->layout, err);
}

struct object_table *plan_table(struct plan *p, struct error *err)
{
	CLEANUP(object_table_free) struct object_table *t = STEAL(p->table);

	for (size_t i = 0; i < p->assumed_count; i++) {
		const struct plan_assumed *a = &p->assumed[i];
		struct object_part part = { .kind = a->kind, .size = a->size };

		memcpy(part.sha256, a->sha256, sizeof part.sha256);
		if (object_table_assume(t, &part, err) < 0)
			return NULL;
	}
	free(p->assumed);
	p->assumed = NULL;
	for (size_t i = 0; i < p->layout.count; i++) {
		struct layout_part l = layout_get(&p->layout, i);
		struct object_part place = {
			.volume = l.volume, .offset = l.offset, .first = l.first, .length = l.length
		};

		if (object_table_place(t, l.object, &place, err) < 0)
			return NULL;
	}
	layout_release(&p->layout);
	free(p->sizes);
	p->sizes = NULL;
	return object_table_finish(t, err) < 0 ? NULL : STEAL(t);
}

void plan_clear(struct plan *p)
{
	layout_clear(&p->layout);
	object_table_free(p->table);
	free(p->sizes);
	free(p->assumed);
	free(p->view);
	*p = (struct plan){ 0 };
}
