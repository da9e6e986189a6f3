#include "exporter/plan.h"

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

static void add_object(struct plan *p, const struct stored_object *o)
{
	p->objects = buf_grow(p->objects, &p->capacity, p->count, sizeof *p->objects);
	p->objects[p->count++] = *o;
}

static int on_object(void *ctx, const struct stored_object *o, struct error *err)
{
	(void)err;
	add_object(ctx, o);
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
	struct plan *p = ctx;

	(void)err;
	p->wanted++;
	if (f->object->id == 0)
		note_missing(p, f);
	else
		add_object(p, f->object);
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

/* One object may be wanted under two SHA-1s or as two kinds: carry it once. */
static void sort_and_merge(struct plan *p)
{
	size_t kept = 0;

	if (p->count == 0)
		return;
	qsort(p->objects, p->count, sizeof *p->objects, compare);
	for (size_t i = 1; i < p->count; i++)
		if (memcmp(p->objects[kept].sha256, p->objects[i].sha256, DIGEST_SHA256) != 0)
			p->objects[++kept] = p->objects[i];
	p->count = kept + 1;
}

int plan_make(struct store *s, uint64_t volume_limit, struct plan *out, struct error *err)
{
	*out = (struct plan){ 0 };
	if (rows_each_object(s, on_object, out, err) < 0 ||
	    rows_each_file(s, on_file, out, err) < 0)
		return -1;
	sort_and_merge(out);
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

struct object_table *plan_table(const struct plan *p, struct error *err)
{
	CLEANUP(object_table_free) struct object_table *t = object_table_new();

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
	*p = (struct plan){ 0 };
}
