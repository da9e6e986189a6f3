#include "lib/base/base64.h"

#include <stdint.h>

void base64_encode(const unsigned char *bytes, size_t len, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)bytes[i] << 16;

		if (have > 1)
			bits |= (uint32_t)bytes[i + 1] << 8;
		if (have > 2)
			bits |= bytes[i + 2];
		for (size_t k = 0; k < 4; k++, bits <<= 6)
			*out++ = k <= have ? digits[bits >> 18 & 63] : '=';
	}
	*out = '\0';
}
