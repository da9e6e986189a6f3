/* What a MANIFEST must be besides signed: made under a trust root that this site holds. */
#ifndef VERIFIER_SIGNED_H
#define VERIFIER_SIGNED_H

struct error;
struct manifest;
struct trust;
struct trust_verdict;

/*
 * The trust root in force covers the MANIFEST and does not revoke it; certificates of its signers
 * were valid when it was made.  Takes revoked signers out of the verdict, so judge the rest again
 * (trust_check_policy()).  TRUST_NEWER, TRUST_EXPIRED, TRUST_REVOKED_BUNDLE.
 */
int signed_check(const struct trust *t, const struct manifest *m, const unsigned char digest[32],
		 struct trust_verdict *signers, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
