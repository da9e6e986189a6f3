#include "media/segment.h"

#include "lib/base/limits.h"
#include "media/volume.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS_AT = 10, DIGITS_MAX = 10 };

void segment_name(uint32_t volume, uint64_t chunk, char out[SEGMENT_NAME_SIZE])
{
	assert(volume >= 1 && volume <= LIMIT_VOLUMES && chunk <= LIMIT_CHUNKS);
	snprintf(out, SEGMENT_NAME_SIZE, "vol-%04u.s%06u", (unsigned)volume % 10000u,
		 (unsigned)chunk);
}

bool segment_parse(const char *name, size_t len, uint32_t *volume, uint64_t *chunk)
{
	char again[SEGMENT_NAME_SIZE];
	uint32_t v = 0;
	uint64_t c = 0;

	if (len < DIGITS_AT + 6 || len > DIGITS_AT + DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool digit = name[i] >= '0' && name[i] <= '9';

		if (i >= 4 && i < 8 && digit)
			v = v * 10 + (uint32_t)(name[i] - '0');
		if (i >= DIGITS_AT && digit)
			c = c * 10 + (uint64_t)(name[i] - '0');
	}
	if (v < 1 || v > LIMIT_VOLUMES || c > LIMIT_CHUNKS)
		return false;
	/* Whatever was no digit, or had a zero too many, shows here. */
	segment_name(v, c, again);
	if (strlen(again) != len || memcmp(again, name, len) != 0)
		return false;
	*volume = v;
	*chunk = c;
	return true;
}

bool segment_fits(uint64_t chunk, uint64_t size, uint64_t volume_size)
{
	uint64_t first = chunk * VOLUME_CHUNK;

	if (chunk > LIMIT_CHUNKS || size == 0 || first >= volume_size || size > volume_size - first)
		return false;
	return size % VOLUME_CHUNK == 0 || size == volume_size - first;
}
