/* Authenticode on the isolated side: what a bundle brought, judged before it is published. */
#ifndef IMPORTER_SIGNATURES_H
#define IMPORTER_SIGNATURES_H

#include <stddef.h>

struct authenticode_roots;
struct error;
struct progress;
struct store;
struct verified_bundle;

/*
 * With roots (NULL: nothing is done): every source cabinet of the bundle must be signed by
 * somebody under a pinned certificate; every content object that is a signed cabinet must be
 * what was signed.  Objects are read from the content store, so they must be there.  Touches no
 * database.  -1 with one of the AUTHENTICODE_* errors, which names the object.
 */
int signatures_check(const struct store *s, const struct verified_bundle *b,
		     const struct authenticode_roots *roots, unsigned threads,
		     struct progress *progress, struct error *err)
	__attribute__((nonnull(1, 2, 5, 6), warn_unused_result));

#endif
