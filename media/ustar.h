/*
 * The tar header as a pure function of (name, size): POSIX ustar, mode 0444,
 * owner 0, time 0, type '0' (docs/FORMAT.md "Volumes").  A reader generates the
 * 512 bytes it expects and compares, so there is no tar parser anywhere.
 */
#ifndef MEDIA_USTAR_H
#define MEDIA_USTAR_H

#include <stdbool.h>
#include <stdint.h>

#define USTAR_BLOCK 512u
#define USTAR_TRAILER 1024u               /* zero bytes after the last member */
#define USTAR_NAME_MAX 99u                /* bytes of a name, so that it ends in NUL */
#define USTAR_SIZE_MAX ((8ull << 30) - 1) /* eleven octal digits */

/* name at most USTAR_NAME_MAX bytes, size at most USTAR_SIZE_MAX: both asserted. */
void ustar_header(const char *name, uint64_t size, unsigned char out[USTAR_BLOCK])
	__attribute__((nonnull));

/* Whether 512 untrusted bytes are exactly the header of (name, size). */
bool ustar_matches(const unsigned char bytes[USTAR_BLOCK], const char *name, uint64_t size)
	__attribute__((nonnull));

/* Zero bytes that follow size bytes of data: 0..511. */
uint32_t ustar_padding(uint64_t size);

#endif
