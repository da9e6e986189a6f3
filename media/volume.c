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

void volume_file_name(const struct volume_file *f, char out[VOLUME_FILE_SIZE])
{
	unsigned number = f->number % 10000u;

	assert(f->number >= 1 && f->number <= LIMIT_VOLUMES && f->chunk < LIMIT_CHUNKS);
	switch (f->kind) {
	case VOLUME_WHOLE:
		volume_name(f->number, out);
		break;
	case VOLUME_SEGMENT:
		snprintf(out, VOLUME_FILE_SIZE, "vol-%04u.s%06u", number,
			 (unsigned)f->chunk % LIMIT_CHUNKS);
		break;
	case VOLUME_PARITY:
		snprintf(out, VOLUME_FILE_SIZE, "vol-%04u.par", number);
		break;
	case VOLUME_SPARE:
		snprintf(out, VOLUME_FILE_SIZE, "par-%04u.ec", number);
		break;
	}
}

/* The value of decimal digits, or max when there is anything else or it is too large. */
static uint32_t digits(const char *bytes, size_t len, uint32_t max)
{
	uint32_t value = 0;

	for (size_t i = 0; i < len && value < max; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return max;
		value = value * 10 + (uint32_t)(bytes[i] - '0');
	}
	return value < max ? value : max;
}

bool volume_file_parse(const char *name, size_t len, struct volume_file *out)
{
	enum { NUMBER = 4, SUFFIX = 8, CHUNK = 10 };
	struct volume_file f = { .kind = VOLUME_WHOLE };
	char again[VOLUME_FILE_SIZE];

	if (len <= CHUNK || len >= sizeof again)
		return false;
	f.number = digits(name + NUMBER, 4, LIMIT_VOLUMES + 1);
	if (f.number < 1 || f.number > LIMIT_VOLUMES)
		return false;
	if (memcmp(name + SUFFIX, ".p", 2) == 0)
		f.kind = VOLUME_PARITY;
	else if (memcmp(name + SUFFIX, ".e", 2) == 0)
		f.kind = VOLUME_SPARE;
	else if (memcmp(name + SUFFIX, ".s", 2) == 0)
		f.kind = VOLUME_SEGMENT;
	if (f.kind == VOLUME_SEGMENT)
		f.chunk = digits(name + CHUNK, len - CHUNK, LIMIT_CHUNKS);
	if (f.chunk >= LIMIT_CHUNKS)
		return false;
	/* One spelling: what this file would be called. */
	volume_file_name(&f, again);
	if (len != strlen(again) || memcmp(again, name, len) != 0)
		return false;
	*out = f;
	return true;
}

bool volume_segment_fits(uint64_t chunk, uint64_t size, uint64_t volume_size)
{
	uint64_t first = chunk * VOLUME_CHUNK;

	if (chunk >= LIMIT_CHUNKS || size == 0 || first >= volume_size ||
	    size > volume_size - first)
		return false;
	return size % VOLUME_CHUNK == 0 || size == volume_size - first;
}

uint64_t volume_member_bytes(uint64_t length)
{
	return USTAR_BLOCK + length + ustar_padding(length);
}

uint64_t volume_chunks(uint64_t size)
{
	return size / VOLUME_CHUNK + (size % VOLUME_CHUNK != 0);
}
