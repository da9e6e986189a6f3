/*
 * A newer trust root for a channel of a repository, from a trust directory
 * that another process looked at (prover_trust()): it must continue the one that is held here.
 */
#ifndef VERIFIER_CARE_TRUST_TAKE_H
#define VERIFIER_CARE_TRUST_TAKE_H

struct channel;
struct error;
struct store;
struct trust;

/*
 * 1 when it was newer and is in force from now on (c->trust_version, a ledger record "trust"); 0
 * when the one here is as new or newer; -1 with TRUST_FORK, TRUST_CHANGED.
 * offered is what dirfd holds; label names the directory in messages.  The channel is saved with
 * all its state.
 */
int trust_take(struct store *s, struct channel *c, int dirfd, const struct trust *offered,
	       const char *label, struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The same for a trust root that whoever proved a bundle loaded from dirfd; ours is the one in
 * force here.
 */
int trust_take_proved(struct store *s, struct channel *c, int dirfd, const struct trust *offered,
		      const struct trust *ours, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Another trust root in place of the channel's, which stays beside it: for when no quorum of the
 * old one can be had.  fingerprint is the SHA-256 of its version 1 as a person typed it
 * (TRUST_FINGERPRINT otherwise), reason goes into the ledger record "override".
 */
int trust_replace(struct store *s, struct channel *c, int dirfd, const struct trust *t,
		  const char *fingerprint, const char *reason, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
