/*
 * A signature without a container, over a small text: ECDSA on P-384 in DER, or RSA-PSS, with
 * SHA-384, as `openssl dgst -sha384 -verify` takes it.  For checkpoints of a log, whose signatures
 * are lines of text (verifier/note.h); everything else is signed as CMS.
 */
#ifndef CRYPTO_BARE_H
#define CRYPTO_BARE_H

#include <stddef.h>

struct buf;
struct error;
struct key;
struct key_cert;

/*
 * Append the signature of bytes.  They must begin with a lower-case letter (CMS_CONTENT), which
 * the signed attributes of a CMS never do: so neither signature can pass for the other.
 * KEY_MISMATCH, TOKEN_*, CRYPTO.
 */
int bare_sign(const struct key *key, const struct key_cert *cert, const unsigned char *bytes,
	      size_t len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Is sig (hostile) one of bytes by the key of the certificate?  -1 with LOG_SIGNATURE. */
int bare_verify(const struct key_cert *cert, const unsigned char *bytes, size_t len,
		const unsigned char *sig, size_t sig_len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
