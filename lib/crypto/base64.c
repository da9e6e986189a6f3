#include "lib/crypto/base64.h"

#include <openssl/evp.h>

void base64_encode(const unsigned char *bytes, size_t len, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
}
