/*
 * Optical media are counted in sectors of 2048 bytes: the smaller of the + and
 * - variants of a DVD, and Blu-ray with its default spare areas, so that a
 * volume fits whatever blank is bought.  A profile of a whole medium keeps
 * 1/16 of the capacity, at most RESERVE_MAX, for the file system and the small
 * files, which every medium carries; who writes a medium checks the exact sum.
 */
#include "media/profile.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "media/layout.h"
#include "media/ustar.h"

#include <string.h>

/* The ceilings of OBJECTS and CHUNKS, and 64 MiB for all the rest. */
#define RESERVE_MAX (LIMIT_OBJECTS_BYTES + LIMIT_CHUNKS_BYTES + (64u << 20))
#define RESERVE(capacity) ((capacity) / 16 < RESERVE_MAX ? (capacity) / 16 : RESERVE_MAX)
#define BLOCKS(bytes) ((bytes) / USTAR_BLOCK * USTAR_BLOCK)
#define WHOLE(sectors) (sectors) * 2048ull, BLOCKS((sectors)*2048ull - RESERVE((sectors)*2048ull))

static const struct profile profiles[] = {
	{ "cd", "CD-R of 80 minutes, 737 MB", WHOLE(360000ull) },
	{ "dvd5", "DVD single layer, 4.7 GB", WHOLE(2295104ull) },
	{ "dvd9", "DVD double layer, 8.5 GB", WHOLE(4171712ull) },
	{ "bd25", "Blu-ray single layer, 25 GB", WHOLE(11826176ull) },
	{ "bd50", "Blu-ray double layer, 50 GB", WHOLE(23652352ull) },
	{ "bd100", "Blu-ray triple layer, 100 GB", WHOLE(47305728ull) },
	{ "fat32", "files below 4 GiB, several on one medium", 0, BLOCKS((4ull << 30) - 1) },
	{ "usb", "files of 14 GiB: one, two or four fit on 16, 32 or 64 GB", 0, 14ull << 30 },
	{ "lto", "files of 1 TiB, several on one tape", 0, LIMIT_VOLUME_BYTES },
};
enum { PROFILES = sizeof profiles / sizeof *profiles };

const struct profile *profile_at(size_t i)
{
	return i < PROFILES ? &profiles[i] : NULL;
}

int profile_volume_limit(const char *text, uint64_t *out, struct error *err)
{
	uint64_t size;

	for (size_t i = 0; i < PROFILES; i++) {
		if (strcmp(text, profiles[i].name) == 0) {
			*out = profiles[i].volume_limit;
			return 0;
		}
	}
	if (!str_to_size(text, &size))
		return error_set(err, ERROR_MEDIA_PROFILE, "'%.40s' is no media profile or size",
				 text);
	if (size < LAYOUT_LIMIT_MIN || size > LIMIT_VOLUME_BYTES)
		return error_set(err, ERROR_MEDIA_PROFILE, "'%.40s' is not 1M to 1T", text);
	*out = BLOCKS(size);
	return 0;
}
