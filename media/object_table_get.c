/*
 * What a table answers.  A part is found from its object by binary search over
 * nothing: objects know their first part, pieces know the next one.
 */
#include "media/object_table.h"

#include "lib/base/buf.h"
#include "media/object_record.h"
#include "media/volume.h"

#include <assert.h>
#include <string.h>

const char *object_record_name(const struct object_table *t, const struct object_record *o)
{
	return o->name ? t->names + o->name - 1 : NULL;
}

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

const struct piece *object_record_piece(const struct object_table *t, size_t index)
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

uint32_t object_record_volume(const struct object_table *t, size_t part)
{
	uint32_t low = 0, high = t->volumes - 1;

	/* The last volume that does not begin after the part. */
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;

		if (t->volume_first[middle] <= part)
			low = middle;
		else
			high = middle - 1;
	}
	return low + 1;
}

struct object_part object_table_object(const struct object_table *t, size_t i)
{
	assert(i < t->object_count);
	const struct object_record *o = &t->objects[i];
	struct object_part p = { .has_sha1 = o->packed & 1,
				 .kind = (enum object_kind)(o->packed >> 1 & 127),
				 .size = o->packed >> 8,
				 .name = object_record_name(t, o),
				 .length = o->packed >> 8 };

	memcpy(p.sha256, o->sha256, sizeof p.sha256);
	memcpy(p.sha1, o->sha1, sizeof p.sha1);
	return p;
}

struct object_part object_table_get(const struct object_table *t, size_t i)
{
	assert(i < t->part_count);
	const struct part_record *r = &t->parts[i];
	struct object_part p = object_table_object(t, r->object >> 1);

	p.volume = object_record_volume(t, i);
	p.offset = (uint64_t)r->block * USTAR_BLOCK;
	if (r->object & 1) {
		const struct piece *piece = object_record_piece(t, i);

		p.part = piece->part;
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
		int order = memcmp(object_record_digest(t, middle), sha256, DIGEST_SHA256);

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
	if (!(t->parts[*i].object & 1))
		return 0;
	uint32_t next = object_record_piece(t, *i)->next;

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

/* ---- objects that are not carried ---- */

size_t object_table_assumed_count(const struct object_table *t)
{
	return t->assumed_count;
}

uint64_t object_table_assumed_bytes(const struct object_table *t)
{
	return t->assumed_bytes;
}

struct object_part object_table_assumed_get(const struct object_table *t, size_t i)
{
	assert(i < t->assumed_count);
	const struct assumed_record *a = &t->assumed[i];
	struct object_part p = { .kind = (enum object_kind)(a->packed >> 1 & 127),
				 .size = a->packed >> 8 };

	memcpy(p.sha256, a->sha256, sizeof p.sha256);
	return p;
}

int object_table_assumed_find(const struct object_table *t, const unsigned char sha256[32],
			      size_t *i)
{
	size_t low = 0, high = t->assumed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(t->assumed[middle].sha256, sha256, DIGEST_SHA256);

		if (order == 0) {
			*i = middle;
			return 1;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}
