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

static struct object_part part_of(const struct stored_object *o)
{
	struct object_part part = { .kind = o->kind, .size = o->size, .has_sha1 = o->has_sha1 };

	memcpy(part.sha256, o->sha256, sizeof part.sha256);
	memcpy(part.sha1, o->sha1, sizeof part.sha1);
	part.name = o->name[0] && strcmp(o->name, "-") != 0 ? o->name : NULL;
	return part;
}

static int add_object(struct plan *p, const struct stored_object *o, struct error *err)
{
	struct object_part part = part_of(o);

	return object_table_stage(p->table, &part, err);
}

static int on_object(void *ctx, const struct stored_object *o, struct error *err)
{
	return add_object(ctx, o, err);
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

	p->wanted++;
	if (f->object->id != 0)
		return add_object(p, f->object, err);
	note_missing(p, f);
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

int plan_make(struct store *s, uint64_t volume_limit, struct plan *out, struct error *err)
{
	*out = (struct plan){ .table = object_table_new() };
	if (rows_each_object(s, on_object, out, err) < 0 ||
	    rows_each_file(s, on_file, out, err) < 0)
		return -1;
	/* One object may be wanted under two SHA-1s: it is carried once. */
	object_table_sort(out->table);
	take_sizes(out);
	return layout_plan(out->sizes, out->count, volume_limit, &out->layout, err);
}

struct object_table *plan_table(struct plan *p, struct error *err)
{
	CLEANUP(object_table_free) struct object_table *t = STEAL(p->table);

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
	*p = (struct plan){ 0 };
}
