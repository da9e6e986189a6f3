/*
 * A directory with OVERRIDE and sigs/: may an expired bundle be accepted all the
 * same?  Two different people with approver keys must have signed it.
 */
#ifndef VERIFIER_OVERRIDE_H
#define VERIFIER_OVERRIDE_H

#include "lib/base/buf.h"
#include "lib/crypto/trust.h"
#include "media/override.h"

struct error;

enum { OVERRIDE_HOLDERS = 2 };

struct override_proof {
	struct override said;
	struct trust_verdict by;           /* approvers, each signature verified */
	size_t people;                     /* different holders among them */
	struct buf text;                   /* of OVERRIDE */
	struct buf sigs[LIMIT_SIGNATURES]; /* in the order of by.signers */
};
void override_clear(struct override_proof *p);
DEFINE_CLEANUP_IN_PLACE(struct override_proof, override_clear);

/*
 * Read OVERRIDE and every signature beside it; each must be of an approver of this trust root,
 * by a certificate valid at `now`.  1, 0 when there is no OVERRIDE (nothing is read then), or -1
 * with OVERRIDE_FORMAT, TRUST_UNKNOWN_KEY, TRUST_SIGNATURE_NAME and errors of cms_verify().  The
 * caller clears *out in any case.
 */
int override_load(int dir, const struct trust *trust, int64_t now, struct override_proof *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Does it let the bundle with this MANIFEST in now?  -1 with OVERRIDE_OTHER, OVERRIDE_SIGNERS or
 * OVERRIDE_OVER.
 */
int override_check(const struct override_proof *p, const unsigned char manifest[32], int64_t now,
		   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
