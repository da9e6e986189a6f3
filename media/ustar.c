#include "media/ustar.h"

#include <assert.h>
#include <string.h>

/* Field offsets of POSIX.1-1988 ustar. */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_DEVMAJOR = 329,
	AT_DEVMINOR = 337
};

/* Octal digits without terminator; the byte after them stays NUL. */
static void octal(unsigned char *at, size_t digits, uint64_t value)
{
	for (size_t i = digits; i > 0; i--) {
		at[i - 1] = (unsigned char)('0' + (value & 7));
		value >>= 3;
	}
}

void ustar_header(const char *name, uint64_t size, unsigned char out[USTAR_BLOCK])
{
	size_t len = strlen(name);
	uint64_t sum = 0;

	assert(len > 0 && len <= USTAR_NAME_MAX && size <= USTAR_SIZE_MAX);
	memset(out, 0, USTAR_BLOCK);
	memcpy(out + AT_NAME, name, len);
	octal(out + AT_MODE, 7, 0444);
	octal(out + AT_UID, 7, 0);
	octal(out + AT_GID, 7, 0);
	octal(out + AT_SIZE, 11, size);
	octal(out + AT_MTIME, 11, 0);
	out[AT_TYPE] = '0';
	memcpy(out + AT_MAGIC,
	       "ustar\0"
	       "00",
	       8);
	octal(out + AT_DEVMAJOR, 7, 0);
	octal(out + AT_DEVMINOR, 7, 0);

	/* The sum is taken with the checksum field as eight spaces. */
	memset(out + AT_CHECKSUM, ' ', 8);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += out[i];
	octal(out + AT_CHECKSUM, 6, sum);
	out[AT_CHECKSUM + 6] = '\0';
}

bool ustar_matches(const unsigned char bytes[USTAR_BLOCK], const char *name, uint64_t size)
{
	unsigned char want[USTAR_BLOCK];

	ustar_header(name, size, want);
	return memcmp(bytes, want, USTAR_BLOCK) == 0;
}

uint32_t ustar_padding(uint64_t size)
{
	return (uint32_t)((USTAR_BLOCK - size % USTAR_BLOCK) % USTAR_BLOCK);
}
