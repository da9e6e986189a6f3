/* OpenSSL's objects inside a key and a certificate, borrowed.  For lib/crypto only. */
#ifndef CRYPTO_KEY_INTERNAL_H
#define CRYPTO_KEY_INTERNAL_H

#include "lib/crypto/der.h"
#include "lib/crypto/key.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

EVP_PKEY *key_handle(const struct key *k) __attribute__((nonnull));
X509 *key_cert_handle(const struct key_cert *c) __attribute__((nonnull));

enum { KEY_SHA384 = 48 };

/* The token that holds the private key; NULL when it is in memory. */
struct token;
struct token *key_token(const struct key *k) __attribute__((nonnull));

/*
 * Append the signature over bytes: ECDSA in DER, or RSA-PSS; with SHA-384.  CRYPTO, or the TOKEN_*
 * errors.
 */
int key_sign(const struct key *k, const unsigned char *bytes, size_t len, struct buf *out,
	     struct error *err) __attribute__((nonnull, warn_unused_result));

/* The AlgorithmIdentifier of such signatures. */
struct der key_sign_algorithm(EVP_PKEY *pkey) __attribute__((nonnull));

/* The dotted OID of a role, or NULL for KEY_ROLE_NONE. */
const char *key_role_oid(enum key_role role);

/* P-384 as a named curve, or RSA of 3072 to 8192 bits. */
bool key_algorithm_is_allowed(EVP_PKEY *pkey, enum key_algorithm *algorithm)
	__attribute__((nonnull));

/* Append what a memory BIO holds. */
int key_append_bio(BIO *bio, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
