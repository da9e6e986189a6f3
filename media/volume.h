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
#define VOLUME_FILE_SIZE 20           /* "vol-0001.s1234567" and a terminator, and some more */

/* number in [1, LIMIT_VOLUMES]. */
void volume_name(uint32_t number, char out[VOLUME_NAME_SIZE]) __attribute__((nonnull));

/* The number in a volume's name; false when the bytes are no such name. */
bool volume_number(const char *name, size_t len, uint32_t *out) __attribute__((nonnull));

/*
 * Every file that may lie beside MANIFEST for the sake of volumes.  Only the first two hold what
 * was signed for; the others help to repair and are never trusted.
 */
enum volume_file_kind {
	VOLUME_WHOLE,   /* vol-NNNN.tar */
	VOLUME_SEGMENT, /* vol-NNNN.sKKKKKK: the bytes of the volume from chunk K on */
	VOLUME_PARITY,  /* vol-NNNN.par: of one volume */
	VOLUME_SPARE    /* par-NNNN.ec: across volumes */
};
struct volume_file {
	enum volume_file_kind kind;
	uint32_t number; /* from 1 */
	uint32_t chunk;  /* of a segment: its first one, below LIMIT_CHUNKS; else 0 */
};

/* The name of such a file, and back: false when the bytes are no such name. */
void volume_file_name(const struct volume_file *f, char out[VOLUME_FILE_SIZE])
	__attribute__((nonnull));
bool volume_file_parse(const char *name, size_t len, struct volume_file *out)
	__attribute__((nonnull));

/*
 * Whether size bytes that begin with this chunk can be a segment of a volume of volume_size
 * bytes: not empty, and whole chunks, or up to the volume's end.
 */
bool volume_segment_fits(uint64_t chunk, uint64_t size, uint64_t volume_size);

/* Bytes of a volume that a member of length bytes takes: header, data and padding. */
uint64_t volume_member_bytes(uint64_t length);

/* Chunks of a volume of size bytes. */
uint64_t volume_chunks(uint64_t size);

#endif
