/*
 * From what a bundle carries and assumes to what its catalog is loaded from:
 * all packs, and a full listing of every source.  Or to what is lacking.
 */
#ifndef IMPORTER_RESOLVE_H
#define IMPORTER_RESOLVE_H

#include "lib/base/cleanup.h"
#include "lib/store/relist.h"
#include "media/need.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct error;
struct store;
struct unpack;
struct verified_bundle;

struct resolve {
	const struct verified_bundle *bundle; /* borrowed */
	struct relist relist;                 /* of an increment */
	struct need need;                     /* what is lacking: nothing, or there is no catalog */
	unsigned char (*listings)[32];        /* objects of the content store */
	size_t listing_count;
	unsigned char (*packs)[32];
	size_t pack_count;
};
void resolve_clear(struct resolve *r);
DEFINE_CLEANUP_IN_PLACE(struct resolve, resolve_clear);

/* Nothing is known to be lacking yet. */
void resolve_begin(const struct channel *c, const struct verified_bundle *b, struct resolve *out)
	__attribute__((nonnull));

/*
 * The catalog objects and packs that the bundle carries are in the content store of s.  Listings
 * that come out of deltas are put there, too, and flushed.
 */
int resolve_make(struct store *s, const struct channel *c, struct unpack *unpack, struct resolve *r,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/* Whether something is lacking. */
bool resolve_lacks(const struct resolve *r) __attribute__((nonnull));

/* Whether the bundle withdraws this revision: of a delta, or with its source.  For usable.h. */
bool resolve_withdraws(void *resolve, const char *kind, const char *series, uint32_t revision);

#endif
