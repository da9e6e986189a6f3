/*
 * What lies on media, checked chunk by chunk: every copy of every chunk that is
 * at hand, with the objects that a damaged one holds, and whether what is at
 * hand is enough to have its bytes again.
 */
#ifndef VERIFIER_MEDIUM_CHECK_H
#define VERIFIER_MEDIUM_CHECK_H

#include "lib/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress;
struct verified_bundle;

/* What gives the genuine bytes of a damaged chunk, of all that is at hand. */
enum medium_remedy {
	MEDIUM_REMEDY_NONE,
	MEDIUM_REMEDY_COPY,   /* another copy is good */
	MEDIUM_REMEDY_PARITY, /* the parity file of the volume */
	MEDIUM_REMEDY_SPARE,  /* spare volumes, with the other volumes */
};

struct medium_damage {
	uint32_t volume;
	size_t chunk;
	const char *path; /* of the file */
	const char *why;
	enum medium_remedy remedy;
	struct error beyond;      /* REPAIR_BEYOND, why there is none; else empty */
	size_t objects;           /* that have bytes in this chunk */
	unsigned char object[32]; /* the first of them */
};

struct medium_check {
	struct verified_bundle *bundle; /* what is at hand was opened: verify_volume() */
	struct progress *progress;
	void (*damage)(void *ctx, const struct medium_damage *d);
	void *ctx;
	uint64_t chunks, damaged; /* result: read, and of these not as signed */
	uint64_t beyond;          /* of these, what nothing at hand can make good */
};

/* "none", "copy", "parity" or "spare". */
const char *medium_check_remedy(enum medium_remedy remedy) __attribute__((returns_nonnull));

/* -1 with STOPPED only: what cannot be read is damage.  Repairs in memory, writes nothing. */
int medium_check_run(struct medium_check *check, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
