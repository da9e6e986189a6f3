#include "media/volume.h"

#include "lib/base/limits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void volume_name(uint32_t number, char out[VOLUME_NAME_SIZE])
{
	assert(number >= 1 && number <= LIMIT_VOLUMES);
	snprintf(out, VOLUME_NAME_SIZE, "vol-%04u.tar", (unsigned)number % 10000u);
}

bool volume_number(const char *name, size_t len, uint32_t *out)
{
	char again[VOLUME_NAME_SIZE];
	uint32_t number = 0;

	if (len != VOLUME_NAME_SIZE - 1)
		return false;
	for (size_t i = 4; i < 8; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		number = number * 10 + (uint32_t)(name[i] - '0');
	}
	if (number < 1)
		return false;
	volume_name(number, again);
	if (memcmp(again, name, len) != 0)
		return false;
	*out = number;
	return true;
}

uint64_t volume_member_bytes(uint64_t length)
{
	return USTAR_BLOCK + length + ustar_padding(length);
}

uint64_t volume_chunks(uint64_t size)
{
	return size / VOLUME_CHUNK + (size % VOLUME_CHUNK != 0);
}
