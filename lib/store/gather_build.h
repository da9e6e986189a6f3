/*
 * Filling a gather from a cabinet that is being read: fragments are hashed,
 * each distinct one goes into a pack, packs are compressed on workers and put
 * into the content store.  A fragment that a live pack of the repository holds
 * (gather_known.h) is not packed again.  The same input and repository give the
 * same packs whatever the number of threads.
 *
 * Documents come one by one (those of the master document) or as parts that
 * workers made (gather_part.h).
 */
#ifndef STORE_GATHER_BUILD_H
#define STORE_GATHER_BUILD_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct error;
struct gather;
struct gather_build;
struct gather_known;
struct gather_part;
struct listing_entry;
struct store;

/* g and s are borrowed. */
struct gather_build *gather_build_new(struct gather *g, struct store *s, unsigned threads,
				      struct error *err)
	__attribute__((nonnull, warn_unused_result));
void gather_build_free(struct gather_build *b);
DEFINE_CLEANUP(struct gather_build *, gather_build_free);

/* Store the bytes of one document and record it; e->sha256 is filled in. */
int gather_build_add(struct gather_build *b, struct listing_entry *e, const void *bytes, size_t len,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

/* What the repository holds, for parts; borrowed. */
struct gather_known *gather_build_known(struct gather_build *b)
	__attribute__((nonnull, returns_nonnull));

/*
 * Join a finished part.  Of a fragment that several of them have the first one's copy is used.
 * The order of these calls decides, so it must not depend on threads.
 */
int gather_build_take(struct gather_build *b, const struct gather_part *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Write out the last pack and the listings.  After this call gather_finish() has been done. */
int gather_build_finish(struct gather_build *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* After a failure: remove from the content store what this build was the first to put there. */
void gather_build_forget(const struct gather *g, const struct store *s) __attribute__((nonnull));

#endif
