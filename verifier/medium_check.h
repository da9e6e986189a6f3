/*
 * What lies on media, checked chunk by chunk: every copy of every chunk that is
 * at hand, with the objects that a damaged one holds.
 */
#ifndef VERIFIER_MEDIUM_CHECK_H
#define VERIFIER_MEDIUM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct progress;
struct verified_bundle;

struct medium_damage {
	uint32_t volume;
	size_t chunk;
	const char *path; /* of the file */
	const char *why;
	bool other_copy;          /* a good one is at hand */
	size_t objects;           /* that have bytes in this chunk */
	unsigned char object[32]; /* the first of them */
};

struct medium_check {
	struct verified_bundle *bundle; /* what is at hand was opened: verify_volume() */
	struct progress *progress;
	void (*damage)(void *ctx, const struct medium_damage *d);
	void *ctx;
	uint64_t chunks, damaged; /* result: read, and of these not as signed */
};

/* -1 with STOPPED only: what cannot be read is damage. */
int medium_check_run(struct medium_check *check, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
