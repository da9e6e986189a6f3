/*
 * SignedData of RFC 5652 section 5.1, read element by element, so that nothing is present that is
 * not named here.  The order of the checks is the order of the bytes.
 */
#include "lib/base/error.h"
#include "lib/crypto/cms_internal.h"

#include <string.h>

enum { MAX_CERTIFICATES = 4 };

#define OID(...)                                                                          \
	{                                                                                 \
		.bytes = { __VA_ARGS__ }, .len = sizeof((unsigned char[]){ __VA_ARGS__ }) \
	}
struct oid {
	unsigned char bytes[16];
	size_t len;
};

static const struct oid id_signed_data = OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2);
static const struct oid id_data = OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1);
static const struct oid id_sha384 = OID(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2);
static const struct oid id_ecdsa_sha384 = OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3);
static const struct oid id_rsa_pss = OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10);
static const struct oid id_mgf1 = OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8);
static const struct oid id_timestamp_token =
	OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 14);

static bool is_oid(const struct der *value, const struct oid *oid)
{
	return der_equals(value, oid->bytes, oid->len);
}

static int malformed(const char *what, struct error *err)
{
	return error_set(err, ERROR_CMS_FORMAT, "%s is malformed", what);
}

/* SHA-384 with absent or NULL parameters: both are in use (RFC 5754, section 2). */
static bool is_sha384(struct der algorithm)
{
	struct der oid, parameters;

	if (!der_take(&algorithm, DER_OID, &oid) || !is_oid(&oid, &id_sha384))
		return false;
	if (algorithm.left == 0)
		return true;
	return der_take(&algorithm, DER_NULL, &parameters) && parameters.left == 0 &&
	       algorithm.left == 0;
}

static bool take_sha384(struct der *from)
{
	struct der algorithm;

	return der_take(from, DER_SEQUENCE, &algorithm) && is_sha384(algorithm);
}

/* RSASSA-PSS-params of RFC 4055: SHA-384, MGF1 with SHA-384, salt of 48 bytes, no trailer field. */
static bool is_pss_sha384(struct der params)
{
	struct der fields, hash, mask, mask_algorithm, mask_oid, salt, salt_value;

	return der_take(&params, DER_SEQUENCE, &fields) && params.left == 0 &&
	       der_take(&fields, DER_CONTEXT + 0, &hash) && take_sha384(&hash) && hash.left == 0 &&
	       der_take(&fields, DER_CONTEXT + 1, &mask) &&
	       der_take(&mask, DER_SEQUENCE, &mask_algorithm) && mask.left == 0 &&
	       der_take(&mask_algorithm, DER_OID, &mask_oid) && is_oid(&mask_oid, &id_mgf1) &&
	       take_sha384(&mask_algorithm) && mask_algorithm.left == 0 &&
	       der_take(&fields, DER_CONTEXT + 2, &salt) &&
	       der_take(&salt, DER_INTEGER, &salt_value) && salt.left == 0 &&
	       der_equals(&salt_value, "\x30", 1) && fields.left == 0;
}

/* OpenSSL does not compare this field, which nobody signs, with the kind of an EC key. */
static bool is_signature_algorithm(struct der algorithm, bool rsa)
{
	struct der oid;

	if (!der_take(&algorithm, DER_OID, &oid))
		return false;
	if (rsa)
		return is_oid(&oid, &id_rsa_pss) && is_pss_sha384(algorithm);
	return is_oid(&oid, &id_ecdsa_sha384) && algorithm.left == 0;
}

/* ---- signed attributes ---- */

static int check_content_type(struct der value, const struct cms_expected *expected,
			      struct error *err)
{
	struct der oid;

	(void)expected;
	if (!der_take(&value, DER_OID, &oid) || value.left || !is_oid(&oid, &id_data))
		return error_set(err, ERROR_CMS_CONTENT_TYPE,
				 "the signed content type is not id-data");
	return 0;
}

static int check_message_digest(struct der value, const struct cms_expected *expected,
				struct error *err)
{
	struct der digest;

	if (!der_take(&value, DER_OCTET_STRING, &digest) || value.left)
		return malformed("messageDigest", err);
	if (digest.left != CMS_SHA384)
		return error_set(err, ERROR_CMS_DIGEST, "the message digest has %zu bytes, not 48",
				 digest.left);
	if (!der_equals(&digest, expected->content_sha384, CMS_SHA384))
		return error_set(err, ERROR_CMS_MESSAGE_DIGEST, "it signs other bytes than these");
	return 0;
}

/* YYMMDDhhmmssZ or YYYYMMDDhhmmssZ, the only DER forms of RFC 5652 section 11.3. */
static int check_signing_time(struct der value, const struct cms_expected *expected,
			      struct error *err)
{
	unsigned char tag;
	struct der text;

	(void)expected;
	if (!der_next(&value, &tag, &text, NULL) || value.left ||
	    !((tag == DER_UTC_TIME && text.left == 13) ||
	      (tag == DER_GENERALIZED_TIME && text.left == 15)) ||
	    text.at[text.left - 1] != 'Z')
		return malformed("signingTime", err);
	for (size_t i = 0; i + 1 < text.left; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return malformed("signingTime", err);
	return 0;
}

/* SigningCertificateV2 of RFC 5035 with one ESSCertIDv2, which names the pinned certificate. */
static int check_signing_certificate(struct der value, const struct cms_expected *expected,
				     struct error *err)
{
	struct der fields, ids, id, hash, issuer_serial;

	if (!der_take(&value, DER_SEQUENCE, &fields) || value.left ||
	    !der_take(&fields, DER_SEQUENCE, &ids) || fields.left ||
	    !der_take(&ids, DER_SEQUENCE, &id))
		return malformed("signingCertificateV2", err);
	if (ids.left)
		return error_set(err, ERROR_CMS_ESS,
				 "signingCertificateV2 names several certificates");
	/* Without an algorithm SHA-256 is meant. */
	if (!der_is_next(&id, DER_SEQUENCE) || !take_sha384(&id))
		return error_set(err, ERROR_CMS_DIGEST,
				 "signingCertificateV2 does not use SHA-384");
	if (!der_take(&id, DER_OCTET_STRING, &hash) ||
	    (id.left && !der_take(&id, DER_SEQUENCE, &issuer_serial)) || id.left)
		return malformed("signingCertificateV2", err);
	if (!der_equals(&hash, expected->cert_sha384, CMS_SHA384))
		return error_set(
			err, ERROR_CMS_ESS,
			"signingCertificateV2 names another certificate than the trusted one");
	return 0;
}

static const struct attribute {
	const char *name;
	struct oid oid;
	int (*check)(struct der value, const struct cms_expected *expected, struct error *err);
	enum error_id missing; /* ERROR_NONE: optional */
} attributes[] = {
	{ "contentType", OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3), check_content_type,
	  ERROR_CMS_SIGNED_ATTRIBUTE },
	{ "messageDigest", OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4), check_message_digest,
	  ERROR_CMS_SIGNED_ATTRIBUTE },
	{ "signingTime", OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5), check_signing_time,
	  ERROR_NONE },
	{ "signingCertificateV2", OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47),
	  check_signing_certificate, ERROR_CMS_ESS },
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

/* Attribute ::= SEQUENCE { OID, SET OF value }; exactly one value. */
static bool take_attribute(struct der *from, struct der *oid, struct der *value)
{
	struct der attribute, values, contents;
	unsigned char tag;

	if (!der_take(from, DER_SEQUENCE, &attribute) || !der_take(&attribute, DER_OID, oid) ||
	    !der_take(&attribute, DER_SET, &values) || attribute.left)
		return false;
	return der_next(&values, &tag, &contents, value) && values.left == 0;
}

static const struct attribute *find_attribute(const struct der *oid)
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (is_oid(oid, &attributes[i].oid))
			return &attributes[i];
	return NULL;
}

/*
 * Which attributes there are is settled before any value is looked at, so that the reason given
 * for a signature made by another tool is the missing attribute, not a detail.
 */
static int check_signed_attributes(struct der from, const struct cms_expected *expected,
				   struct error *err)
{
	struct der values[ATTRIBUTES] = { 0 }, oid, value;

	while (from.left) {
		if (!take_attribute(&from, &oid, &value))
			return error_set(
				err, ERROR_CMS_SIGNED_ATTRIBUTE,
				"a signed attribute is malformed or has not exactly one value");
		const struct attribute *a = find_attribute(&oid);

		if (!a)
			return error_set(err, ERROR_CMS_SIGNED_ATTRIBUTE,
					 "a signed attribute outside the profile");
		if (values[a - attributes].at)
			return error_set(err, ERROR_CMS_SIGNED_ATTRIBUTE, "%s appears twice",
					 a->name);
		values[a - attributes] = value;
	}
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (!values[i].at && attributes[i].missing != ERROR_NONE)
			return error_set(err, attributes[i].missing,
					 "signed attribute %s is missing", attributes[i].name);
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (values[i].at && attributes[i].check(values[i], expected, err) < 0)
			return -1;
	return 0;
}

/* Only an RFC 3161 time stamp, which is evidence about the signature made after it. */
static int check_unsigned_attributes(struct der from, struct error *err)
{
	struct der oid, value;

	if (!take_attribute(&from, &oid, &value) || from.left || !is_oid(&oid, &id_timestamp_token))
		return error_set(err, ERROR_CMS_UNSIGNED_ATTRIBUTE,
				 "an unsigned attribute other than one time stamp");
	return 0;
}

/* ---- the structure around them ---- */

/* Bytewise: OpenSSL compares names without regard to case, and nobody signs this field. */
static bool is_signer_id(struct der sid, const struct cms_expected *expected)
{
	size_t issuer = expected->issuer.left;

	return sid.left == issuer + expected->serial.left &&
	       memcmp(sid.at, expected->issuer.at, issuer) == 0 &&
	       memcmp(sid.at + issuer, expected->serial.at, expected->serial.left) == 0;
}

static int check_signer(struct der signer, const struct cms_expected *expected, struct error *err)
{
	struct der version, sid, signed_attributes, algorithm, signature,
		unsigned_attributes = { 0 };

	if (!der_take(&signer, DER_INTEGER, &version))
		return malformed("SignerInfo", err);
	if (!der_equals(&version, "\x01", 1) || !der_take(&signer, DER_SEQUENCE, &sid))
		return error_set(err, ERROR_CMS_VERSION,
				 "SignerInfo is not version 1 with issuer and serial number");
	if (!is_signer_id(sid, expected))
		return error_set(
			err, ERROR_CMS_SIGNER_ID,
			"issuer and serial number are not those of the trusted certificate");
	if (!take_sha384(&signer))
		return error_set(err, ERROR_CMS_DIGEST, "the digest algorithm is not SHA-384");
	if (!der_take(&signer, DER_CONTEXT + 0, &signed_attributes))
		return error_set(err, ERROR_CMS_NO_SIGNED_ATTRIBUTES,
				 "there are no signed attributes");
	if (!der_take(&signer, DER_SEQUENCE, &algorithm) ||
	    !is_signature_algorithm(algorithm, expected->rsa))
		return error_set(err, ERROR_CMS_ALGORITHM, "the signature algorithm is not %s",
				 expected->rsa ? "RSASSA-PSS with SHA-384 and a salt of 48 bytes"
					       : "ECDSA with SHA-384");
	if (!der_take(&signer, DER_OCTET_STRING, &signature))
		return malformed("SignerInfo", err);
	if (signer.left &&
	    (!der_take(&signer, DER_CONTEXT + 1, &unsigned_attributes) || signer.left))
		return malformed("SignerInfo", err);
	if (unsigned_attributes.at && check_unsigned_attributes(unsigned_attributes, err) < 0)
		return -1;
	return check_signed_attributes(signed_attributes, expected, err);
}

static int check_certificates(struct der *from, const struct der *pinned, struct error *err)
{
	struct der set, contents, whole;
	bool found = false;
	unsigned char tag;

	if (!der_take(from, DER_CONTEXT + 0, &set))
		return error_set(err, ERROR_CMS_CERTIFICATES, "no certificate is embedded");
	for (size_t n = 0; set.left; n++) {
		if (n == MAX_CERTIFICATES)
			return error_set(err, ERROR_CMS_CERTIFICATES, "more than %d certificates",
					 MAX_CERTIFICATES);
		if (!der_next(&set, &tag, &contents, &whole) || tag != DER_SEQUENCE)
			return error_set(err, ERROR_CMS_CERTIFICATES,
					 "something else than a certificate is embedded");
		found = found || der_equals(&whole, pinned->at, pinned->left);
	}
	if (!found)
		return error_set(
			err, ERROR_CMS_CERTIFICATES,
			"the trusted certificate is not embedded: another key signed this");
	return 0;
}

static int check_content(struct der content, struct error *err)
{
	struct der type;

	if (!der_take(&content, DER_OID, &type))
		return malformed("EncapsulatedContentInfo", err);
	if (!is_oid(&type, &id_data))
		return error_set(err, ERROR_CMS_CONTENT_TYPE, "the content type is not id-data");
	if (content.left)
		return error_set(err, ERROR_CMS_EMBEDDED, "it carries its own content");
	return 0;
}

static int check_signed_data(struct der data, const struct cms_expected *expected,
			     struct error *err)
{
	struct der version, digests, content, signers, signer;

	if (!der_take(&data, DER_INTEGER, &version))
		return malformed("SignedData", err);
	if (!der_equals(&version, "\x01", 1))
		return error_set(err, ERROR_CMS_VERSION, "SignedData is not version 1");
	if (!der_take(&data, DER_SET, &digests) || !take_sha384(&digests) || digests.left)
		return error_set(err, ERROR_CMS_DIGEST,
				 "the digest algorithms are not just SHA-384");
	if (!der_take(&data, DER_SEQUENCE, &content))
		return malformed("EncapsulatedContentInfo", err);
	if (check_content(content, err) < 0)
		return -1;
	if (check_certificates(&data, &expected->certificate, err) < 0)
		return -1;
	if (der_is_next(&data, DER_CONTEXT + 1))
		return error_set(err, ERROR_CMS_REVOCATION, "it carries revocation lists");
	if (!der_take(&data, DER_SET, &signers) || data.left)
		return malformed("SignedData", err);
	if (!der_take(&signers, DER_SEQUENCE, &signer) || signers.left)
		return error_set(err, ERROR_CMS_SIGNERS, "it does not hold exactly one signature");
	return check_signer(signer, expected, err);
}

int cms_profile_check(const unsigned char *sig, size_t len, const struct cms_expected *expected,
		      struct error *err)
{
	struct der all = { .at = sig, .left = len }, info, type, content, data;

	if (!der_take(&all, DER_SEQUENCE, &info) || all.left || !der_take(&info, DER_OID, &type))
		return malformed("ContentInfo", err);
	if (!is_oid(&type, &id_signed_data))
		return error_set(err, ERROR_CMS_TYPE, "it is not SignedData");
	if (!der_take(&info, DER_CONTEXT + 0, &content) || info.left ||
	    !der_take(&content, DER_SEQUENCE, &data) || content.left)
		return malformed("ContentInfo", err);
	return check_signed_data(data, expected, err);
}
