/*
 * Nearly every object is one part, so an object and a part are small records
 * and only the parts of split objects have an entry in `pieces`.  A part is
 * found from its object by binary search over nothing: objects know their
 * first part, pieces know the next one.
 */
#include "media/object_table.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/manifest.h"
#include "media/text.h"
#include "media/volume.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "OBJECTS";
static const char *const kind_names[OBJECT_KINDS] = { "catalog", "pack", "cabinet", "content" };

struct object_record {
	unsigned char sha256[DIGEST_SHA256];
	unsigned char sha1[DIGEST_SHA1];
	uint32_t name;   /* place in the pool + 1, or 0 */
	uint64_t packed; /* size << 8 | kind << 1 | has_sha1 */
};
_Static_assert(sizeof(struct object_record) == 64, "no padding");

struct part_record {
	uint32_t object;
	uint32_t block; /* data offset / 512: a volume has at most 2^31 blocks */
	uint16_t volume;
	uint16_t part;
};
_Static_assert(sizeof(struct part_record) == 12, "no padding");

/* Where a part of a split object belongs; sorted by index, which is the order of appearance. */
struct piece {
	uint32_t index; /* of the part */
	uint32_t next;  /* index of the following part of the object, 0: none yet */
	uint64_t first, length;
};

/* A split object whose last part has not come yet. */
struct open_split {
	uint32_t object;
	uint32_t piece; /* place in pieces of its newest part */
};

struct object_table {
	struct object_record *objects;
	struct part_record *parts;
	struct piece *pieces;
	uint32_t *first_part; /* index of the first part of each object, in order of digest */
	char *names;
	size_t object_count, object_capacity, part_count, part_capacity;
	size_t piece_count, piece_capacity, names_len, names_capacity;
	uint64_t bytes;
	bool finished;

	uint32_t volumes;
	uint64_t sizes[LIMIT_VOLUMES];        /* with trailer */
	uint32_t volume_first[LIMIT_VOLUMES]; /* first part of volume i + 1 */

	struct open_split open[LIMIT_OPEN_SPLITS];
	size_t open_count;
	struct text_reader reader;
};

const char *object_kind_name(enum object_kind kind)
{
	return kind_names[kind];
}

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

static const char *record_name(const struct object_table *t, const struct object_record *o)
{
	return o->name ? t->names + o->name - 1 : NULL;
}

static uint64_t pack(const struct object_part *p)
{
	return p->size << 8 | (uint64_t)p->kind << 1 | (p->has_sha1 ? 1 : 0);
}

static bool is_same_object(const struct object_table *t, const struct object_record *o,
			   const struct object_part *p)
{
	const char *name = record_name(t, o);

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
		else if (t->parts[last->index].volume == p->volume)
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

static void add_part(struct object_table *t, const struct object_part *p, uint32_t object,
		     uint32_t number)
{
	struct part_record r = { .object = object,
				 .block = (uint32_t)(p->offset / USTAR_BLOCK),
				 .volume = (uint16_t)p->volume,
				 .part = (uint16_t)number };

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
static uint32_t add_piece(struct object_table *t, const struct object_part *p)
{
	t->pieces = buf_grow(t->pieces, &t->piece_capacity, t->piece_count, sizeof *t->pieces);
	t->pieces[t->piece_count] = (struct piece){ .index = (uint32_t)(t->part_count - 1),
						    .first = p->first,
						    .length = p->length };
	return (uint32_t)t->piece_count++;
}

static int add_first(struct object_table *t, const struct object_part *p, struct error *err)
{
	bool split = p->length < p->size;

	if (p->name && strlen(p->name) + 1 > LIMIT_OBJECT_NAMES - t->names_len)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u bytes of names",
				 LIMIT_OBJECT_NAMES);
	if (split && t->open_count >= LIMIT_OPEN_SPLITS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u unfinished objects",
				 LIMIT_OPEN_SPLITS);
	uint32_t object = add_object(t, p);

	add_part(t, p, object, split ? 1 : 0);
	if (split)
		t->open[t->open_count++] = (struct open_split){ object, add_piece(t, p) };
	return 0;
}

static int add_next(struct object_table *t, const struct object_part *p, struct error *err)
{
	struct open_split *open = find_open(t, p, err);

	if (!open)
		return -1;
	uint32_t before = t->pieces[open->piece].index, last = open->piece;

	add_part(t, p, open->object, t->parts[before].part + 1u);
	open->piece = add_piece(t, p);
	t->pieces[last].next = t->pieces[open->piece].index;
	if (p->first + p->length == p->size)
		*open = t->open[--t->open_count];
	return 0;
}

static int add(struct object_table *t, const struct object_part *p, struct error *err)
{
	if (t->part_count >= LIMIT_OBJECTS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u parts", LIMIT_OBJECTS);
	if (check_values(p, err) || check_geometry(t, p, err))
		return -1;
	return p->first == 0 ? add_first(t, p, err) : add_next(t, p, err);
}

int object_table_add(struct object_table *t, const struct object_part *part, struct error *err)
{
	assert(!t->finished);
	if (add(t, part, err))
		return error_wrap(err, "%s line %zu", file_name, t->part_count + 1);
	return 0;
}

/* ---- finishing ---- */

static int compare_digests(const void *left, const void *right, void *ctx)
{
	const struct object_table *t = ctx;
	uint32_t a = t->parts[*(const uint32_t *)left].object;
	uint32_t b = t->parts[*(const uint32_t *)right].object;

	return memcmp(t->objects[a].sha256, t->objects[b].sha256, DIGEST_SHA256);
}

static const unsigned char *digest_at(const struct object_table *t, size_t place)
{
	return t->objects[t->parts[t->first_part[place]].object].sha256;
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
				 file_name, hex);
	}
	t->first_part = buf_malloc(t->object_count * sizeof *t->first_part);
	for (size_t i = 0; i < t->part_count; i++) {
		if (t->parts[i].part <= 1)
			t->first_part[found++] = (uint32_t)i;
	}
	assert(found == t->object_count);
	if (found > 0)
		qsort_r(t->first_part, found, sizeof *t->first_part, compare_digests, t);
	for (size_t i = 1; i < found; i++) {
		if (memcmp(digest_at(t, i - 1), digest_at(t, i), DIGEST_SHA256) == 0) {
			char hex[DIGEST_HEX];

			str_to_hex(digest_at(t, i), DIGEST_SHA256, hex);
			return error_set(err, ERROR_OBJECTS_FORMAT, "%s: object %s appears twice",
					 file_name, hex);
		}
	}
	t->finished = true;
	return 0;
}

/* ---- reading ---- */

size_t object_table_count(const struct object_table *t)
{
	return t->part_count;
}

size_t object_table_objects(const struct object_table *t)
{
	return t->object_count;
}

uint64_t object_table_bytes(const struct object_table *t)
{
	return t->bytes;
}

static const struct piece *find_piece(const struct object_table *t, size_t index)
{
	size_t low = 0, high = t->piece_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->pieces[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	assert(low < t->piece_count && t->pieces[low].index == index);
	return &t->pieces[low];
}

struct object_part object_table_get(const struct object_table *t, size_t i)
{
	assert(i < t->part_count);
	const struct part_record *r = &t->parts[i];
	const struct object_record *o = &t->objects[r->object];
	struct object_part p = { .has_sha1 = o->packed & 1,
				 .kind = (enum object_kind)(o->packed >> 1 & 127),
				 .size = o->packed >> 8,
				 .name = record_name(t, o),
				 .volume = r->volume,
				 .part = r->part,
				 .offset = (uint64_t)r->block * USTAR_BLOCK,
				 .length = o->packed >> 8 };

	memcpy(p.sha256, o->sha256, sizeof p.sha256);
	memcpy(p.sha1, o->sha1, sizeof p.sha1);
	if (r->part > 0) {
		const struct piece *piece = find_piece(t, i);

		p.first = piece->first;
		p.length = piece->length;
	}
	return p;
}

int object_table_find(const struct object_table *t, const unsigned char sha256[32], size_t *i)
{
	size_t low = 0, high = t->object_count;

	assert(t->finished);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(digest_at(t, middle), sha256, DIGEST_SHA256);

		if (order == 0) {
			*i = t->first_part[middle];
			return 1;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

int object_table_next(const struct object_table *t, size_t *i)
{
	assert(*i < t->part_count);
	if (t->parts[*i].part == 0)
		return 0;
	uint32_t next = find_piece(t, *i)->next;

	if (next == 0)
		return 0;
	*i = next;
	return 1;
}

size_t object_table_collect(const struct object_table *t, enum object_kind kind,
			    unsigned char (**out)[32])
{
	size_t count = 0;

	*out = buf_calloc(object_table_objects(t), sizeof **out);
	for (size_t i = 0; i < object_table_count(t); i++) {
		struct object_part p = object_table_get(t, i);

		if (p.kind == kind && p.part <= 1)
			memcpy((*out)[count++], p.sha256, sizeof p.sha256);
	}
	return count;
}

uint32_t object_table_volumes(const struct object_table *t)
{
	return t->volumes;
}

uint64_t object_table_volume_size(const struct object_table *t, uint32_t volume)
{
	assert(volume >= 1 && volume <= t->volumes);
	return t->sizes[volume - 1];
}

const uint64_t *object_table_volume_sizes(const struct object_table *t)
{
	return t->sizes;
}

size_t object_table_volume_first(const struct object_table *t, uint32_t volume)
{
	assert(volume >= 1 && volume <= t->volumes + 1);
	return volume <= t->volumes ? t->volume_first[volume - 1] : t->part_count;
}

int object_table_check(const struct object_table *t, const struct manifest *m, struct error *err)
{
	if (t->volumes != m->volumes)
		return error_set(err, ERROR_MEDIA_MISMATCH, "%s has %u volumes, MANIFEST says %u",
				 file_name, t->volumes, m->volumes);
	if (t->object_count != m->objects || t->bytes != m->object_bytes)
		return error_set(err, ERROR_MEDIA_MISMATCH,
				 "%s has %zu objects of %llu bytes, MANIFEST says %llu of %llu",
				 file_name, t->object_count, (unsigned long long)t->bytes,
				 (unsigned long long)m->objects,
				 (unsigned long long)m->object_bytes);
	return 0;
}

/* ---- bytes ---- */

enum { F_SHA256, F_SIZE, F_KIND, F_SHA1, F_VOLUME, F_OFFSET, F_FIRST, F_LENGTH, F_NAME, FIELDS };

static int parse_kind(const struct text_line *line, const struct text_field *f,
		      enum object_kind *out, struct error *err)
{
	for (int k = 0; k < OBJECT_KINDS; k++) {
		if (text_is(f, kind_names[k])) {
			*out = (enum object_kind)k;
			return 0;
		}
	}
	return text_fail(line, err, "no such kind of object");
}

static int parse_numbers(const struct text_line *line, const struct text_field *f,
			 struct object_part *p, struct error *err)
{
	static const struct text_range size = { "size", 0, LIMIT_OBJECT_BYTES };
	static const struct text_range volume = { "volume", 1, LIMIT_VOLUMES };
	static const struct text_range offset = { "offset", 0, LIMIT_VOLUME_BYTES };
	static const struct text_range first = { "first", 0, LIMIT_OBJECT_BYTES };
	static const struct text_range length = { "length", 0, USTAR_SIZE_MAX };
	uint64_t number = 0;

	if (text_number(line, f + F_SIZE, &size, &p->size, err) ||
	    text_number(line, f + F_VOLUME, &volume, &number, err) ||
	    text_number(line, f + F_OFFSET, &offset, &p->offset, err) ||
	    text_number(line, f + F_FIRST, &first, &p->first, err) ||
	    text_number(line, f + F_LENGTH, &length, &p->length, err))
		return -1;
	p->volume = (uint32_t)number;
	return 0;
}

static int parse_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct object_part p = { .has_sha1 = false };
	struct text_field f[FIELDS];
	char name[OBJECT_NAME_MAX + 1];

	if (text_split(line, f, FIELDS, err) ||
	    text_hex(line, f + F_SHA256, "SHA-256", p.sha256, sizeof p.sha256, err) ||
	    parse_kind(line, f + F_KIND, &p.kind, err) || parse_numbers(line, f, &p, err))
		return -1;
	p.has_sha1 = !text_is(f + F_SHA1, "-");
	if (p.has_sha1 && text_hex(line, f + F_SHA1, "SHA-1", p.sha1, sizeof p.sha1, err))
		return -1;
	if (!text_is(f + F_NAME, "-")) {
		if (!text_is_name(f[F_NAME].bytes, f[F_NAME].len, OBJECT_NAME_MAX))
			return text_fail(line, err, "the name is not 1 to %d of A-Za-z0-9._-",
					 OBJECT_NAME_MAX);
		memcpy(name, f[F_NAME].bytes, f[F_NAME].len);
		name[f[F_NAME].len] = '\0';
		p.name = name;
	}
	return object_table_add(ctx, &p, err);
}

struct object_table *object_table_new(void)
{
	struct object_table *t = buf_calloc(1, sizeof *t);

	t->reader = (struct text_reader){ .file = file_name,
					  .id = ERROR_OBJECTS_FORMAT,
					  .max_bytes = LIMIT_OBJECTS_BYTES,
					  .max_lines = LIMIT_OBJECTS,
					  .line = parse_line,
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
	free(t);
}

int object_table_feed(struct object_table *t, const void *bytes, size_t len, struct error *err)
{
	return text_feed(&t->reader, bytes, len, err);
}

int object_table_write(const struct object_table *t, size_t i, struct buf *out, struct error *err)
{
	struct object_part p = object_table_get(t, i);
	char sha256[DIGEST_HEX], sha1[DIGEST_HEX] = "-";

	str_to_hex(p.sha256, sizeof p.sha256, sha256);
	if (p.has_sha1)
		str_to_hex(p.sha1, sizeof p.sha1, sha1);
	return buf_printf(out, err, "%s %llu %s %s %lu %llu %llu %llu %s\n", sha256,
			  (unsigned long long)p.size, kind_names[p.kind], sha1,
			  (unsigned long)p.volume, (unsigned long long)p.offset,
			  (unsigned long long)p.first, (unsigned long long)p.length,
			  p.name ? p.name : "-");
}
