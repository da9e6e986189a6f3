/*
 * Detached CMS signatures (RFC 5652, RFC 5035) over a small text in memory: a MANIFEST, a trust
 * root, a receipt.  One file holds one signature; several signers make several files.
 *
 * OpenSSL accepts far more than is safe here: BER, bytes after the end, merged signers, weak
 * digests, and signatures without signed attributes, which can be forged.  So the profile
 * (docs/SECURITY.md) is checked by us on the bytes, each rule with an error of its own, before
 * OpenSSL is asked whether the signature is right.  No certificate store is ever consulted:
 * the caller names the one certificate.  Who may sign what is for lib/crypto/trust.h.
 */
#ifndef CRYPTO_CMS_H
#define CRYPTO_CMS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;
struct key;
struct key_cert;

/*
 * Append the signature of bytes in DER to out: SHA-384 with ECDSA or RSA-PSS, the certificate
 * embedded, signed attributes contentType, messageDigest, signingTime (clock_stamp()) and
 * signingCertificateV2.  bytes must begin with a lower-case letter and be at most
 * LIMIT_MANIFEST_BYTES (CMS_CONTENT).  KEY_MISMATCH when key and certificate differ.  The result
 * was verified with cms_verify().
 */
int cms_sign(const struct key *key, const struct key_cert *cert, const unsigned char *bytes,
	     size_t len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The same in two steps, for a private key on another machine.  cms_attributes() appends the bytes
 * that are to be signed there, with SHA-384 and ECDSA or RSA-PSS: the signed attributes as a DER
 * SET.  cms_join() appends the signature made of them (hostile) and of the bare signature value
 * (hostile; ECDSA in DER), which it has verified with cms_verify(), whose errors it gives.
 */
int cms_attributes(const struct key_cert *cert, const unsigned char *bytes, size_t len,
		   struct buf *out, struct error *err) __attribute__((nonnull, warn_unused_result));
struct cms_signed {
	const unsigned char *attributes, *value;
	size_t attributes_len, value_len;
};
int cms_join(const struct cms_signed *from, const struct key_cert *cert, const unsigned char *bytes,
	     size_t len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Do the attributes (hostile) name this certificate?  Only a hint which one to verify with. */
bool cms_names(const unsigned char *attributes, size_t len, const struct key_cert *cert)
	__attribute__((nonnull));

/*
 * Is sig (hostile) a signature of bytes (hostile) by the key of the pinned certificate, in our
 * profile?  Validity dates are not looked at.  -1 with one of the CMS_* errors otherwise.
 */
int cms_verify(const unsigned char *sig, size_t sig_len, const unsigned char *bytes, size_t len,
	       const struct key_cert *pinned, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
