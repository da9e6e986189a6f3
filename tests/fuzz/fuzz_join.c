/*
 * What comes back from another machine that signs: the exported attributes (after a length of two
 * bytes) and a signature value.  The private key of the certificate was thrown away, so only what
 * corpus/join has can be right, and then the result must be a signature in the profile.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/key.h"

#include <stdlib.h>
#include <string.h>

static const char text[] = "gapferry-manifest 1\nchannel fuzz\nend 3\n";

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

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *message = (const unsigned char *)text;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;

	if (size < 2)
		return 0;
	size_t len = (size_t)data[0] << 8 | data[1];

	data += 2;
	size -= 2;
	if (len > size)
		len = size;
	const struct cms_signed from = { data, data + len, len, size - len };
	bool named = cms_names(data, len, pinned());

	if (cms_join(&from, pinned(), message, sizeof text - 1, &out, &err) < 0) {
		if (out.len > 0 || err.id == ERROR_NONE)
			abort();
		error_clear(&err);
		return 0;
	}
	if (!named || cms_verify(out.bytes, out.len, message, sizeof text - 1, pinned(), &err) < 0)
		abort();
	return 0;
}
