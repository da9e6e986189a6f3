/*
 * CHUNKS checked from the reads that objects are hashed from, so that a medium
 * is read once.  A chunk that one worker reads from end to end is hashed as it
 * goes by; one that several workers share is put together in memory first.  What
 * cannot be proved in this way, since too many are waiting, is read again.
 */
#ifndef VERIFIER_CHUNK_TAP_H
#define VERIFIER_CHUNK_TAP_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct chunk_tap;
struct error;
struct verified_bundle;

/* bundle is borrowed. */
struct chunk_tap *chunk_tap_new(const struct verified_bundle *bundle, unsigned workers)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void chunk_tap_free(struct chunk_tap *t);
DEFINE_CLEANUP(struct chunk_tap *, chunk_tap_free);

/* Before the first read: at byte `at` of a volume one worker may stop and another one go on. */
void chunk_tap_cut(struct chunk_tap *t, uint32_t volume, uint64_t at) __attribute__((nonnull));

/* Bytes as they were read; each byte once, between two cuts in order by one worker. */
void chunk_tap_feed(struct chunk_tap *t, unsigned worker, uint32_t volume, const void *bytes,
		    size_t len, uint64_t at) __attribute__((nonnull));

/*
 * When all is read, on one thread: -1 with the first chunk that is not as CHUNKS says, as
 * verify_read_chunk().
 */
int chunk_tap_check(const struct chunk_tap *t, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
