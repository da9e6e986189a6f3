/*
 * Which fragments need not be packed again: those in packs that the repository
 * holds.  A pack counts while at least a quarter of its bytes are in use by the
 * stored sources; below that its fragments are packed anew, so that it drains.
 */
#ifndef STORE_GATHER_KNOWN_H
#define STORE_GATHER_KNOWN_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct error;
struct gather_blob;
struct gather_fragment;
struct gather_known;
struct store;

/*
 * Reads the rows of s, which is borrowed, into memory: 56 bytes for a fragment; nothing of it
 * changes from then on but what is known of packs, so workers may share it.
 */
struct gather_known *gather_known_new(struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void gather_known_free(struct gather_known *k);
DEFINE_CLEANUP(struct gather_known *, gather_known_free);

/*
 * 1 and *out when a pack that counts holds the fragment; 0; -1.  out->pack is the number of the
 * pack here.  The bytes of a pack are checked when it is first used: one that is damaged or gone
 * does not count.  From any worker.
 */
int gather_known_find(struct gather_known *k, const unsigned char sha256[32],
		      struct gather_fragment *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* How many packs there are, and the one of a number. */
size_t gather_known_count(const struct gather_known *k) __attribute__((nonnull));
void gather_known_get(const struct gather_known *k, size_t pack, struct gather_blob *out)
	__attribute__((nonnull));

#endif
