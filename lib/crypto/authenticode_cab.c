/*
 * The digest of a cabinet leaves out what signing changes: reserved1, iCabinet, cbCFHeader and the
 * first 16 of the 20 bytes of the reserved area.  Each of them has one value in a signed cabinet
 * that stands alone (bytes 44 to 51 follow from the file's size), and we demand it: so no byte
 * before the signature can change unnoticed.
 */
#include "lib/crypto/authenticode_internal.h"

#include "lib/base/limits.h"

#include <string.h>

enum {
	FLAG_RESERVE = 4,
	HEADER_PLAIN = 36,
	RESERVE = 20,         /* cbCFHeader of a signed cabinet */
	MARK = 0x00100000,    /* cbCFFolder and cbCFData are 0; then the record begins with this */
	SIGNATURE_LEAST = 16, /* less than this holds no SignedData */
};

static uint32_t le16(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const unsigned char *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static const char *check_signed(const unsigned char *h, struct authenticode_cab *out)
{
	uint32_t offset = le32(h + 44), size = le32(h + 48);

	if (le32(h + 4) != 0 || le16(h + 34) != 0 || le16(h + 38) != 0 || le32(h + 52) != 0 ||
	    le32(h + 56) != 0)
		return "a field of the header that is always zero is not";
	if (le16(h + 30) != FLAG_RESERVE)
		return "it continues in another cabinet";
	if (offset != out->size || offset < AUTHENTICODE_CAB_HEADER)
		return "the signature does not begin where the cabinet ends";
	if (size < SIGNATURE_LEAST || size > LIMIT_CAB_SIGNATURE_BYTES)
		return "the signature has an impossible size";
	out->signature_bytes = size;
	return NULL;
}

void authenticode_cab_read(const unsigned char *h, size_t len, struct authenticode_cab *out)
{
	*out = (struct authenticode_cab){ .kind = AUTHENTICODE_CAB_OTHER };
	if (len < 4 || memcmp(h, "MSCF", 4) != 0)
		return;
	out->kind = AUTHENTICODE_CAB_BAD;
	out->problem = "it ends within its header";
	if (len < HEADER_PLAIN)
		return;
	out->size = le32(h + 8);
	out->kind = AUTHENTICODE_CAB_UNSIGNED;
	if (!(le16(h + 30) & FLAG_RESERVE) || len < AUTHENTICODE_CAB_HEADER ||
	    le16(h + 36) != RESERVE || le32(h + 40) != MARK || (!le32(h + 44) && !le32(h + 48)))
		return;
	out->problem = check_signed(h, out);
	out->kind = out->problem ? AUTHENTICODE_CAB_BAD : AUTHENTICODE_CAB_SIGNED;
}

void authenticode_cab_digest(const unsigned char h[AUTHENTICODE_CAB_HEADER], struct digest *d)
{
	digest_update(d, h, 4);
	digest_update(d, h + 8, 26);
	digest_update(d, h + 56, 4);
}
