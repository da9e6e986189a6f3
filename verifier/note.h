/*
 * Signatures of checkpoints of an export log (docs/FORMAT.md "Export log"): by the builder who
 * wrote to the log, and by importers who saw that it only grew.
 */
#ifndef VERIFIER_NOTE_H
#define VERIFIER_NOTE_H

#include "media/checkpoint.h"

struct error;
struct signer;
struct trust;
struct trust_key;

enum note_kind {
	NOTE_LOG,     /* by a builder, over the text */
	NOTE_WITNESS, /* by an importer, over a time and the text (C2SP cosignature/v1) */
};

/*
 * Sign; the name is that of the log, or of the witness, "<channel>/<site>".  time is that of a
 * witness.  Errors of bare_sign().
 */
int note_sign(const struct signer *s, enum note_kind kind, const struct checkpoint *c,
	      const char *name, int64_t time, struct checkpoint_signature *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Who signed. */
struct note_signer {
	enum note_kind kind;
	const struct trust_key *key; /* of the trust root */
	const struct checkpoint_signature *signature;
	int64_t time; /* of a witness */
};
struct note_verdict {
	size_t count;
	struct note_signer signers[LIMIT_NOTE_SIGNATURES];
};

/*
 * Judge every signature of a note (hostile).  Those of unknown keys are passed over; one of a key
 * that the trust root lists as builder or importer must verify (LOG_SIGNATURE).  Revoked keys do
 * not count: a checkpoint has no time, so a builder's key not from any time on; a witness's key
 * and its certificate are judged at the time that it states.
 */
int note_check(const struct trust *t, const struct checkpoint_note *n, struct note_verdict *out,
	       struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
