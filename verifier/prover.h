/*
 * A process in the role SANDBOX_PROVE that proves bundles for one that writes: signatures, trust
 * roots, MANIFESTs and permissions are looked at there alone.
 */
#ifndef VERIFIER_PROVER_H
#define VERIFIER_PROVER_H

#include "lib/base/cleanup.h"
#include "lib/sandbox/sandbox.h"
#include "verifier/verify.h"

#include <limits.h>
#include <stdint.h>

struct error;
struct override_proof;
struct prover;

/* It may read these places.  As sandbox_start(); NULL with SANDBOX_PROCESS. */
struct prover *prover_start(const struct sandbox_place *places, size_t count, struct error *err)
	__attribute__((nonnull(3), warn_unused_result));
void prover_end(struct prover *p);
DEFINE_CLEANUP(struct prover *, prover_end);

/*
 * As verify_open(); p NULL: in this process.  trust_dir is the path of the trust directory of this
 * site, which is read anew; trust is what the caller read there, for what he judges himself.
 * Besides, SANDBOX_RECORD, SANDBOX_KILLED and SANDBOX_CRASHED.
 */
struct verified_bundle *prover_open(struct prover *p, const char *path, const char *trust_dir,
				    const struct trust *trust, enum verify_policy policy,
				    struct error *err)
	__attribute__((nonnull(2, 3, 4, 6), warn_unused_result));

/*
 * The trust directory of a channel of the repository at repo, as a path: what is proved under it is
 * proved by another process.  -1 with USAGE when it is too long.
 */
int prover_trust_dir(const char *repo, const char *channel, char out[PATH_MAX], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* What it takes to open bundles, for who opens some. */
struct prover_means {
	struct prover *prover; /* or NULL */
	const char *trust_dir;
	const struct trust *trust;
};

/* As trust_load() of the directory at path: its text, history and names of files; no more. */
struct trust *prover_trust(struct prover *p, const char *path, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * As override_load(), under the trust root in force for this bundle, which was opened with
 * prover_open() and the same trust_dir.
 */
int prover_override(struct prover *p, const char *path, const struct verified_bundle *b,
		    const char *trust_dir, int64_t now, struct override_proof *out,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
