#include "media/object_table.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "media/object_record.h"
#include "media/volume.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int object_compare(const struct object_part *a, const struct object_part *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return memcmp(a->sha256, b->sha256, sizeof a->sha256);
}

void object_member(const struct object_part *p, char out[OBJECT_MEMBER_SIZE])
{
	static const char *const suffixes[OBJECT_KINDS] = { ".zst", ".zst", ".cab", "" };
	char hex[DIGEST_HEX];

	str_to_hex(p->sha256, sizeof p->sha256, hex);
	if (p->part > 0)
		snprintf(out, OBJECT_MEMBER_SIZE, "%s.p%04u", hex, (unsigned)p->part % 10000u);
	else
		snprintf(out, OBJECT_MEMBER_SIZE, "%s%s", hex, suffixes[p->kind]);
}

/* ---- life ---- */

struct object_table *object_table_new(void)
{
	struct object_table *t = buf_calloc(1, sizeof *t);

	t->reader = (struct text_reader){ .file = OBJECT_FILE,
					  .id = ERROR_OBJECTS_FORMAT,
					  .max_bytes = LIMIT_OBJECTS_BYTES,
					  .max_lines = LIMIT_OBJECTS,
					  .line = object_record_line,
					  .ctx = t };
	return t;
}

void object_table_free(struct object_table *t)
{
	if (!t)
		return;
	free(t->objects);
	free(t->parts);
	free(t->pieces);
	free(t->first_part);
	free(t->names);
	free(t->assumed);
	free(t);
}

/* ---- adding ---- */

static int check_values(const struct object_part *p, struct error *err)
{
	uint64_t end;

	if (p->kind >= OBJECT_KINDS)
		return error_set(err, ERROR_OBJECTS_FORMAT, "no such kind of object");
	if (p->size > LIMIT_OBJECT_BYTES)
		return error_set(err, ERROR_OBJECTS_FORMAT, "an object of %llu bytes",
				 (unsigned long long)p->size);
	if (p->length > USTAR_SIZE_MAX)
		return error_set(err, ERROR_OBJECTS_FORMAT, "a part of 8 GiB or more");
	if (__builtin_add_overflow(p->first, p->length, &end) || end > p->size)
		return error_set(err, ERROR_OBJECTS_FORMAT, "a part that ends after its object");
	if (p->length == 0 && p->size != 0)
		return error_set(err, ERROR_OBJECTS_FORMAT, "a part without bytes");
	if (p->name && !text_is_name(p->name, strlen(p->name), OBJECT_NAME_MAX))
		return error_set(err, ERROR_OBJECTS_FORMAT,
				 "a name that is not 1 to %d of A-Za-z0-9._-", OBJECT_NAME_MAX);
	return 0;
}

/* Where the next data of this volume must start, from the sizes so far. */
static int check_geometry(const struct object_table *t, const struct object_part *p,
			  struct error *err)
{
	bool fresh = p->volume == t->volumes + 1;
	uint64_t want = VOLUME_FIRST_DATA;

	if (p->volume < 1 || p->volume > LIMIT_VOLUMES || (!fresh && p->volume != t->volumes))
		return error_set(err, ERROR_OBJECTS_FORMAT, "volume %u is out of order", p->volume);
	if (!fresh)
		want = t->sizes[p->volume - 1] - USTAR_TRAILER + USTAR_BLOCK;
	if (p->offset != want)
		return error_set(err, ERROR_OBJECTS_FORMAT, "offset %llu, must be %llu",
				 (unsigned long long)p->offset, (unsigned long long)want);
	if (want - USTAR_BLOCK + volume_member_bytes(p->length) + USTAR_TRAILER >
	    LIMIT_VOLUME_BYTES)
		return error_set(err, ERROR_MEDIA_LIMIT, "volume %u is larger than %llu bytes",
				 p->volume, (unsigned long long)LIMIT_VOLUME_BYTES);
	return 0;
}

static uint64_t pack(const struct object_part *p)
{
	return p->size << 8 | (uint64_t)p->kind << 1 | (p->has_sha1 ? 1 : 0);
}

static bool is_same_object(const struct object_table *t, const struct object_record *o,
			   const struct object_part *p)
{
	const char *name = object_record_name(t, o);

	return o->packed == pack(p) &&
	       (!p->has_sha1 || memcmp(o->sha1, p->sha1, DIGEST_SHA1) == 0) && !name == !p->name &&
	       (!name || strcmp(name, p->name) == 0);
}

/* The open split that p continues, or NULL with err set. */
static struct open_split *find_open(struct object_table *t, const struct object_part *p,
				    struct error *err)
{
	for (size_t i = 0; i < t->open_count; i++) {
		const struct object_record *o = &t->objects[t->open[i].object];
		const struct piece *last = &t->pieces[t->open[i].piece];

		if (memcmp(o->sha256, p->sha256, DIGEST_SHA256) != 0)
			continue;
		if (!is_same_object(t, o, p))
			error_set(err, ERROR_OBJECTS_FORMAT,
				  "the parts of an object disagree about it");
		else if (last->first + last->length != p->first)
			error_set(err, ERROR_OBJECTS_FORMAT,
				  "a part that starts at %llu, must be %llu",
				  (unsigned long long)p->first,
				  (unsigned long long)(last->first + last->length));
		else if (object_record_volume(t, last->index) == p->volume)
			error_set(err, ERROR_OBJECTS_FORMAT,
				  "two parts of an object in one volume");
		else
			return &t->open[i];
		return NULL;
	}
	error_set(err, ERROR_OBJECTS_FORMAT, "a part whose object has not begun");
	return NULL;
}

static uint32_t add_name(struct object_table *t, const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0, at = t->names_len;

	if (!name)
		return 0;
	while (t->names_capacity < at + size)
		t->names = buf_grow(t->names, &t->names_capacity, t->names_capacity, 1);
	memcpy(t->names + at, name, size);
	t->names_len += size;
	return (uint32_t)at + 1;
}

static uint32_t add_object(struct object_table *t, const struct object_part *p)
{
	struct object_record o = { .packed = pack(p) };

	memcpy(o.sha256, p->sha256, sizeof o.sha256);
	if (p->has_sha1)
		memcpy(o.sha1, p->sha1, sizeof o.sha1);
	o.name = add_name(t, p->name);
	t->objects = buf_grow(t->objects, &t->object_capacity, t->object_count, sizeof *t->objects);
	t->objects[t->object_count] = o;
	t->bytes += p->size;
	return (uint32_t)t->object_count++;
}

static void add_part(struct object_table *t, const struct object_part *p, uint32_t object)
{
	struct part_record r = { .object = object << 1 | (p->length < p->size),
				 .block = (uint32_t)(p->offset / USTAR_BLOCK) };

	if (p->volume > t->volumes) {
		t->volumes = p->volume;
		t->sizes[p->volume - 1] = USTAR_TRAILER;
		t->volume_first[p->volume - 1] = (uint32_t)t->part_count;
	}
	t->sizes[p->volume - 1] += volume_member_bytes(p->length);
	t->parts = buf_grow(t->parts, &t->part_capacity, t->part_count, sizeof *t->parts);
	t->parts[t->part_count++] = r;
}

/* The part just added is a piece of a split object; returns its place in pieces. */
static uint32_t add_piece(struct object_table *t, const struct object_part *p, uint32_t number)
{
	t->pieces = buf_grow(t->pieces, &t->piece_capacity, t->piece_count, sizeof *t->pieces);
	t->pieces[t->piece_count] = (struct piece){ .index = (uint32_t)(t->part_count - 1),
						    .part = number,
						    .first = p->first,
						    .length = p->length };
	return (uint32_t)t->piece_count++;
}

static int check_room(const struct object_table *t, const struct object_part *p, struct error *err)
{
	if (p->name && strlen(p->name) + 1 > LIMIT_OBJECT_NAMES - t->names_len)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u bytes of names",
				 LIMIT_OBJECT_NAMES);
	if (t->object_count >= LIMIT_OBJECTS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u objects", LIMIT_OBJECTS);
	return 0;
}

/* The first part of an object that the table has, or (object NULL) that begins now. */
static int add_first(struct object_table *t, const struct object_part *p, const size_t *object,
		     struct error *err)
{
	bool split = p->length < p->size;

	if (split && t->open_count >= LIMIT_OPEN_SPLITS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u unfinished objects",
				 LIMIT_OPEN_SPLITS);
	if (!object && check_room(t, p, err))
		return -1;
	uint32_t index = object ? (uint32_t)*object : add_object(t, p);

	add_part(t, p, index);
	if (split)
		t->open[t->open_count++] = (struct open_split){ index, add_piece(t, p, 1) };
	return 0;
}

static int add_next(struct object_table *t, const struct object_part *p, struct error *err)
{
	struct open_split *open = find_open(t, p, err);

	if (!open)
		return -1;
	uint32_t last = open->piece;

	add_part(t, p, open->object);
	open->piece = add_piece(t, p, t->pieces[last].part + 1);
	t->pieces[last].next = t->pieces[open->piece].index;
	if (p->first + p->length == p->size)
		*open = t->open[--t->open_count];
	return 0;
}

static int add(struct object_table *t, const struct object_part *p, const size_t *object,
	       struct error *err)
{
	if (t->part_count + t->assumed_count >= LIMIT_OBJECTS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u parts", LIMIT_OBJECTS);
	if (check_values(p, err) || check_geometry(t, p, err))
		return -1;
	return p->first == 0 ? add_first(t, p, object, err) : add_next(t, p, err);
}

int object_table_add(struct object_table *t, const struct object_part *part, struct error *err)
{
	assert(!t->finished);
	if (add(t, part, NULL, err))
		return error_wrap(err, "%s line %zu", OBJECT_FILE,
				  t->assumed_count + t->part_count + 1);
	return 0;
}

/* ---- objects first, their places later ---- */

int object_table_stage(struct object_table *t, const struct object_part *object, struct error *err)
{
	struct object_part o = *object;

	assert(!t->finished && t->part_count == 0);
	/* Names are for people: those past the ceiling are left out. */
	if (o.name && strlen(o.name) + 1 > LIMIT_OBJECT_NAMES - t->names_len)
		o.name = NULL;
	if (check_room(t, &o, err))
		return error_wrap(err, "%s", OBJECT_FILE);
	add_object(t, &o);
	return 0;
}

static int compare_records(const void *left, const void *right)
{
	const struct object_record *a = left, *b = right;
	uint64_t kind_a = a->packed >> 1 & 127, kind_b = b->packed >> 1 & 127;

	if (kind_a != kind_b)
		return kind_a < kind_b ? -1 : 1;
	if (a->packed >> 8 != b->packed >> 8)
		return a->packed > b->packed ? -1 : 1;
	return memcmp(a->sha256, b->sha256, sizeof a->sha256);
}

void object_table_sort(struct object_table *t)
{
	size_t kept = 0;

	assert(t->part_count == 0);
	if (t->object_count > 0)
		qsort(t->objects, t->object_count, sizeof *t->objects, compare_records);
	for (size_t i = 0; i < t->object_count; i++) {
		if (kept > 0 && compare_records(&t->objects[kept - 1], &t->objects[i]) == 0)
			t->bytes -= t->objects[i].packed >> 8;
		else
			t->objects[kept++] = t->objects[i];
	}
	t->object_count = kept;
}

int object_table_place(struct object_table *t, size_t object, const struct object_part *place,
		       struct error *err)
{
	struct object_part p = object_table_object(t, object);

	assert(!t->finished);
	p.volume = place->volume;
	p.offset = place->offset;
	p.first = place->first;
	p.length = place->length;
	if (add(t, &p, &object, err))
		return error_wrap(err, "%s line %zu", OBJECT_FILE,
				  t->assumed_count + t->part_count + 1);
	return 0;
}

/* ---- objects that are not carried ---- */

static int assume(struct object_table *t, const struct object_part *p, struct error *err)
{
	struct assumed_record a = { .packed = pack(p) };

	if (t->part_count > 0)
		return error_set(err, ERROR_OBJECTS_FORMAT, "an assumed object after carried ones");
	if (t->assumed_count >= LIMIT_OBJECTS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u objects", LIMIT_OBJECTS);
	if (p->kind >= OBJECT_KINDS || p->kind == OBJECT_CATALOG)
		return error_set(err, ERROR_OBJECTS_FORMAT, "no kind that can be assumed");
	if (p->size > LIMIT_OBJECT_BYTES)
		return error_set(err, ERROR_OBJECTS_FORMAT, "an object of %llu bytes",
				 (unsigned long long)p->size);
	if (p->has_sha1 || p->name || p->volume != 0 || p->offset != 0 || p->first != 0 ||
	    p->length != 0)
		return error_set(err, ERROR_OBJECTS_FORMAT,
				 "an assumed object has digest, size and kind, nothing else");
	if (t->assumed_count > 0 &&
	    memcmp(t->assumed[t->assumed_count - 1].sha256, p->sha256, DIGEST_SHA256) >= 0)
		return error_set(err, ERROR_OBJECTS_FORMAT,
				 "the assumed objects are not sorted and unique");
	memcpy(a.sha256, p->sha256, sizeof a.sha256);
	t->assumed =
		buf_grow(t->assumed, &t->assumed_capacity, t->assumed_count, sizeof *t->assumed);
	t->assumed[t->assumed_count++] = a;
	t->assumed_bytes += p->size;
	return 0;
}

int object_table_assume(struct object_table *t, const struct object_part *object, struct error *err)
{
	assert(!t->finished);
	if (assume(t, object, err))
		return error_wrap(err, "%s line %zu", OBJECT_FILE,
				  t->assumed_count + t->part_count + 1);
	return 0;
}

/* ---- finishing ---- */

static int compare_digests(const void *left, const void *right, void *ctx)
{
	const struct object_table *t = ctx;

	return memcmp(object_record_of(t, *(const uint32_t *)left)->sha256,
		      object_record_of(t, *(const uint32_t *)right)->sha256, DIGEST_SHA256);
}

/* Nothing is both carried and assumed: both lists are sorted. */
static int check_assumed(const struct object_table *t, struct error *err)
{
	size_t carried = 0;

	for (size_t i = 0; i < t->assumed_count; i++) {
		const unsigned char *sha256 = t->assumed[i].sha256;

		while (carried < t->object_count &&
		       memcmp(object_record_digest(t, carried), sha256, DIGEST_SHA256) < 0)
			carried++;
		if (carried < t->object_count &&
		    memcmp(object_record_digest(t, carried), sha256, DIGEST_SHA256) == 0) {
			char hex[DIGEST_HEX];

			str_to_hex(sha256, DIGEST_SHA256, hex);
			return error_set(err, ERROR_OBJECTS_FORMAT,
					 "%s: object %s is both assumed and carried", OBJECT_FILE,
					 hex);
		}
	}
	return 0;
}

int object_table_finish(struct object_table *t, struct error *err)
{
	size_t found = 0;

	assert(!t->finished);
	if (text_finish(&t->reader, err))
		return -1;
	if (t->open_count > 0) {
		char hex[DIGEST_HEX];

		str_to_hex(t->objects[t->open[0].object].sha256, DIGEST_SHA256, hex);
		return error_set(err, ERROR_OBJECTS_FORMAT, "%s: object %s is not complete",
				 OBJECT_FILE, hex);
	}
	t->first_part = buf_malloc(t->object_count * sizeof *t->first_part);
	for (size_t i = 0, piece = 0; i < t->part_count; i++) {
		/* Pieces are in the order of their parts. */
		if (!(t->parts[i].object & 1) || t->pieces[piece++].part == 1)
			t->first_part[found++] = (uint32_t)i;
	}
	assert(found == t->object_count);
	if (found > 0)
		qsort_r(t->first_part, found, sizeof *t->first_part, compare_digests, t);
	for (size_t i = 1; i < found; i++) {
		if (memcmp(object_record_digest(t, i - 1), object_record_digest(t, i),
			   DIGEST_SHA256) == 0) {
			char hex[DIGEST_HEX];

			str_to_hex(object_record_digest(t, i), DIGEST_SHA256, hex);
			return error_set(err, ERROR_OBJECTS_FORMAT, "%s: object %s appears twice",
					 OBJECT_FILE, hex);
		}
	}
	if (check_assumed(t, err))
		return -1;
	t->finished = true;
	return 0;
}

int object_table_check(const struct object_table *t, const struct manifest *m, struct error *err)
{
	if (t->volumes != m->volumes)
		return error_set(err, ERROR_MEDIA_MISMATCH, "%s has %u volumes, MANIFEST says %u",
				 OBJECT_FILE, t->volumes, m->volumes);
	if (t->object_count != m->objects || t->bytes != m->object_bytes)
		return error_set(err, ERROR_MEDIA_MISMATCH,
				 "%s has %zu objects of %llu bytes, MANIFEST says %llu of %llu",
				 OBJECT_FILE, t->object_count, (unsigned long long)t->bytes,
				 (unsigned long long)m->objects,
				 (unsigned long long)m->object_bytes);
	if (t->assumed_count != m->assumed || t->assumed_bytes != m->assumed_bytes)
		return error_set(
			err, ERROR_MEDIA_MISMATCH,
			"%s assumes %zu objects of %llu bytes, MANIFEST says %llu of %llu",
			OBJECT_FILE, t->assumed_count, (unsigned long long)t->assumed_bytes,
			(unsigned long long)m->assumed, (unsigned long long)m->assumed_bytes);
	return 0;
}
