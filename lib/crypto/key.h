/*
 * Private keys and the certificates that name their holders.
 *
 * A certificate is only a carrier: what counts is that the trust root pins its bytes and its key
 * (lib/crypto/trust.h).  It says who holds the key (CN) and what for: the extended key usage is
 * codeSigning and one of our roles, 2.25.<U>.<n> with <U> the UUID
 * 57e8f9f9-4958-4a64-85c5-4c61f781da7f in decimal and n = 1 builder, 2 approver, 3 root,
 * 4 importer.  docs/SECURITY.md gives the profile.  Nothing here decides trust or opens files.
 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "lib/base/cleanup.h"
#include "lib/crypto/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

enum key_role {
	KEY_ROLE_NONE = 0,
	KEY_ROLE_BUILDER,
	KEY_ROLE_APPROVER,
	KEY_ROLE_ROOT,
	KEY_ROLE_IMPORTER,
	KEY_ROLES_
};

enum key_algorithm { KEY_ALGORITHM_P384, KEY_ALGORITHM_RSA };

enum {
	KEY_HOLDER_SIZE = 64,  /* a holder's name and its terminator */
	KEY_SHORT_SIZE = 17,   /* a short id and its terminator */
	KEY_PEM_BYTES = 16384, /* ceiling of a private key file; RSA 8192 encrypted: 6.5 kB */
};

/* "builder", "approver", "root", "importer"; "none" for KEY_ROLE_NONE. */
const char *key_role_name(enum key_role role) __attribute__((returns_nonnull));

/* The role of that name; KEY_ROLE_NONE when there is none. */
enum key_role key_role_parse(const char *text, size_t len) __attribute__((nonnull));

/* [A-Za-z0-9][A-Za-z0-9._-]{0,62}; text need not be terminated. */
bool key_holder_is_valid(const char *text, size_t len) __attribute__((nonnull));

/* One person?  Names that differ only in case count as one. */
bool key_holder_is_same(const char *a, const char *b) __attribute__((nonnull));

/*
 * Make an ECDSA P-384 key and its self-signed certificate, valid from clock_stamp() for 3652 days
 * (a root key: 7305).  The key is appended to key_pem as PKCS#8, with a passphrase encrypted by
 * AES-256 (PBKDF2, HMAC-SHA-256, 600,000 rounds); the certificate is appended to cert_pem.  The
 * caller stores key_pem with mode 0600 and ends it with buf_wipe(); it should be empty before.
 * KEY_HOLDER or KEY_ROLE when the request is impossible.
 */
struct key_request {
	enum key_role role;
	const char *holder;
	const char *passphrase; /* NULL: not encrypted */
};
int key_generate(const struct key_request *request, struct buf *key_pem, struct buf *cert_pem,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/* Make the certificate alone, for a key that exists, in a token or not. */
struct key;
int key_generate_certificate(const struct key_request *request, const struct key *key,
			     struct buf *cert_pem, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A private key, in memory or in a token. */
struct key;

/*
 * Read a private key from PEM bytes (at most KEY_PEM_BYTES).  An encrypted key needs passphrase;
 * without (NULL) or with a wrong one the error is KEY_PASSPHRASE, nobody is ever asked.  Only
 * P-384 and RSA of 3072 to 8192 bits (KEY_ALGORITHM).  NULL on failure.
 */
struct key *key_load(const unsigned char *pem, size_t len, const char *passphrase,
		     struct error *err) __attribute__((nonnull(1, 4), warn_unused_result));

/* "pkcs11:...", so no path? */
bool key_is_uri(const char *text) __attribute__((nonnull));

/*
 * A private key that stays in a token (PKCS#11), found by its RFC 7512 URI.  The module is that of
 * $GAPFERRY_PKCS11_MODULE, else all that p11-kit is configured for are searched.  The PIN comes
 * from the file or systemd credential that pin-source names, else it is asked for on the terminal;
 * a URI with pin-value, module-path or module-name is refused.  The session lasts until key_free().
 * NULL with TOKEN_* or KEY_ALGORITHM; no message holds the PIN.
 */
struct key *key_open(const char *uri, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void key_free(struct key *k);
DEFINE_CLEANUP(struct key *, key_free);

/* What a certificate says; everything was checked against the profile. */
struct key_facts {
	unsigned char cert_sha256[DIGEST_SHA256]; /* of the certificate's DER */
	unsigned char
		spki_sha256[DIGEST_SHA256]; /* the key id: of the SubjectPublicKeyInfo's DER */
	char short_id[KEY_SHORT_SIZE];      /* first 16 hex digits of the key id */
	char holder[KEY_HOLDER_SIZE];
	enum key_role role;
	enum key_algorithm algorithm;
	unsigned bits;
	int64_t not_before, not_after; /* seconds, both inclusive */
};

/* A certificate in memory; unchanging, so threads may share it. */
struct key_cert;

/*
 * Read the one certificate in PEM bytes (at most LIMIT_CERTIFICATE_BYTES, hostile) and check it:
 * X.509 v3 in canonical DER, not a CA, keyUsage digitalSignature, extended key usage codeSigning
 * and exactly one role and nothing else, one CN that is a valid holder, an allowed key.  It says
 * nothing about trust or time.  NULL with CERT_FORMAT, CERT_PROFILE, CERT_ROLE, CERT_HOLDER or
 * KEY_ALGORITHM.
 */
struct key_cert *key_cert_load(const unsigned char *pem, size_t len, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void key_cert_free(struct key_cert *c);
DEFINE_CLEANUP(struct key_cert *, key_cert_free);

/* Borrowed from the certificate. */
const struct key_facts *key_cert_facts(const struct key_cert *c)
	__attribute__((nonnull, returns_nonnull));

/* Append the certificate as PEM: the one canonical form, without comments around it. */
int key_cert_write(const struct key_cert *c, struct buf *pem, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Do the two belong together? */
bool key_matches(const struct key *k, const struct key_cert *c) __attribute__((nonnull));

#endif
