/*
 * What happened to bytes: those on the medium beside the genuine ones.  Pure;
 * an opinion for the report, on which nothing depends.
 */
#ifndef VERIFIER_DAMAGE_H
#define VERIFIER_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

enum { DAMAGE_RANGES = 8, DAMAGE_TEXT = 200 };

enum damage_cause {
	DAMAGE_NONE, /* nothing differs */
	DAMAGE_ROT,  /* 1 to 8 bits, or sectors of 512 bytes that hold one value only */
	DAMAGE_EDIT, /* anything else: somebody or some program wrote there */
	DAMAGE_LOST  /* the medium gave no bytes */
};

struct damage_range {
	uint64_t first, last; /* bytes of the volume */
};

struct damage {
	enum damage_cause cause;
	uint64_t bytes, bits;                      /* that differ */
	uint64_t count;                            /* of ranges: runs of bytes that differ */
	struct damage_range ranges[DAMAGE_RANGES]; /* the first ones */
	uint64_t last;                             /* byte that differs */
};

/* len bytes from the medium, which lie at `offset` of the volume, beside the genuine ones. */
void damage_compare(const unsigned char *medium, const unsigned char *genuine, size_t len,
		    uint64_t offset, struct damage *out) __attribute__((nonnull));

/* len bytes at `offset` could not be read. */
void damage_lost(uint64_t offset, size_t len, struct damage *out) __attribute__((nonnull));

/* "rot", "edit", "lost" or "none". */
const char *damage_cause_name(enum damage_cause cause) __attribute__((returns_nonnull));

/* "bytes 5-7, 3 bits flipped, likely rot". */
void damage_describe(const struct damage *d, char out[DAMAGE_TEXT]) __attribute__((nonnull));

#endif
