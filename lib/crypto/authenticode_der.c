/* PKCS#7 1.5 as Authenticode uses it, and the parts of RFC 3161 that a verifier needs. */
#include "lib/crypto/authenticode_internal.h"

#include "lib/base/str.h"

#include <stdio.h>
#include <string.h>

#define BYTES(...)                                                                        \
	{                                                                                 \
		.bytes = { __VA_ARGS__ }, .len = sizeof((unsigned char[]){ __VA_ARGS__ }) \
	}
struct oid {
	unsigned char bytes[12];
	size_t len;
};

#define PKCS 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1
#define MICROSOFT 0x2b, 6, 1, 4, 1, 0x82, 0x37
static const struct oid oids[AUTHENTICODE_OIDS_] = {
	[AUTHENTICODE_OID_SIGNED_DATA] = BYTES(PKCS, 7, 2),
	[AUTHENTICODE_OID_SPC_INDIRECT_DATA] = BYTES(MICROSOFT, 2, 1, 4),
	[AUTHENTICODE_OID_TST_INFO] = BYTES(PKCS, 9, 16, 1, 4),
	[AUTHENTICODE_OID_CONTENT_TYPE] = BYTES(PKCS, 9, 3),
	[AUTHENTICODE_OID_MESSAGE_DIGEST] = BYTES(PKCS, 9, 4),
	[AUTHENTICODE_OID_SIGNING_TIME] = BYTES(PKCS, 9, 5),
	[AUTHENTICODE_OID_COUNTERSIGNATURE] = BYTES(PKCS, 9, 6),
	[AUTHENTICODE_OID_TIME_STAMP] = BYTES(MICROSOFT, 3, 3, 1),
	[AUTHENTICODE_OID_NESTED] = BYTES(MICROSOFT, 2, 4, 1),
};

bool authenticode_is_oid(const struct der *value, enum authenticode_oid oid)
{
	return der_equals(value, oids[oid].bytes, oids[oid].len);
}

const EVP_MD *authenticode_take_hash(struct der *from)
{
	static const struct {
		struct oid oid;
		const EVP_MD *(*md)(void);
	} known[] = {
		{ BYTES(0x2b, 0x0e, 3, 2, 0x1a), EVP_sha1 },
		{ BYTES(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1), EVP_sha256 },
		{ BYTES(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2), EVP_sha384 },
		{ BYTES(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3), EVP_sha512 },
	};
	struct der algorithm, oid, parameters;

	if (!der_take(from, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OID, &oid))
		return NULL;
	if (algorithm.left &&
	    (!der_take(&algorithm, DER_NULL, &parameters) || parameters.left || algorithm.left))
		return NULL;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (der_equals(&oid, known[i].oid.bytes, known[i].oid.len))
			return known[i].md();
	return NULL;
}

/* A whole element with this tag. */
static bool take_whole(struct der *from, unsigned char tag, struct der *whole)
{
	struct der contents;
	unsigned char found;

	return der_is_next(from, tag) && der_next(from, &found, &contents, whole);
}

bool authenticode_take_signer(struct der *from, struct authenticode_signer *out)
{
	struct der info, version, name, algorithm;
	unsigned char tag;

	*out = (struct authenticode_signer){ 0 };
	if (!der_take(from, DER_SEQUENCE, &info) || !der_take(&info, DER_INTEGER, &version) ||
	    !der_equals(&version, "\1", 1) || !der_take(&info, DER_SEQUENCE, &name) ||
	    !take_whole(&name, DER_SEQUENCE, &out->issuer) ||
	    !take_whole(&name, DER_INTEGER, &out->serial) || name.left)
		return false;
	out->hash = authenticode_take_hash(&info);
	if (!out->hash || !der_is_next(&info, DER_CONTEXT + 0) ||
	    !der_next(&info, &tag, &out->attributes, &out->attributes_whole) ||
	    !der_take(&info, DER_SEQUENCE, &algorithm) ||
	    !der_take(&algorithm, DER_OID, &out->algorithm) ||
	    !der_take(&info, DER_OCTET_STRING, &out->signature))
		return false;
	if (info.left && !der_take(&info, DER_CONTEXT + 1, &out->unsigned_attributes))
		return false;
	return info.left == 0;
}

/* The fields behind the content: certificates, revocation lists (not used), one signer. */
static bool take_rest(struct der *data, struct authenticode_signed_data *out)
{
	struct der lists, signers;

	if (der_is_next(data, DER_CONTEXT + 0) &&
	    !der_take(data, DER_CONTEXT + 0, &out->certificates))
		return false;
	if (der_is_next(data, DER_CONTEXT + 1) && !der_take(data, DER_CONTEXT + 1, &lists))
		return false;
	return der_take(data, DER_SET, &signers) && data->left == 0 &&
	       authenticode_take_signer(&signers, &out->signer) && signers.left == 0;
}

bool authenticode_take_signed_data(struct der *from, unsigned char content_tag,
				   struct authenticode_signed_data *out)
{
	struct der info, type, wrapped, data, version, hashes, content, inner;

	*out = (struct authenticode_signed_data){ 0 };
	return der_take(from, DER_SEQUENCE, &info) && der_take(&info, DER_OID, &type) &&
	       authenticode_is_oid(&type, AUTHENTICODE_OID_SIGNED_DATA) &&
	       der_take(&info, DER_CONTEXT + 0, &wrapped) && info.left == 0 &&
	       der_take(&wrapped, DER_SEQUENCE, &data) && wrapped.left == 0 &&
	       der_take(&data, DER_INTEGER, &version) && der_take(&data, DER_SET, &hashes) &&
	       der_take(&data, DER_SEQUENCE, &content) &&
	       der_take(&content, DER_OID, &out->content_type) &&
	       der_take(&content, DER_CONTEXT + 0, &inner) && content.left == 0 &&
	       der_take(&inner, content_tag, &out->content) && inner.left == 0 &&
	       take_rest(&data, out);
}

int authenticode_next_attribute(struct der *from, struct der *oid, struct der *values)
{
	struct der attribute;

	if (from->left == 0)
		return 0;
	return der_take(from, DER_SEQUENCE, &attribute) && der_take(&attribute, DER_OID, oid) &&
			       der_take(&attribute, DER_SET, values) && attribute.left == 0
		       ? 1
		       : -1;
}

bool authenticode_attribute(struct der attributes, enum authenticode_oid oid, unsigned char *tag,
			    struct der *value)
{
	struct der type, values;
	unsigned found = 0;
	int more;

	while ((more = authenticode_next_attribute(&attributes, &type, &values)) == 1)
		if (authenticode_is_oid(&type, oid) &&
		    (found++ || !der_next(&values, tag, value, NULL) || values.left))
			return false;
	return more == 0 && found == 1;
}

bool authenticode_indirect_data(struct der content, const EVP_MD **hash, struct der *digest)
{
	struct der about, info;

	if (!der_take(&content, DER_SEQUENCE, &about) || !der_take(&content, DER_SEQUENCE, &info) ||
	    content.left)
		return false;
	*hash = authenticode_take_hash(&info);
	return *hash && der_take(&info, DER_OCTET_STRING, digest) && info.left == 0 &&
	       digest->left == (size_t)EVP_MD_get_size(*hash);
}

bool authenticode_tst_info(struct der content, const EVP_MD **hash, struct der *imprint,
			   int64_t *at)
{
	struct der info, version, policy, message, serial, text;
	unsigned char tag;

	if (!der_take(&content, DER_SEQUENCE, &info) || content.left ||
	    !der_take(&info, DER_INTEGER, &version) || !der_equals(&version, "\1", 1) ||
	    !der_take(&info, DER_OID, &policy) || !der_take(&info, DER_SEQUENCE, &message))
		return false;
	*hash = authenticode_take_hash(&message);
	return *hash && der_take(&message, DER_OCTET_STRING, imprint) && message.left == 0 &&
	       der_take(&info, DER_INTEGER, &serial) && der_next(&info, &tag, &text, NULL) &&
	       tag == DER_GENERALIZED_TIME && authenticode_seconds(tag, text, at);
}

bool authenticode_seconds(unsigned char tag, struct der text, int64_t *out)
{
	char digits[15] = "", iso[STR_TIME_SIZE];
	size_t want = tag == DER_UTC_TIME ? 12 : 14, skip = 14 - want, i;

	if ((tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) || text.left < want + 1 ||
	    text.at[text.left - 1] != 'Z')
		return false;
	for (i = 0; i + 1 < text.left; i++)
		if ((text.at[i] < '0' || text.at[i] > '9') && !(i == want && text.at[i] == '.'))
			return false;
	if (text.left > want + 1 && (tag == DER_UTC_TIME || text.at[want] != '.'))
		return false;
	if (skip)
		memcpy(digits, text.at[0] < '5' ? "20" : "19", skip);
	memcpy(digits + skip, text.at, want);
	snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", digits, digits + 4, digits + 6,
		 digits + 8, digits + 10, digits + 12);
	return str_to_time(iso, sizeof iso - 1, out);
}
