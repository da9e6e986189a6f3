/*
 * Optical media are counted in sectors of 2048 bytes: the smaller of the + and
 * - variants of a DVD, and Blu-ray with its default spare areas, so that a
 * volume fits whatever blank is bought.  A stick sold as so many GB is taken to
 * hold 15/16 of them.  A profile of a whole medium keeps 1/16 of the capacity,
 * at most RESERVE_MAX, for the file system and the small files, which every
 * medium carries; the rest is for one volume and its parity file.  Who writes a
 * medium checks the exact sum.
 */
#include "media/profile.h"

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "media/layout.h"
#include "media/parity.h"
#include "media/ustar.h"

#include <string.h>

/* The ceilings of OBJECTS and CHUNKS, and 64 MiB for all the rest. */
#define RESERVE_MAX (LIMIT_OBJECTS_BYTES + LIMIT_CHUNKS_BYTES + (64u << 20))
#define RESERVE(capacity) ((capacity) / 16 < RESERVE_MAX ? (capacity) / 16 : RESERVE_MAX)
#define BLOCKS(bytes) ((bytes) / USTAR_BLOCK * USTAR_BLOCK)
#define SECTORS(n) (n) * 2048ull, 0
#define STICK_MAX 2048u /* GB: a volume has at most 1 TiB */

static const struct profile profiles[] = {
	{ "cd", "CD-R of 80 minutes, 737 MB", SECTORS(360000) },
	{ "dvd5", "DVD single layer, 4.7 GB", SECTORS(2295104) },
	{ "dvd9", "DVD double layer, 8.5 GB", SECTORS(4171712) },
	{ "bd25", "Blu-ray single layer, 25 GB", SECTORS(11826176) },
	{ "bd50", "Blu-ray double layer, 50 GB", SECTORS(23652352) },
	{ "bd100", "Blu-ray triple layer, 100 GB", SECTORS(47305728) },
	{ "fat32", "files below 4 GiB, several on one medium", 0, (4ull << 30) - (1u << 20) },
	{ "exfat", "files of 1 TiB, several on one medium", 0, LIMIT_VOLUME_BYTES },
	{ "usb", "files of 13 GiB: with parity one, two or four fit on 16, 32 or 64 GB", 0,
	  13ull << 30 },
	{ "lto", "files of 1 TiB, several on one tape", 0, LIMIT_VOLUME_BYTES },
};
enum { PROFILES = sizeof profiles / sizeof *profiles };

const struct profile *profile_at(size_t i)
{
	return i < PROFILES ? &profiles[i] : NULL;
}

static uint64_t whole_medium(uint64_t capacity)
{
	return parity_volume_within(capacity - RESERVE(capacity));
}

/* "usb:64": a stick sold as 64 GB, for one volume. */
static int stick_limit(const char *text, uint64_t *out, struct error *err)
{
	uint64_t size;

	if (!str_to_u64(text, strlen(text), STICK_MAX, &size) || size == 0)
		return error_set(err, ERROR_MEDIA_PROFILE, "'usb:%.40s': want usb:1 to usb:%u",
				 text, STICK_MAX);
	*out = whole_medium(size * 1000000000u / 16 * 15);
	return 0;
}

int profile_volume_limit(const char *text, uint64_t *out, struct error *err)
{
	uint64_t size;

	for (size_t i = 0; i < PROFILES; i++) {
		const struct profile *p = &profiles[i];

		if (strcmp(text, p->name) == 0) {
			*out = p->capacity ? whole_medium(p->capacity) : p->volume_limit;
			return 0;
		}
	}
	if (strncmp(text, "usb:", 4) == 0)
		return stick_limit(text + 4, out, err);
	if (!str_to_size(text, &size))
		return error_set(err, ERROR_MEDIA_PROFILE, "'%.40s' is no media profile or size",
				 text);
	if (size < LAYOUT_LIMIT_MIN || size > LIMIT_VOLUME_BYTES)
		return error_set(err, ERROR_MEDIA_PROFILE, "'%.40s' is not 1M to 1T", text);
	*out = BLOCKS(size);
	return 0;
}
