/*
 * The trust root: which keys count, for what, and how many of them are needed.
 *
 *   gapferry-trust 1
 *   version N
 *   created YYYY-MM-DDThh:mm:ssZ
 *   expires YYYY-MM-DDThh:mm:ssZ
 *   threshold root M
 *   threshold builder M
 *   threshold approver M
 *   key <key id, 64 hex> <role> <holder> <certificate SHA-256, 64 hex>     sorted, unique
 *   end <lines, this one included>
 *
 * Canonical both ways: what trust_write() gives back for parsed text is that text.  A trust
 * directory holds NNNN.root for every version from 0001 on, NNNN.<short id>.p7s for each root key
 * that signed it, and <short id>.pem for every key of every version.  docs/FORMAT.md has the
 * grammar, docs/SECURITY.md the reasons.  Nothing here knows bundles, or reads the clock to judge.
 */
#ifndef CRYPTO_TRUST_H
#define CRYPTO_TRUST_H

#include "lib/base/cleanup.h"
#include "lib/base/limits.h"
#include "lib/crypto/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

struct trust_key {
	unsigned char id[DIGEST_SHA256]; /* SHA-256 of the public key */
	char short_id[KEY_SHORT_SIZE];   /* names its files */
	enum key_role role;
	char holder[KEY_HOLDER_SIZE];
	unsigned char cert_sha256[DIGEST_SHA256];
	struct key_cert *cert; /* owned; NULL after trust_parse(), set after trust_load() */
};

struct trust {
	unsigned version;               /* 1 .. LIMIT_TRUST_VERSIONS */
	int64_t created, expires;       /* seconds; created < expires */
	unsigned threshold[KEY_ROLES_]; /* of root, builder and approver; others 0 */
	size_t key_count;
	struct trust_key keys[LIMIT_TRUST_KEYS];
	/*
	 * Filled by trust_load(): the SHA-256 of the text of version i + 1, for every version up to
	 * this one.
	 */
	unsigned char (*history)[DIGEST_SHA256];
};

/*
 * Read the text of one version (hostile, at most LIMIT_TRUST_BYTES).  Refused with TRUST_FORMAT
 * and the line: anything but the canonical form.  TRUST_THRESHOLD: thresholds that its own keys
 * could never meet with distinct holders.  No certificate is loaded and no signature checked.
 * The caller frees the result.
 */
struct trust *trust_parse(const unsigned char *bytes, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void trust_free(struct trust *t);
DEFINE_CLEANUP(struct trust *, trust_free);

/* Append the canonical text; t must be what trust_parse() accepts. */
int trust_write(const struct trust *t, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The key of that short id (KEY_SHORT_SIZE - 1 hex digits), or NULL. */
const struct trust_key *trust_find(const struct trust *t, const char *short_id)
	__attribute__((nonnull));

/*
 * Walk the versions of a trust directory (hostile) from 1 to the newest, which is returned with
 * its certificates.  Version 1 needs signatures of its own root threshold, version N + 1 those of
 * version N and of its own, by distinct holders whose certificates are valid when the version was
 * created.  One signature that does not verify spoils everything.  label names the directory in
 * messages.
 *
 * The result only says that the directory is consistent in itself.  A directory from a medium is
 * worth something only after trust_extends() against the one this site holds.
 *
 * TRUST_MISSING, TRUST_SEQUENCE, TRUST_CERTIFICATE, TRUST_QUORUM, TRUST_UNKNOWN_KEY,
 * TRUST_EXPIRED, errors of trust_parse() and cms_verify().
 */
struct trust *trust_load(int dirfd, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Does the offered trust root continue ours?  1 it is newer and its history contains ours; 0 it is
 * ours or an older version of ours, so ours stays; -1 TRUST_FORK when the histories differ.
 * Both come from trust_load().
 */
int trust_extends(const struct trust *ours, const struct trust *offered, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A root key holder who signs now; borrowed. */
struct trust_root_key {
	const struct key *key;
	const struct key_cert *cert;
};

struct trust_request {
	int64_t expires;                     /* 0: 3652 days from now (clock_stamp()) */
	unsigned threshold[KEY_ROLES_];      /* root, builder, approver; 0 means 1 */
	const struct key_cert *const *certs; /* every key of this version; roles are theirs */
	size_t cert_count;
	const struct trust_root_key *signers;
	size_t signer_count;
};

/*
 * Write version 1 into a directory: certificates, signatures, and last 0001.root.  Refused:
 * TRUST_EXISTS when it holds a *.root; TRUST_THRESHOLD without builders and approvers of different
 * holders, or with thresholds that cannot be met; TRUST_QUORUM with too few signers.
 */
int trust_create(int dirfd, const struct trust_request *request, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Write the next version, which replaces all keys and thresholds by those of the request.  The
 * signers must be enough for the version that is there and for the new one.  A certificate may not
 * be replaced by another of the same key: its file is needed to check the old versions.
 */
int trust_append(int dirfd, const struct trust_request *request, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* One file of a bundle's sigs/ (hostile, borrowed). */
struct trust_signature {
	const char *name; /* "<short id>.p7s" */
	const unsigned char *bytes;
	size_t len;
};

struct trust_signer {
	enum key_role role;
	char holder[KEY_HOLDER_SIZE];
	char short_id[KEY_SHORT_SIZE];
};

/* Who signed.  Only signers[] is proved; unknown[] are names of files that were not looked into. */
struct trust_verdict {
	size_t count;
	struct trust_signer signers[LIMIT_SIGNATURES];
	size_t unknown_count;
	char unknown[LIMIT_SIGNATURES][KEY_SHORT_SIZE];
};

/*
 * May this message (hostile) be believed?  Every signature whose name is a key of the trust root
 * must verify, and its certificate be valid at the time `when` (seconds); the thresholds of
 * builder and approver must be met by different holders, nobody counting for both.  Keys that the
 * trust root does not list are recorded and count for nothing.  *out is filled as far as it got
 * even on failure.
 *
 * TRUST_NO_SIGNATURE, TRUST_NO_BUILDER, TRUST_NO_APPROVER, TRUST_SAME_HOLDER; TRUST_UNKNOWN_KEY
 * instead of them when a key was unknown; TRUST_EXPIRED, TRUST_SIGNATURE_NAME, and errors of
 * cms_verify() prefixed with the file's name.  The expiry of the trust root is the caller's to
 * judge.
 */
int trust_check_signatures(const struct trust *t, const unsigned char *message, size_t len,
			   const struct trust_signature *sigs, size_t count, int64_t when,
			   struct trust_verdict *out, struct error *err)
	__attribute__((nonnull(1, 2, 7, 8), warn_unused_result));

/*
 * When the time is stated inside the message, the signatures come first: check them with
 * TRUST_TIME_LATER, read the message, then call trust_check_validity() with its time.
 */
#define TRUST_TIME_LATER INT64_MIN
int trust_check_validity(const struct trust *t, const struct trust_verdict *v, int64_t when,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The same for a message with one signer in one role, such as a receipt: the key must be listed
 * with that role (TRUST_UNKNOWN_KEY otherwise).
 */
int trust_check_role(const struct trust *t, enum key_role role, const unsigned char *message,
		     size_t len, const struct trust_signature *sig, int64_t when,
		     struct trust_signer *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The same when nothing names the key: whichever key of the trust root signed, in whatever role,
 * which the caller judges.  TRUST_UNKNOWN_KEY when none did, TRUST_EXPIRED, errors of cms_verify().
 */
int trust_find_signer(const struct trust *t, const unsigned char *message, size_t len,
		      const unsigned char *sig, size_t sig_len, int64_t when,
		      struct trust_signer *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
