/*
 * Filling gathers from the listings and packs of a bundle: the importer does
 * it to load, the approver to see for himself.  Bytes come through fetch(),
 * which hands out only authenticated ones.
 */
#ifndef STORE_GATHER_LOAD_H
#define STORE_GATHER_LOAD_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct gather;
struct unpack;

struct gather_load_request {
	/*
	 * The bytes of an object whose SHA-256 is this (proved by fetch); the
	 * caller frees *out.  Called from several workers.
	 */
	int (*fetch)(void *ctx, const unsigned char sha256[32], unsigned char **out, size_t *len,
		     struct error *err);
	void *ctx;
	const unsigned char (*listings)[32]; /* digests of the catalog objects */
	size_t listing_count;
	const unsigned char (*packs)[32];
	size_t pack_count;
	struct unpack *unpack;  /* who decompresses and parses; borrowed */
	_Atomic uint64_t *done; /* decompressed bytes so far, for progress; may be NULL */
	int (*tick)(void *ctx); /* on the calling thread now and then; may be NULL */
	void *tick_ctx;
};

/* The sources of a bundle, in no particular order, each finished and judged. */
struct gather_set {
	struct gather **items;
	size_t count;
};
void gather_set_clear(struct gather_set *s);
DEFINE_CLEANUP_IN_PLACE(struct gather_set, gather_set_clear);

/*
 * Every pack is fetched and parsed by both sets of workers (lib/unpack/unpack.h).
 * -1 with PACK_*, LISTING_FORMAT, GATHER_INCOMPLETE (a listing names a part or
 * a fragment that is not there), GATHER_DISAGREE (the sets say different things
 * of a pack) or what fetch reported.
 */
int gather_load(const struct gather_load_request *request, struct gather_set *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
