/* Making the proof of one object from its bundle. */
#ifndef VERIFIER_PROOF_MAKE_H
#define VERIFIER_PROOF_MAKE_H

struct error;
struct proof;
struct verified_bundle;

/*
 * Everything but the place in the log, which only the repository can prove (PROOF_LOG).  out must
 * be zero and is the caller's to clear.  PROOF_UNLOGGED, PROOF_OBJECT, errors of reading.
 */
int proof_make(const struct verified_bundle *b, const unsigned char object[32], struct proof *out,
	       struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
