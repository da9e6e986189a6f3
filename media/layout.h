/*
 * Where every byte of a bundle goes: a pure, deterministic plan
 * (docs/FORMAT.md "Layout").  Sizes in, places out; no names, no files.
 */
#ifndef MEDIA_LAYOUT_H
#define MEDIA_LAYOUT_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;

#define LAYOUT_LIMIT_MIN (1u << 20) /* smallest volume limit */

/* Where length bytes of an object, from first on, are stored: an answer of layout_get(). */
struct layout_part {
	uint32_t object; /* index into the sizes given */
	uint32_t volume; /* from 1 */
	uint64_t offset; /* in the volume, of the first byte of data */
	uint64_t first, length;
};

/*
 * Eight bytes for each part, which lie in order of (volume, offset), and 24 more for each of an
 * object that is split: those lie in order of (object, volume).
 */
struct layout {
	struct layout_place *places;
	struct layout_split *splits;
	size_t count, split_count, split_capacity;
	uint32_t *volume_first; /* index of the first part of volume i + 1; ends with count */
	const uint64_t *sizes;  /* borrowed from the caller of layout_plan() */
	uint64_t whole_max;     /* longest object that is one part */
	uint32_t volumes;
	uint64_t bytes; /* of all volumes together */
};

/*
 * Place count objects, given by their sizes in canonical order (object_compare()), into volumes
 * of at most limit bytes each, headers, padding and trailer included.  An object is split only
 * when it does not fit into an empty volume or has 8 GiB or more.  The result depends on the
 * arguments alone.  sizes is borrowed until layout_clear().  *out must be zero and is the caller's
 * to clear either way.  Time grows with count * log(volumes).  -1 with MEDIA_PROFILE for a limit
 * outside LAYOUT_LIMIT_MIN.. LIMIT_VOLUME_BYTES, LAYOUT_VOLUMES when more than LIMIT_VOLUMES would
 * be needed or LIMIT_OPEN_SPLITS objects would be unfinished at once, MEDIA_LIMIT for an object
 * past LIMIT_OBJECT_BYTES or more parts or chunks than a bundle may have.
 */
int layout_plan(const uint64_t *sizes, size_t count, uint64_t limit, struct layout *out,
		struct error *err) __attribute__((nonnull(4, 5), warn_unused_result));

/* Part i in [0, count), in order of (volume, offset). */
struct layout_part layout_get(const struct layout *l, size_t i) __attribute__((nonnull));

/* Forget the places; volumes and bytes stay. */
void layout_release(struct layout *l) __attribute__((nonnull));

void layout_clear(struct layout *l);
DEFINE_CLEANUP_IN_PLACE(struct layout, layout_clear);

#endif
