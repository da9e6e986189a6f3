/*
 * Bundles on media: a path may be a bundle's directory, or the root of a medium
 * with gapferry/NAME below it.  Only looks for names; proves nothing.
 */
#ifndef VERIFIER_MEDIUM_FIND_H
#define VERIFIER_MEDIUM_FIND_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct error;
struct prover_means;
struct verified_bundle;

struct medium_list {
	char **paths; /* directories with a MANIFEST, sorted by path */
	size_t count, capacity;
};
void medium_find_clear(struct medium_list *l);
DEFINE_CLEANUP_IN_PLACE(struct medium_list, medium_find_clear);

/* Append the bundles at path, if there are any.  -1 with BUNDLE_ABSENT when nothing is there. */
int medium_find(const char *path, struct medium_list *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * One bundle from several places: prover_open() of the first, all others added to it.  The first
 * may hold one bundle only (MEDIUM_SEVERAL); others may hold further ones, which are left alone,
 * or volume files without a MANIFEST.  BUNDLE_OTHER when a place has nothing of this bundle.
 */
struct verified_bundle *medium_find_open(const char *const *places, size_t count,
					 const struct prover_means *means, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Add one place to an opened bundle, as medium_find_open() does. */
int medium_find_add(struct verified_bundle *b, const char *place, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
