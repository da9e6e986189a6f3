/*
 * Private keys in tokens: PKCS#11, by way of p11-kit.  The key never leaves the token; what is
 * asked of it is one signature over a SHA-384 digest, CKM_ECDSA or CKM_RSA_PKCS_PSS.  What a module
 * answers is bounded and checked, but a module is code that runs in our process: naming one is to
 * trust it (docs/SECURITY.md).  For lib/crypto only; others use key_open().
 */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "lib/base/cleanup.h"

#include <openssl/evp.h>
#include <stdbool.h>

struct buf;
struct error;
struct token;

/*
 * Find the one token and the one private key in it that an RFC 7512 URI describes, and log in.
 * TOKEN_URI, TOKEN_MODULE, TOKEN_MISSING, TOKEN_KEY, TOKEN_PIN, TOKEN_LOCKED, TOKEN_FAILED.
 */
struct token *token_open(const char *uri, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Log out, close the session, overwrite the PIN. */
void token_close(struct token *t);
DEFINE_CLEANUP(struct token *, token_close);

/*
 * The public half, from the public key object with the id of the private key, else from the
 * certificate with that id.  The caller frees it.  NULL with TOKEN_KEY or TOKEN_FAILED.
 */
EVP_PKEY *token_public(struct token *t, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append the signature of a SHA-384 digest: ECDSA in DER, or RSA-PSS.  TOKEN_FAILED. */
int token_sign(struct token *t, const unsigned char digest[48], struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
