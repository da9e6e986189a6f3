/*
 * What the repository remembers of the catalog before, of each kind and series: the rules of
 * history compare with it.  It outlives the catalog, so a series that was withdrawn and comes
 * back is compared with what it was.
 */
#ifndef STORE_PAST_H
#define STORE_PAST_H

#include "lib/base/cleanup.h"

struct error;
struct gather;
struct store;

/* Add to the catalog of g (finished) what is strange after the one before: remarks, no errors. */
int past_compare(struct store *s, struct gather *g, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remember g from now on.  Inside a transaction of the caller. */
int past_store(struct store *s, const struct gather *g, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
