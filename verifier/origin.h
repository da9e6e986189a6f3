/*
 * Where a bundle of an enclave came from (docs/FORMAT.md "Origin"): the MANIFESTs
 * that its repository was filled from, with their signatures and certificates.
 * The signatures were made under other trust roots and are evidence here, no more:
 * this site trusts its own builders and approvers alone.
 */
#ifndef VERIFIER_ORIGIN_H
#define VERIFIER_ORIGIN_H

#include <stddef.h>

struct error;
struct manifest;
struct verified_bundle;

enum { ORIGIN_NAME_SIZE = 40 }; /* of a file in origin/, with its terminator */

/* One file of origin/, borrowed for the call. */
struct origin_file {
	size_t n;         /* which origin line it belongs to, from 1 */
	const char *kind; /* "MANIFEST", "<short id>.p7s" or "<short id>.pem" */
	const unsigned char *bytes;
	size_t len;
};

/*
 * Every file of origin/, in the order of SHA256SUMS, until file() returns other than 0 (returned).
 * -1 with MEDIA_MISMATCH for a name outside the format, or a MANIFEST that is not the one its
 * origin line names; BUNDLE_DIGEST when a file changed since the bundle was opened.
 */
int origin_each(const struct verified_bundle *b,
		int (*file)(void *ctx, const struct origin_file *f, struct error *err), void *ctx,
		struct error *err) __attribute__((nonnull(1, 2, 4), warn_unused_result));

/* Whether all of it is as it must be; errors of origin_each(). */
int origin_check(const struct verified_bundle *b, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* What origin line n (from 1) names: 1 and *out, 0 when the MANIFEST did not come along, -1. */
int origin_manifest(const struct verified_bundle *b, size_t n, struct manifest *out,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
