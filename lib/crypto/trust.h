/*
 * The trust root: which keys count, for what, and how many of them are needed; and what counts no
 * more.
 *
 *   gapferry-trust 2                       1 as long as nothing was ever revoked
 *   version N
 *   created YYYY-MM-DDThh:mm:ssZ
 *   expires YYYY-MM-DDThh:mm:ssZ
 *   threshold root M
 *   threshold builder M
 *   threshold approver M
 *   key <key id, 64 hex> <role> <holder> <certificate SHA-256, 64 hex>     sorted, unique
 *   revoked-key <key id> <time, or -> <reason>                             sorted, unique
 *   revoked-bundle <channel> <epoch> <sequence> <MANIFEST SHA-256> <reason>
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
#include "lib/base/file.h"
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

/* A key that counts for nothing: ever, or in what was made at `since` or later. */
struct trust_revoked_key {
	unsigned char id[DIGEST_SHA256];
	char short_id[KEY_SHORT_SIZE];
	bool timed; /* then the key may be listed still */
	int64_t since;
	char reason[KEY_HOLDER_SIZE]; /* a word, with the rules of a holder's name */
};

/* A bundle that nobody may use; its MANIFEST decides, the rest is for people. */
struct trust_revoked_bundle {
	char channel[KEY_HOLDER_SIZE];
	uint32_t epoch;
	uint64_t sequence;
	unsigned char manifest[DIGEST_SHA256];
	char reason[KEY_HOLDER_SIZE];
};

struct trust {
	unsigned format;                /* 1 or 2; only 2 has revocations */
	unsigned version;               /* 1 .. LIMIT_TRUST_VERSIONS */
	int64_t created, expires;       /* seconds; created < expires */
	unsigned threshold[KEY_ROLES_]; /* of root, builder and approver; others 0 */
	size_t key_count;
	struct trust_key keys[LIMIT_TRUST_KEYS];
	size_t revoked_key_count, revoked_bundle_count;
	struct trust_revoked_key revoked_keys[LIMIT_TRUST_REVOKED_KEYS];
	struct trust_revoked_bundle revoked_bundles[LIMIT_TRUST_REVOKED_BUNDLES];
	/*
	 * Filled by trust_load(): the SHA-256 of the text of version i + 1, for every version up to
	 * this one.
	 */
	unsigned char (*history)[DIGEST_SHA256];
	struct file_list files; /* what trust_load() read: the names, in the order to copy them */
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

/* The revocation of a key, or NULL; whether the key counts for what was made at `when`. */
const struct trust_revoked_key *trust_find_revoked(const struct trust *t,
						   const unsigned char id[DIGEST_SHA256])
	__attribute__((nonnull));
bool trust_counts(const struct trust *t, const unsigned char id[DIGEST_SHA256], int64_t when)
	__attribute__((nonnull));

/* The revocation of the bundle with this MANIFEST, or NULL; the same as TRUST_REVOKED_BUNDLE. */
const struct trust_revoked_bundle *
trust_find_revoked_bundle(const struct trust *t, const unsigned char manifest[DIGEST_SHA256])
	__attribute__((nonnull));
int trust_check_bundle(const struct trust *t, const unsigned char manifest[DIGEST_SHA256],
		       struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Walk the versions of a trust directory (hostile) from 1 to the newest, which is returned with
 * its certificates.  Version 1 needs signatures of its own root threshold, version N + 1 those of
 * version N and of its own, by distinct holders whose certificates are valid when the version was
 * created.  One signature that does not verify spoils everything.  A root key that a version
 * revokes does not count for the quorum of that version and of later ones.  Revocations stay:
 * TRUST_UNREVOKED.  label names the directory in messages.
 *
 * The result only says that the directory is consistent in itself.  A directory from a medium is
 * worth something only after trust_extends() against the one this site holds.
 *
 * TRUST_MISSING, TRUST_SEQUENCE, TRUST_CERTIFICATE, TRUST_QUORUM, TRUST_UNKNOWN_KEY,
 * TRUST_EXPIRED, errors of trust_parse() and cms_verify().
 */
struct trust *trust_load(int dirfd, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* The same for the directory at path; besides, FILE_OPEN. */
struct trust *trust_load_path(const char *path, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Copy what trust_load() read to another directory, texts last.  Files are only ever added: -1
 * with TRUST_CHANGED for one that is there with other bytes.
 */
int trust_copy(int from, int to, const struct trust *t, struct error *err)
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
	/* Besides those of the version before.  Not for trust_create(). */
	const struct trust_revoked_key *revoked_keys;
	size_t revoked_key_count;
	const struct trust_revoked_bundle *revoked_bundles;
	size_t revoked_bundle_count;
};

/*
 * Write version 1 into a directory: certificates, signatures, and last 0001.root.  Refused:
 * TRUST_EXISTS when it holds a *.root; TRUST_THRESHOLD without builders and approvers of different
 * holders, or with thresholds that cannot be met; TRUST_QUORUM with too few signers.
 */
int trust_create(int dirfd, const struct trust_request *request, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Make the next version, which replaces all keys and thresholds by those of the request and keeps
 * all revocations: 0 when the signers are enough for the version that is there and for the new
 * one; 1 when they are too few: it lies there as a proposal then (NNNN.proposed, and
 * NNNN.<short id>.proposed for each signature), which replaces an older one and which
 * trust_load() does not look at.  A certificate may not be replaced by another of the same key:
 * its file is needed to check the old versions.
 */
int trust_append(int dirfd, const struct trust_request *request, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Signatures by different root key holders, of a version and of the one before. */
struct trust_quorum {
	unsigned have, need, have_before, need_before;
};

/*
 * The proposed version after `current`, with its certificates and what its signatures amount to:
 * 1 and *out (the caller's), 0 when there is none, -1 as trust_load().
 */
int trust_load_proposed(int dirfd, const struct trust *current, struct trust **out,
			struct trust_quorum *quorum, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Sign the proposed version with root keys of it or of the version before (their certificates are
 * found there).  0 when that made it the version in force, 1 when signatures are lacking still.
 * -1 with TRUST_PROPOSED when there is none, TRUST_NO_ROOT_KEY, TRUST_EXPIRED.
 */
int trust_sign(int dirfd, const struct key *const *keys, size_t count, struct error *err)
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
	size_t revoked_count; /* of keys that the trust root revokes, whether it lists them or not
			       */
	char revoked[KEY_SHORT_SIZE]; /* the first of them */
};

/*
 * May this message (hostile) be believed?  Every signature whose name is a key of the trust root
 * must verify, and its certificate be valid at the time `when` (seconds); the thresholds of
 * builder and approver must be met by different holders, nobody counting for both.  Keys that the
 * trust root does not list are recorded and count for nothing, and so do those it revokes.  *out
 * is filled as far as it got even on failure.
 *
 * TRUST_REVOKED_KEY when it is too little because of a revoked key; TRUST_NO_SIGNATURE,
 * TRUST_NO_BUILDER, TRUST_NO_APPROVER, TRUST_SAME_HOLDER; TRUST_UNKNOWN_KEY instead of them when a
 * key was unknown; TRUST_EXPIRED, TRUST_SIGNATURE_NAME, and errors of cms_verify() prefixed with
 * the file's name.  The expiry of the trust root is the caller's to judge.
 */
int trust_check_signatures(const struct trust *t, const unsigned char *message, size_t len,
			   const struct trust_signature *sigs, size_t count, int64_t when,
			   struct trust_verdict *out, struct error *err)
	__attribute__((nonnull(1, 2, 7, 8), warn_unused_result));

/*
 * When the time is stated inside the message, the signatures come first: check them with
 * TRUST_TIME_LATER, read the message, then call trust_check_validity() with its time.  It takes
 * signers out whose keys had been revoked by then, so judge the rest again: trust_check_policy().
 */
#define TRUST_TIME_LATER INT64_MIN
int trust_check_validity(const struct trust *t, struct trust_verdict *v, int64_t when,
			 struct error *err) __attribute__((nonnull, warn_unused_result));
int trust_check_policy(const struct trust *t, const struct trust_verdict *v, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The same for a message with one signer in one role, such as a receipt: the key must be listed
 * with that role (TRUST_UNKNOWN_KEY otherwise) and count at that time (TRUST_REVOKED_KEY).
 */
int trust_check_role(const struct trust *t, enum key_role role, const unsigned char *message,
		     size_t len, const struct trust_signature *sig, int64_t when,
		     struct trust_signer *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The same when nothing names the key: whichever key of the trust root signed, in whatever role,
 * which the caller judges.  TRUST_UNKNOWN_KEY when none did, TRUST_REVOKED_KEY, TRUST_EXPIRED,
 * errors of cms_verify().
 */
int trust_find_signer(const struct trust *t, const unsigned char *message, size_t len,
		      const unsigned char *sig, size_t sig_len, int64_t when,
		      struct trust_signer *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
