/*
 * Which bundle is to be imported from what lies at some places: media, or
 * directories of bundles.  Of several the oldest that fits the channel next;
 * every one is proved before it is judged.
 */
#ifndef IMPORTER_CHOOSE_H
#define IMPORTER_CHOOSE_H

#include "verifier/accept.h"

#include <stddef.h>

struct error;
struct trust;
struct verified_bundle;

struct choose_request {
	const char *const *places;
	size_t count;
	const struct trust *trust;
	struct prover *prover;       /* who looks at signatures */
	const char *trust_dir;       /* path of what trust was read from */
	const unsigned char *wanted; /* SHA-256 of the only MANIFEST to look for, or NULL */
	/* What accept_decide() says of it, with all that the channel remembers. */
	int (*decide)(void *ctx, const struct verified_bundle *b, enum accept_decision *out,
		      struct error *err);
	void *ctx;
};

/*
 * The bundle, with the volumes of all places added, and *decision on it.  NULL with the reason
 * against the only, or first, one when none can be imported, or when one was imported before and
 * another cannot be read or proved; BUNDLE_OTHER when a place holds others alone.
 */
struct verified_bundle *choose_bundle(const struct choose_request *request,
				      enum accept_decision *decision, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
