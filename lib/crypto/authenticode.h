/*
 * Authenticode signatures of cabinets (.cab, and .msu that are cabinets): wsusscn2.cab and payload.
 *
 * Two questions with separate answers.  The digest verdict: are these the bytes that the signature
 * speaks of?  The chain verdict: does the signer descend from a certificate that the operator
 * pinned?  No certificate store of the system is consulted, and no network.  The shape of the
 * signature is checked by our own code on DER; OpenSSL decodes certificates, verifies single
 * signatures and builds chains (docs/SECURITY.md, decision 0018).
 *
 * Authenticode never covers a whole file: the signature itself, and what may be added to it, is
 * outside.  What identifies a file is its SHA-256, whatever is found here.
 */
#ifndef CRYPTO_AUTHENTICODE_H
#define CRYPTO_AUTHENTICODE_H

#include "lib/base/cleanup.h"
#include "lib/crypto/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* ---- what the operator pins ---- */

/* Certificates, and revocation lists of theirs; unchanging, so threads may share them. */
struct authenticode_roots;

/*
 * Read the PEM blocks CERTIFICATE (1 to LIMIT_AUTHENTICODE_ROOTS) and X509 CRL (at most as many).
 * Each certificate is an anchor, self-signed or not: pinning an issuing CA is narrower than
 * pinning its root.  Lists count for whatever their issuer issued, and are never checked for age.
 * NULL with AUTHENTICODE_ROOTS.
 */
struct authenticode_roots *authenticode_roots_load(const unsigned char *pem, size_t len,
						   struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same from files, all together; at most LIMIT_AUTHENTICODE_ROOTS_BYTES each. */
struct authenticode_roots *authenticode_roots_open(const char *const *paths, size_t count,
						   struct error *err)
	__attribute__((nonnull, warn_unused_result));
void authenticode_roots_free(struct authenticode_roots *r);
DEFINE_CLEANUP(struct authenticode_roots *, authenticode_roots_free);

/* ---- verdicts ---- */

enum authenticode_kind {
	AUTHENTICODE_OTHER,     /* not a cabinet: nothing was looked at */
	AUTHENTICODE_UNSIGNED,  /* a cabinet without signature */
	AUTHENTICODE_SIGNED,    /* everything below is filled */
	AUTHENTICODE_MALFORMED, /* a cabinet whose signature cannot be read: see problem */
};

enum authenticode_digest {
	AUTHENTICODE_DIGEST_NONE,
	AUTHENTICODE_DIGEST_OK,   /* by SHA-256 */
	AUTHENTICODE_DIGEST_SHA1, /* right, but by SHA-1 only: never enough for trust */
	AUTHENTICODE_DIGEST_BAD,
};

enum authenticode_time {
	AUTHENTICODE_TIME_NONE,      /* no countersignature */
	AUTHENTICODE_TIME_OK,        /* by an authority under a pinned certificate */
	AUTHENTICODE_TIME_UNCHECKED, /* sound in itself; no certificates were pinned */
	AUTHENTICODE_TIME_UNTRUSTED, /* sound, but its chain is not: does not count */
	AUTHENTICODE_TIME_WEAK,      /* sound, but by SHA-1: does not count */
	AUTHENTICODE_TIME_BAD,       /* for another signature, or forged: does not count */
};

enum authenticode_chain {
	AUTHENTICODE_CHAIN_UNCHECKED, /* no certificates were pinned, or nothing is signed */
	AUTHENTICODE_CHAIN_OK,
	AUTHENTICODE_CHAIN_UNKNOWN, /* does not lead to a pinned certificate */
	AUTHENTICODE_CHAIN_EXPIRED, /* not valid when it was signed; now, when that is not proved */
	AUTHENTICODE_CHAIN_PURPOSE, /* a certificate that is not for code signing */
	AUTHENTICODE_CHAIN_REVOKED, /* at that time, by a list of the operator's */
	AUTHENTICODE_CHAIN_WEAK,    /* SHA-1 or a short key somewhere */
	AUTHENTICODE_CHAIN_INVALID, /* a false signature or constraint in the chain */
};

enum { AUTHENTICODE_NAME_SIZE = 256, AUTHENTICODE_SERIAL_SIZE = 65 };

/*
 * With several signatures (one inside the other) every digest must be right; everything else
 * is that of the strongest one.
 */
struct authenticode_verdict {
	enum authenticode_kind kind;
	char problem[128]; /* why it is malformed */
	enum authenticode_digest digest;
	char digest_hex[DIGEST_HEX]; /* Authenticode's, computed from the bytes: not the identity */
	unsigned signatures;
	bool signature_ok; /* over its attributes, which include the digest */
	enum authenticode_chain chain;
	char subject[AUTHENTICODE_NAME_SIZE]; /* of the signer; printable ASCII, cut to fit */
	char issuer[AUTHENTICODE_NAME_SIZE];
	char serial[AUTHENTICODE_SERIAL_SIZE];
	enum authenticode_time time;
	bool rfc3161;        /* else a countersignature of PKCS#9 */
	int64_t time_stated; /* seconds; -1 when it states none */
	char time_subject[AUTHENTICODE_NAME_SIZE];
};

/* Words for people and JSON: "signed", "ok", "unknown root" ... */
const char *authenticode_kind_name(enum authenticode_kind k) __attribute__((returns_nonnull));
const char *authenticode_digest_name(enum authenticode_digest d) __attribute__((returns_nonnull));
const char *authenticode_time_name(enum authenticode_time t) __attribute__((returns_nonnull));
const char *authenticode_chain_name(enum authenticode_chain c) __attribute__((returns_nonnull));

/* ---- reading ---- */

/* One file on its way through somebody's hands. */
struct authenticode;

struct authenticode *authenticode_new(void) __attribute__((warn_unused_result, returns_nonnull));

/*
 * The next bytes of the file, in pieces of any size, from its beginning.  Cheap for anything but a
 * signed cabinet, which is hashed twice (SHA-1 and SHA-256).  Memory: at most
 * LIMIT_CAB_SIGNATURE_BYTES.
 */
void authenticode_feed(struct authenticode *a, const void *bytes, size_t len)
	__attribute__((nonnull(1)));

/* As far as can be told from what was fed: false as soon as it can be none. */
bool authenticode_is_cabinet(const struct authenticode *a) __attribute__((nonnull));

/*
 * After the last byte: the verdicts.  roots may be NULL; now (seconds) is when a signature
 * without a trusted time is judged.  May be asked again with other roots.
 */
void authenticode_finish(struct authenticode *a, const struct authenticode_roots *roots,
			 int64_t now, struct authenticode_verdict *out)
	__attribute__((nonnull(1, 4)));
void authenticode_free(struct authenticode *a);
DEFINE_CLEANUP(struct authenticode *, authenticode_free);

/* ---- what the verdicts mean for whoever wants to use the file ---- */

/*
 * 0, or -1 with AUTHENTICODE_FORMAT, AUTHENTICODE_DIGEST or AUTHENTICODE_SIGNATURE: the file is
 * not what was signed.  Without a signature there is nothing to object to.
 */
int authenticode_accept_digest(const struct authenticode_verdict *v, const char *label,
			       struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The same, and it must be signed by somebody under a pinned certificate: AUTHENTICODE_UNSIGNED,
 * AUTHENTICODE_UNKNOWN, AUTHENTICODE_EXPIRED, AUTHENTICODE_PURPOSE, AUTHENTICODE_REVOKED,
 * AUTHENTICODE_WEAK or AUTHENTICODE_CHAIN otherwise.
 */
int authenticode_accept_chain(const struct authenticode_verdict *v, const char *label,
			      struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
