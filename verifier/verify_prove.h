/*
 * The part of opening a bundle that touches what nobody has vouched for: MANIFEST and its
 * signatures, the trust root that the bundle carries.  Its result is bytes and values, so that
 * it may be had from another process (verifier/prover.h).  Everything else in a bundle is only
 * interpreted once it has the digest that MANIFEST names.
 */
#ifndef VERIFIER_VERIFY_PROVE_H
#define VERIFIER_VERIFY_PROVE_H

#include "lib/base/cleanup.h"
#include "lib/base/limits.h"
#include "lib/crypto/trust.h"
#include "verifier/verify.h"

#include <stddef.h>

struct buf;
struct error;

/* What made a signer count: his signature, and his certificate as PEM. */
struct verify_evidence {
	unsigned char *signature, *certificate;
	size_t signature_len, certificate_len;
};

struct verify_proof {
	unsigned char *manifest; /* its bytes: canonical, signed as the policy demands */
	size_t manifest_len;
	struct trust_verdict signers;
	struct verify_evidence evidence[LIMIT_SIGNATURES]; /* of signers[] */
	struct trust *newer; /* the trust root it carries, when that continues ours; or NULL */
};
void verify_proof_clear(struct verify_proof *p);
DEFINE_CLEANUP_IN_PLACE(struct verify_proof, verify_proof_clear);

/* The directory of a bundle; -1 with BUNDLE_ABSENT and what the system said. */
int verify_open_dir(const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Prove what lies in this directory; trust is what this site holds.  Errors name path. */
int verify_prove(const char *path, const struct trust *trust, enum verify_policy policy,
		 struct verify_proof *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The rest of verify_open(); the proof is taken over. */
struct verified_bundle *verify_open_proved(const char *path, const struct trust *trust,
					   enum verify_policy policy, struct verify_proof *proof,
					   struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A proof as a message, and back: hostile, SANDBOX_RECORD. */
int verify_proof_write(const struct verify_proof *p, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int verify_proof_read(const void *bytes, size_t len, struct verify_proof *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same for a trust root that was loaded from a directory. */
int verify_proof_write_trust(const struct trust *t, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
struct trust *verify_proof_read_trust(const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether a verdict from another process has no count or text that would mislead a reader. */
bool verify_proof_is_sane(const struct trust_verdict *v) __attribute__((nonnull));

/* For the files of verify_open(): a file every bundle has; a directory: 1, or 0 without it. */
int verify_load_file(int dir, const char *name, size_t max, unsigned char **out, size_t *len,
		     struct error *err) __attribute__((nonnull, warn_unused_result));
int verify_open_part(int dir, const char *name, int *fd, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
