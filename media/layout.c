#include "media/layout.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "media/volume.h"

#include <stdlib.h>
#include <string.h>

/* A volume that may still take something; used counts members, not the trailer. */
struct open_volume {
	uint32_t number;
	uint64_t used;
};

struct plan {
	uint64_t room;      /* bytes for members in an empty volume: a multiple of 512 */
	uint64_t whole_max; /* longest object that is one member */
	uint64_t part_max;  /* data of a part that is not the first: whole blocks */
	struct open_volume open[LAYOUT_OPEN_VOLUMES]; /* ascending by number */
	size_t open_count;
	uint64_t sizes[LIMIT_VOLUMES]; /* of volume i + 1, without trailer */
	struct layout *out;
};

static void forget(struct plan *p, size_t i)
{
	p->open_count--;
	memmove(&p->open[i], &p->open[i + 1], (p->open_count - i) * sizeof p->open[0]);
}

/* Make room in the list: the fullest volume is the one least likely to be of use. */
static void forget_fullest(struct plan *p)
{
	size_t fullest = 0;

	for (size_t i = 1; i < p->open_count; i++) {
		if (p->open[i].used > p->open[fullest].used)
			fullest = i;
	}
	forget(p, fullest);
}

static struct open_volume *begin_volume(struct plan *p, struct error *err)
{
	if (p->out->volumes >= LIMIT_VOLUMES) {
		error_set(err, ERROR_LAYOUT_VOLUMES, "more than %u volumes of this size are needed",
			  LIMIT_VOLUMES);
		return NULL;
	}
	if (p->open_count == LAYOUT_OPEN_VOLUMES)
		forget_fullest(p);
	p->open[p->open_count] = (struct open_volume){ .number = ++p->out->volumes };
	return &p->open[p->open_count++];
}

/* The first volume after `after` with room for need bytes, or a new one. */
static struct open_volume *choose(struct plan *p, uint64_t need, uint32_t after, struct error *err)
{
	for (size_t i = 0; i < p->open_count; i++) {
		if (p->open[i].number > after && p->room - p->open[i].used >= need)
			return &p->open[i];
	}
	return begin_volume(p, err);
}

/* Store one part and return its volume through *volume. */
static int place(struct plan *p, struct layout_part part, uint32_t *volume, struct error *err)
{
	uint64_t need = volume_member_bytes(part.length);
	struct open_volume *v = choose(p, need, *volume, err);
	struct layout *out = p->out;

	if (!v)
		return -1;
	if (out->count >= LIMIT_OBJECTS)
		return error_set(err, ERROR_MEDIA_LIMIT, "more than %u parts", LIMIT_OBJECTS);
	part.volume = v->number;
	part.offset = v->used + VOLUME_FIRST_DATA;
	out->parts = buf_grow(out->parts, &out->capacity, out->count, sizeof *out->parts);
	out->parts[out->count++] = part;
	v->used += need;
	p->sizes[v->number - 1] = v->used;
	*volume = v->number;
	if (p->room - v->used < USTAR_BLOCK)
		forget(p, (size_t)(v - p->open));
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

	if (size <= p->whole_max)
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

/* Counting sort by volume; parts of a volume were placed in order of offset already. */
static void sort_parts(struct layout *l)
{
	size_t *start = buf_calloc((size_t)l->volumes + 2, sizeof *start);
	struct layout_part *sorted = buf_malloc(l->count * sizeof *sorted);

	for (size_t i = 0; i < l->count; i++)
		start[l->parts[i].volume + 1]++;
	for (size_t v = 1; v <= (size_t)l->volumes + 1; v++)
		start[v] += start[v - 1];
	for (size_t i = 0; i < l->count; i++)
		sorted[start[l->parts[i].volume]++] = l->parts[i];
	free(start);
	free(l->parts);
	l->parts = sorted;
	l->capacity = l->count;
}

static int count_bytes(const struct plan *p, struct error *err)
{
	uint64_t chunks = 0;

	for (uint32_t v = 0; v < p->out->volumes; v++) {
		p->out->bytes += p->sizes[v] + USTAR_TRAILER;
		chunks += volume_chunks(p->sizes[v] + USTAR_TRAILER);
	}
	if (chunks > LIMIT_CHUNKS)
		return error_set(err, ERROR_MEDIA_LIMIT, "the bundle has more than %u chunks of %u",
				 LIMIT_CHUNKS, VOLUME_CHUNK);
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
	p->whole_max = p->room - USTAR_BLOCK;
	if (p->whole_max > USTAR_SIZE_MAX)
		p->whole_max = USTAR_SIZE_MAX;
	p->part_max = p->whole_max / USTAR_BLOCK * USTAR_BLOCK;
	for (size_t i = 0; i < count; i++) {
		if (sizes[i] > LIMIT_OBJECT_BYTES)
			return error_set(err, ERROR_MEDIA_LIMIT, "object %zu has %llu bytes", i,
					 (unsigned long long)sizes[i]);
		if (place_object(p, (uint32_t)i, sizes[i], err))
			return -1;
	}
	sort_parts(out);
	return count_bytes(p, err);
}

void layout_clear(struct layout *l)
{
	free(l->parts);
	*l = (struct layout){ .parts = NULL };
}
