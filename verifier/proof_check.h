/* Whether the proof of one object holds (docs/FORMAT.md "Proof"), without its bundle. */
#ifndef VERIFIER_PROOF_CHECK_H
#define VERIFIER_PROOF_CHECK_H

#include "lib/crypto/trust.h"
#include "media/manifest.h"
#include "media/tlog_proof.h"
#include "verifier/note.h"

struct error;
struct proof;

struct proof_facts {
	char object[DIGEST_HEX]; /* SHA-256 */
	char kind[16];
	uint64_t size;
	bool assumed; /* the site had it, the bundle does not carry it */
	struct manifest manifest;
	unsigned char manifest_digest[DIGEST_SHA256];
	struct trust_verdict signers;
	struct checkpoint before; /* the log that the bundle continues: its leaf is number size */
	bool logged;              /* a signed checkpoint covers that leaf: */
	struct tlog_proof log;
	struct note_verdict witnesses; /* who signed it; borrows from log */
};

/*
 * Judge a proof against the trust root that is held.  -1 with PROOF_WRONG and the step that does
 * not hold, LOG_UNSIGNED for a checkpoint that nobody known has signed, and errors of the parsers
 * and of trust_check_signatures().
 */
int proof_check(const struct proof *p, const struct trust *t, struct proof_facts *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
