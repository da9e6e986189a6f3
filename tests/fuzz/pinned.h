/*
 * One signer for the targets that judge signatures: what is signed, and a certificate whose private
 * key was thrown away after the corpora were made with it.
 */
#ifndef FUZZ_PINNED_H
#define FUZZ_PINNED_H

#include "lib/base/error.h"
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

#endif
