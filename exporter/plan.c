#include "exporter/plan.h"

#include "exporter/increment.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/rows.h"
#include "lib/store/stored.h"
#include "media/object_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct collecting {
	struct plan *plan;
	const struct increment *increment;
};

static void add_carried(struct plan *p, const struct stored_object *o)
{
	p->objects = buf_grow(p->objects, &p->capacity, p->count, sizeof *p->objects);
	p->objects[p->count++] = *o;
}

static void add_object(const struct collecting *c, const struct stored_object *o)
{
	struct plan *p = c->plan;

	if (!increment_assumes(c->increment, o->id)) {
		add_carried(p, o);
		return;
	}
	p->assumed =
		buf_grow(p->assumed, &p->assumed_capacity, p->assumed_count, sizeof *p->assumed);
	p->assumed[p->assumed_count++] = *o;
}

static int on_object(void *ctx, const struct stored_object *o, struct error *err)
{
	(void)err;
	/* Which listings go, or deltas in their place, is the increment's to say. */
	if (o->kind != OBJECT_CATALOG)
		add_object(ctx, o);
	return 0;
}

static void add_catalogs(struct plan *p, const struct increment *inc)
{
	for (size_t i = 0; i < inc->catalog_count; i++) {
		struct stored_object o = { .kind = OBJECT_CATALOG,
					   .size = inc->catalogs[i].size,
					   .name = "-" };

		memcpy(o.sha256, inc->catalogs[i].sha256, sizeof o.sha256);
		add_carried(p, &o);
	}
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

	(void)err;
	c->plan->wanted++;
	if (f->object->id == 0)
		note_missing(c->plan, f);
	else
		add_object(c, f->object);
	return 0;
}

static struct object_part part_of(const struct stored_object *o)
{
	struct object_part part = { .kind = o->kind, .size = o->size, .has_sha1 = o->has_sha1 };

	memcpy(part.sha256, o->sha256, sizeof part.sha256);
	memcpy(part.sha1, o->sha1, sizeof part.sha1);
	part.name = o->name[0] && strcmp(o->name, "-") != 0 ? o->name : NULL;
	return part;
}

static int compare(const void *a, const void *b)
{
	struct object_part x = part_of(a), y = part_of(b);

	return object_compare(&x, &y);
}

static int compare_digests(const void *a, const void *b)
{
	const struct stored_object *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, sizeof x->sha256);
}

/* One object may be wanted under two SHA-1s or as two kinds: it counts once. */
static size_t sort_and_merge(struct stored_object *objects, size_t count,
			     int (*order)(const void *, const void *))
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(objects, count, sizeof *objects, order);
	for (size_t i = 1; i < count; i++)
		if (memcmp(objects[kept].sha256, objects[i].sha256, DIGEST_SHA256) != 0)
			objects[++kept] = objects[i];
	return kept + 1;
}

static void count_assumed(struct plan *p)
{
	for (size_t i = 0; i < p->assumed_count; i++) {
		const struct stored_object *o = &p->assumed[i];

		p->assumed_bytes += o->size;
		p->assumed_kind_count[o->kind]++;
		p->assumed_kind_bytes[o->kind] += o->size;
	}
}

int plan_make(struct store *s, const struct increment *inc, uint64_t volume_limit, struct plan *out,
	      struct error *err)
{
	struct collecting c = { out, inc };

	*out = (struct plan){ 0 };
	if (rows_each_object(s, on_object, &c, err) < 0 || rows_each_file(s, on_file, &c, err) < 0)
		return -1;
	add_catalogs(out, inc);
	out->count = sort_and_merge(out->objects, out->count, compare);
	out->assumed_count = sort_and_merge(out->assumed, out->assumed_count, compare_digests);
	count_assumed(out);
	uint64_t *sizes = buf_calloc(out->count, sizeof *sizes);
	for (size_t i = 0; i < out->count; i++) {
		const struct stored_object *o = &out->objects[i];

		sizes[i] = o->size;
		out->bytes += o->size;
		out->kind_count[o->kind]++;
		out->kind_bytes[o->kind] += o->size;
	}
	int failed = layout_plan(sizes, out->count, volume_limit, &out->layout, err);
	free(sizes);
	return failed;
}

size_t plan_view(const struct plan *p, int64_t **out)
{
	int64_t *ids = buf_calloc(p->count + p->assumed_count, sizeof *ids);
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->objects[i].kind != OBJECT_CATALOG)
			ids[count++] = p->objects[i].id;
	for (size_t i = 0; i < p->assumed_count; i++)
		ids[count++] = p->assumed[i].id;
	*out = ids;
	return count;
}

struct object_table *plan_table(const struct plan *p, struct error *err)
{
	CLEANUP(object_table_free) struct object_table *t = object_table_new();

	for (size_t i = 0; i < p->assumed_count; i++) {
		struct object_part part = part_of(&p->assumed[i]);

		if (object_table_assume(t, &part, err) < 0)
			return NULL;
	}
	for (size_t i = 0; i < p->layout.count; i++) {
		const struct layout_part *l = &p->layout.parts[i];
		struct object_part part = part_of(&p->objects[l->object]);

		part.volume = l->volume;
		part.offset = l->offset;
		part.first = l->first;
		part.length = l->length;
		if (object_table_add(t, &part, err) < 0)
			return NULL;
	}
	return object_table_finish(t, err) < 0 ? NULL : STEAL(t);
}

void plan_clear(struct plan *p)
{
	layout_clear(&p->layout);
	free(p->objects);
	free(p->assumed);
	*p = (struct plan){ 0 };
}
