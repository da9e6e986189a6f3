/*
 * Signatures that the profile has never seen, against one fixed text and certificate.  The private
 * key was thrown away after corpus/cms was made with it, so nothing but the genuine signature can
 * be right: what is accepted is that file, or that file with more certificates or a time stamp.
 */
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key.h"

#include <openssl/cms.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "gapferry-manifest 1\nchannel fuzz\nend 3\n";

enum { GENUINE_SIZE = 1097 };
static const char genuine_sha256[] =
	"3f7072758f168a7f6a4770dc41fb3c4b6a3663b9da1c0a493d44c23ef9fd614f";

static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIICDTCCAZOgAwIBAgIRAOFefb4qxVeRWLDTWAjmlBMwCgYIKoZIzj0EAwMwMzER\n"
	"MA8GA1UECgwIZ2FwZmVycnkxEDAOBgNVBAsMB2J1aWxkZXIxDDAKBgNVBAMMA2Jl\n"
	"YTAeFw0yNjExMjIwNDEzMDNaFw0zNjExMjEwNDEzMDNaMDMxETAPBgNVBAoMCGdh\n"
	"cGZlcnJ5MRAwDgYDVQQLDAdidWlsZGVyMQwwCgYDVQQDDANiZWEwdjAQBgcqhkjO\n"
	"PQIBBgUrgQQAIgNiAARXGHXWniZTw1PtizTBwJ6Mh1vEnGsIE2t8Wrn0ry4v9PkK\n"
	"nz3xvXdjfSGUW7Ak1pjX7pMJN149dPvnS44h20es99R9E1NRTWTSJdL4NS0OmWnz\n"
	"ieLVUxnMK1JXLjF9Kx6jazBpMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeA\n"
	"MCoGA1UdJQQjMCEGCCsGAQUFBwMDBhVpga/o/P6plcKpyYXi04yfvIe0fwEwHQYD\n"
	"VR0OBBYEFIJBDe3TLDbEQ+LDxsXeIInoGDAoMAoGCCqGSM49BAMDA2gAMGUCMQCK\n"
	"J/03cWGYf/uhKCBthm0gwkCaYXzYN2Rejsqdi1t78+4uMkrM5T9AP3qXqiYwav4C\n"
	"MEOJJDM+xaIb9XnyUmo+kNvsqQTMjVjVKV0Cpr1pjULj5Yg27Q1iy2JNSZ4GSD/P\n"
	"sQ==\n"
	"-----END CERTIFICATE-----\n";

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Once: the first call stores it for the process. */
static const struct key_cert *pinned(void)
{
	static struct key_cert *cert;
	struct error err = ERROR_INIT;

	if (!cert)
		cert = key_cert_load((const unsigned char *)certificate, strlen(certificate), &err);
	if (!cert)
		abort();
	return cert;
}

static void check_canonical(const unsigned char *data, size_t size)
{
	const unsigned char *at = data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)size);
	unsigned char *again = NULL;
	int len = i2d_CMS_ContentInfo(cms, &again);

	if (at != data + size || len < 0 || (size_t)len != size || memcmp(again, data, size) != 0)
		abort();
	OPENSSL_free(again);
	CMS_ContentInfo_free(cms);
}

static void check_genuine(const unsigned char *data, size_t size)
{
	unsigned char digest[DIGEST_SHA256];
	char hex[DIGEST_HEX];

	if (size > GENUINE_SIZE)
		return;
	digest_sha256(data, size, digest);
	str_to_hex(digest, sizeof digest, hex);
	if (strcmp(hex, genuine_sha256) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct error err = ERROR_INIT;
	int result =
		cms_verify(data, size, (const unsigned char *)text, strlen(text), pinned(), &err);

	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result == 0) {
		check_canonical(data, size);
		check_genuine(data, size);
	}
	return 0;
}
