/*
 * Putting a signature together around a value that somebody else computed: OpenSSL only signs with
 * keys of its own.  One form is written, the one that cms_profile_check() demands.  For lib/crypto
 * only.
 */
#ifndef CRYPTO_CMS_WRITE_H
#define CRYPTO_CMS_WRITE_H

#include "lib/crypto/key.h"

struct buf;
struct error;

/* Append the signed attributes over bytes, as the DER SET that is signed (RFC 5652, 5.4). */
int cms_write_attributes(const struct key_cert *cert, const unsigned char *bytes, size_t len,
			 struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Append the ContentInfo.  attributes (from cms_write_attributes(), or hostile) begins with the
 * tag of a SET; value is the signature.  Nothing is checked: that is for cms_verify().
 */
int cms_write_signed(const struct key_cert *cert, const unsigned char *attributes, size_t len,
		     const unsigned char *value, size_t value_len, struct buf *out,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
