/* What the files authenticode*.c share.  For lib/crypto only. */
#ifndef CRYPTO_AUTHENTICODE_INTERNAL_H
#define CRYPTO_AUTHENTICODE_INTERNAL_H

#include "lib/crypto/authenticode.h"
#include "lib/crypto/der.h"
#include "lib/crypto/openssl.h"

/* ---- authenticode_der.c: shapes, decided on the bytes ---- */

enum authenticode_oid {
	AUTHENTICODE_OID_SIGNED_DATA,
	AUTHENTICODE_OID_SPC_INDIRECT_DATA,
	AUTHENTICODE_OID_TST_INFO,
	AUTHENTICODE_OID_CONTENT_TYPE,
	AUTHENTICODE_OID_MESSAGE_DIGEST,
	AUTHENTICODE_OID_SIGNING_TIME,
	AUTHENTICODE_OID_COUNTERSIGNATURE,
	AUTHENTICODE_OID_TIME_STAMP,
	AUTHENTICODE_OID_NESTED,
	AUTHENTICODE_OIDS_
};
bool authenticode_is_oid(const struct der *value, enum authenticode_oid oid)
	__attribute__((nonnull));

/* The digest of an AlgorithmIdentifier; NULL when it is none of SHA-1, SHA-256, -384, -512. */
const EVP_MD *authenticode_take_hash(struct der *from) __attribute__((nonnull));

/* SignerInfo of PKCS#7: by issuer and serial number, with signed attributes. */
struct authenticode_signer {
	struct der issuer, serial; /* whole elements */
	const EVP_MD *hash;
	struct der attributes;       /* contents of [0] */
	struct der attributes_whole; /* what is signed, but for the tag */
	struct der algorithm;        /* OID of the signature algorithm */
	struct der signature;
	struct der unsigned_attributes; /* may be empty */
};
bool authenticode_take_signer(struct der *from, struct authenticode_signer *out)
	__attribute__((nonnull));

/* A ContentInfo with SignedData and exactly one signer. */
struct authenticode_signed_data {
	struct der content_type;
	struct der content;      /* contents of the element inside [0]: this is hashed */
	struct der certificates; /* contents of [0]; may be empty */
	struct authenticode_signer signer;
};
bool authenticode_take_signed_data(struct der *from, unsigned char content_tag,
				   struct authenticode_signed_data *out) __attribute__((nonnull));

/*
 * Step through attributes: 1 with the type and the SET of values, 0 at the end, -1 when they are
 * malformed.
 */
int authenticode_next_attribute(struct der *from, struct der *oid, struct der *values)
	__attribute__((nonnull));

/* The value of the attribute, which must be there once with one value: its tag and contents. */
bool authenticode_attribute(struct der attributes, enum authenticode_oid oid, unsigned char *tag,
			    struct der *value) __attribute__((nonnull));

/* SpcIndirectDataContent: the algorithm and the digest of the file. */
bool authenticode_indirect_data(struct der content, const EVP_MD **hash, struct der *digest)
	__attribute__((nonnull));

/* TSTInfo of RFC 3161: its imprint, and its time in seconds. */
bool authenticode_tst_info(struct der content, const EVP_MD **hash, struct der *imprint,
			   int64_t *at) __attribute__((nonnull));

/* UTCTime or GeneralizedTime (fractions are dropped), with Z. */
bool authenticode_seconds(unsigned char tag, struct der text, int64_t *out)
	__attribute__((nonnull));

/* ---- authenticode_signer.c ---- */

/* All certificates of a SignedData, at most LIMIT_AUTHENTICODE_CERTIFICATES; NULL if one is none.
 */
STACK_OF(X509) * authenticode_certificates(struct der from);

/* The signer's, borrowed from the stack; NULL when it is not there. */
X509 *authenticode_find(const STACK_OF(X509) * certs, const struct authenticode_signer *s)
	__attribute__((nonnull(2)));

/* messageDigest is that of content, and the key of cert signed the attributes. */
bool authenticode_verify_signer(const struct authenticode_signer *s, X509 *cert, struct der content)
	__attribute__((nonnull));

/* The digest of bytes is this one. */
bool authenticode_hash_is(const EVP_MD *hash, struct der bytes, struct der digest)
	__attribute__((nonnull));

void authenticode_name(const X509_NAME *from, char out[AUTHENTICODE_NAME_SIZE])
	__attribute__((nonnull));

/* ---- authenticode_roots.c ---- */

/* From cert to a pinned certificate, all of it valid at that time and meant for purpose. */
enum authenticode_chain authenticode_check_chain(const struct authenticode_roots *roots, X509 *cert,
						 STACK_OF(X509) * others, int64_t at, int purpose)
	__attribute__((nonnull(1, 2)));

/* ---- authenticode_time.c ---- */

/* The countersignature of s, if any: fills the members time* and rfc3161.  certs are those around.
 */
void authenticode_check_time(const struct authenticode_signer *s, STACK_OF(X509) * certs,
			     const struct authenticode_roots *roots,
			     struct authenticode_verdict *out) __attribute__((nonnull(1, 4)));

/* ---- authenticode_cab.c: which bytes of a cabinet are signed, and where the signature lies ----
 */

enum { AUTHENTICODE_CAB_HEADER = 60 };

enum authenticode_cab_kind {
	AUTHENTICODE_CAB_OTHER,
	AUTHENTICODE_CAB_UNSIGNED,
	AUTHENTICODE_CAB_SIGNED,
	AUTHENTICODE_CAB_BAD,
};
struct authenticode_cab {
	enum authenticode_cab_kind kind;
	const char *problem;      /* when it is bad */
	uint64_t size;            /* cbCabinet */
	uint64_t signature_bytes; /* they begin at size */
};

/* header holds len bytes of the file's beginning: all of it, or AUTHENTICODE_CAB_HEADER. */
void authenticode_cab_read(const unsigned char *header, size_t len, struct authenticode_cab *out)
	__attribute__((nonnull));

/* The parts of the header that are digested. */
void authenticode_cab_digest(const unsigned char header[AUTHENTICODE_CAB_HEADER], struct digest *d)
	__attribute__((nonnull));

#endif
