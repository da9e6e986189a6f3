#include "media/layout.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/volume.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A power of two above LIMIT_VOLUMES. */
enum { LEAVES = 16384 };
_Static_assert(LIMIT_VOLUMES < LEAVES, "one leaf per volume");

struct layout_place {
	uint32_t object;
	uint32_t block; /* offset / 512 */
};

struct layout_split {
	uint32_t object, volume;
	uint64_t first, length;
};

struct plan {
	uint32_t parts[LEAVES + 1]; /* of each volume, by its number */
	uint64_t room;              /* bytes for members in an empty volume: a multiple of 512 */
	uint64_t part_max;          /* data of a part that is not the first: whole blocks */
	/* Bytes free: volume v is left[LEAVES + v - 1], a parent is the larger of its children. */
	uint64_t left[2 * LEAVES];
	struct layout *out;
};

static void set_left(struct plan *p, uint32_t volume, uint64_t left)
{
	size_t i = LEAVES + volume - 1u;

	p->left[i] = left;
	for (i /= 2; i > 0; i /= 2) {
		uint64_t a = p->left[2 * i], b = p->left[2 * i + 1];

		p->left[i] = a > b ? a : b;
	}
}

/* The first volume after `after` with need > 0 bytes free, or 0. */
static uint32_t find_volume(const struct plan *p, uint64_t need, uint32_t after)
{
	size_t i = LEAVES + (size_t)after;

	/* Go right, climbing where a subtree ends; i is 0 after the last one. */
	while (p->left[i] < need) {
		while (i & 1)
			i /= 2;
		if (i == 0)
			return 0;
		i++;
	}
	while (i < LEAVES)
		i = 2 * i + (p->left[2 * i] < need);
	return (uint32_t)(i - LEAVES + 1);
}

/* As find_volume(), opening a new volume when there is none; 0 with err set. */
static uint32_t choose_volume(struct plan *p, uint64_t need, uint32_t after, struct error *err)
{
	uint32_t volume = find_volume(p, need, after);

	if (volume > 0)
		return volume;
	if (p->out->volumes >= LIMIT_VOLUMES) {
		error_set(err, ERROR_LAYOUT_VOLUMES, "more than %u volumes of this size are needed",
			  LIMIT_VOLUMES);
		return 0;
	}
	set_left(p, ++p->out->volumes, p->room);
	return p->out->volumes;
}

/* Store one part in a volume after *volume and return which through it. */
static int place(struct plan *p, struct layout_part part, uint32_t *volume, struct error *err)
{
	uint64_t need = volume_member_bytes(part.length);
	struct layout *out = p->out;

	if (!out->places && out->count >= LIMIT_OBJECTS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u parts", LIMIT_OBJECTS);
	part.volume = choose_volume(p, need, *volume, err);
	if (part.volume == 0)
		return -1;
	uint64_t left = p->left[LEAVES + part.volume - 1u];

	part.offset = p->room - left + VOLUME_FIRST_DATA;
	set_left(p, part.volume, left - need);
	*volume = part.volume;
	if (!out->places) {
		p->parts[part.volume]++;
		out->count++;
		return 0;
	}
	/* Each first one ends up where the next volume begins. */
	out->places[out->volume_first[part.volume]++] =
		(struct layout_place){ part.object, (uint32_t)(part.offset / USTAR_BLOCK) };
	if (out->sizes[part.object] <= out->whole_max)
		return 0;
	out->splits =
		buf_grow(out->splits, &out->split_capacity, out->split_count, sizeof *out->splits);
	out->splits[out->split_count++] =
		(struct layout_split){ part.object, part.volume, part.first, part.length };
	return 0;
}

/*
 * The parts of one object go to volumes of ascending number, one each.  The
 * first part is the short one: it fills up an earlier volume, and the others
 * fill a volume each.
 */
static int place_object(struct plan *p, uint32_t object, uint64_t size, struct error *err)
{
	struct layout_part part = { .object = object, .length = size };
	uint32_t volume = 0;

	if (size <= p->out->whole_max)
		return place(p, part, &volume, err);
	part.length = size % p->part_max ? size % p->part_max : p->part_max;
	while (part.first < size) {
		if (place(p, part, &volume, err))
			return -1;
		part.first += part.length;
		part.length = p->part_max;
	}
	return 0;
}

static int place_all(struct plan *p, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (place_object(p, (uint32_t)i, p->out->sizes[i], err))
			return -1;
	return 0;
}

/* Where the first part of each volume goes, as they are counted; all volumes are empty again. */
static void make_places(struct plan *p)
{
	struct layout *l = p->out;

	l->places = buf_malloc((l->count + 1) * sizeof *l->places);
	l->volume_first = buf_calloc((size_t)l->volumes + 2, sizeof *l->volume_first);
	for (uint32_t v = 1; v <= l->volumes; v++)
		l->volume_first[v + 1] = l->volume_first[v] + p->parts[v];
	l->volumes = 0;
	memset(p->left, 0, sizeof p->left);
}

static int count_bytes(const struct plan *p, struct error *err)
{
	uint64_t chunks = 0;

	for (uint32_t v = 0; v < p->out->volumes; v++) {
		uint64_t size = p->room - p->left[LEAVES + v] + USTAR_TRAILER;

		p->out->bytes += size;
		chunks += volume_chunks(size);
	}
	if (chunks > LIMIT_CHUNKS)
		return error_set(err, ERROR_MEDIA_LIMIT, "the bundle has more than %u chunks of %u",
				 LIMIT_CHUNKS, VOLUME_CHUNK);
	return 0;
}

/* A reader keeps only so many objects in mind that have begun and not ended. */
static int check_unfinished(const struct layout *l, struct error *err)
{
	size_t unfinished = 0;

	if (l->split_count == 0)
		return 0;
	for (size_t i = 0; i < l->count; i++) {
		if (l->sizes[l->places[i].object] <= l->whole_max)
			continue;
		struct layout_part part = layout_get(l, i);

		if (part.first + part.length == l->sizes[part.object])
			unfinished--;
		else if (part.first == 0 && ++unfinished > LIMIT_OPEN_SPLITS)
			return error_set(err, ERROR_LAYOUT_VOLUMES,
					 "more than %u objects would be split over later volumes",
					 LIMIT_OPEN_SPLITS);
	}
	return 0;
}

static void free_plan(struct plan *p)
{
	free(p);
}
DEFINE_CLEANUP(struct plan *, free_plan);

int layout_plan(const uint64_t *sizes, size_t count, uint64_t limit, struct layout *out,
		struct error *err)
{
	if (limit < LAYOUT_LIMIT_MIN || limit > LIMIT_VOLUME_BYTES)
		return error_set(err, ERROR_MEDIA_PROFILE, "volume limit %llu: not 1 MiB to 1 TiB",
				 (unsigned long long)limit);
	if (count > LIMIT_OBJECTS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u objects", LIMIT_OBJECTS);
	struct plan *p CLEANUP(free_plan) = buf_calloc(1, sizeof *p);

	p->out = out;
	p->room = (limit - USTAR_TRAILER) / USTAR_BLOCK * USTAR_BLOCK;
	out->sizes = sizes;
	out->whole_max = p->room - USTAR_BLOCK;
	if (out->whole_max > USTAR_SIZE_MAX)
		out->whole_max = USTAR_SIZE_MAX;
	p->part_max = out->whole_max / USTAR_BLOCK * USTAR_BLOCK;
	for (size_t i = 0; i < count; i++)
		if (sizes[i] > LIMIT_OBJECT_BYTES)
			return error_set(err, ERROR_MEDIA_LIMIT, "object %zu has %llu bytes", i,
					 (unsigned long long)sizes[i]);
	/* Twice, first to count: sorting millions of parts would need room for all of them again.
	 */
	if (place_all(p, count, err))
		return -1;
	make_places(p);
	if (place_all(p, count, err))
		return -1;
	if (count_bytes(p, err))
		return -1;
	return check_unfinished(out, err);
}

static uint32_t volume_of(const struct layout *l, size_t i)
{
	uint32_t low = 0, high = l->volumes - 1;

	/* The last volume that does not begin after part i. */
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;

		if (l->volume_first[middle] <= i)
			low = middle;
		else
			high = middle - 1;
	}
	return low + 1;
}

static const struct layout_split *find_split(const struct layout *l, uint32_t object,
					     uint32_t volume)
{
	size_t low = 0, high = l->split_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct layout_split *s = &l->splits[middle];

		if (s->object < object || (s->object == object && s->volume < volume))
			low = middle + 1;
		else
			high = middle;
	}
	assert(low < l->split_count);
	return &l->splits[low];
}

struct layout_part layout_get(const struct layout *l, size_t i)
{
	assert(i < l->count);
	struct layout_part part = { .object = l->places[i].object,
				    .volume = volume_of(l, i),
				    .offset = (uint64_t)l->places[i].block * USTAR_BLOCK,
				    .length = l->sizes[l->places[i].object] };

	if (part.length > l->whole_max) {
		const struct layout_split *s = find_split(l, part.object, part.volume);

		part.first = s->first;
		part.length = s->length;
	}
	return part;
}

void layout_release(struct layout *l)
{
	free(l->places);
	free(l->splits);
	free(l->volume_first);
	*l = (struct layout){ .volumes = l->volumes, .bytes = l->bytes };
}

void layout_clear(struct layout *l)
{
	layout_release(l);
	*l = (struct layout){ .places = NULL };
}
