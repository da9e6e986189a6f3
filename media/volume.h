/*
 * Names and arithmetic of volume files (docs/FORMAT.md "Volumes"): vol-0001.tar
 * is a canonical ustar archive whose size follows from the lengths of its
 * members.  Pure; knows nothing of descriptors.
 */
#ifndef MEDIA_VOLUME_H
#define MEDIA_VOLUME_H

#include "media/ustar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOLUME_CHUNK (4u << 20)       /* what one line of CHUNKS covers; the last is shorter */
#define VOLUME_FIRST_DATA USTAR_BLOCK /* where the data of the first member starts */
#define VOLUME_NAME_SIZE 13           /* "vol-0001.tar" and a terminator */

/* number in [1, LIMIT_VOLUMES]. */
void volume_name(uint32_t number, char out[VOLUME_NAME_SIZE]) __attribute__((nonnull));

/* The number in a volume's name; false when the bytes are no such name. */
bool volume_number(const char *name, size_t len, uint32_t *out) __attribute__((nonnull));

/* Bytes of a volume that a member of length bytes takes: header, data and padding. */
uint64_t volume_member_bytes(uint64_t length);

/* Chunks of a volume of size bytes. */
uint64_t volume_chunks(uint64_t size);

#endif
