/*
 * Names of segments (docs/FORMAT.md "Segments"): vol-0001.s000012 is a piece of
 * volume 1 that begins with its chunk 12.  Every segment but the one that ends
 * the volume is a whole number of chunks.  Pure; knows nothing of descriptors.
 */
#ifndef MEDIA_SEGMENT_H
#define MEDIA_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGMENT_NAME_SIZE 24 /* "vol-0001.s000000", at most ten digits, and a terminator */

/* volume in [1, LIMIT_VOLUMES], chunk at most LIMIT_CHUNKS. */
void segment_name(uint32_t volume, uint64_t chunk, char out[SEGMENT_NAME_SIZE])
	__attribute__((nonnull));

/* Volume and first chunk in a segment's name; false when the bytes are no such name. */
bool segment_parse(const char *name, size_t len, uint32_t *volume, uint64_t *chunk)
	__attribute__((nonnull));

/*
 * Whether size bytes that begin with this chunk can be a segment of a volume of volume_size
 * bytes: not empty, and whole chunks, or up to the volume's end.
 */
bool segment_fits(uint64_t chunk, uint64_t size, uint64_t volume_size);

#endif
