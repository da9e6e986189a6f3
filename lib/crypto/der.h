/*
 * A cursor over DER (X.690): just enough to check that a structure has the shape a profile
 * demands, before OpenSSL's more liberal answer is believed.  It decodes no values and never
 * recurses.  Bytes are borrowed and hostile.  And the reverse, for the few things we write.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0xa0, /* + n: constructed [n] */
};

/* What is still to be read. */
struct der {
	const unsigned char *at;
	size_t left;
};

/*
 * The next element: its tag and contents; *whole (may be NULL) covers its header too.  False, and
 * the cursor unmoved, at the end or when the element is not DER: an indefinite or non-minimal
 * length, a multi-byte tag, or more bytes than there are.
 */
bool der_next(struct der *from, unsigned char *tag, struct der *contents, struct der *whole)
	__attribute__((nonnull(1, 2, 3)));

/* The same, and the tag must be this one. */
bool der_take(struct der *from, unsigned char tag, struct der *contents) __attribute__((nonnull));

/* Does an element with this tag come next?  Nothing is consumed. */
bool der_is_next(const struct der *from, unsigned char tag) __attribute__((nonnull));

/* Are these exactly the bytes given? */
bool der_equals(const struct der *value, const void *bytes, size_t len) __attribute__((nonnull));

/*
 * Writing, from the inside out: what was appended to b since it had `from` bytes (less than 64
 * KiB) becomes the contents of one element.  LIMIT_BYTES.
 */
int der_wrap(struct buf *b, size_t from, unsigned char tag, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append one element. */
int der_put(struct buf *b, unsigned char tag, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 5), warn_unused_result));

#endif
