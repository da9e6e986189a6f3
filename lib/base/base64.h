/* Base64 (RFC 4648) as text; lib/base/str.h reads it back. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/* Characters that len bytes take, without a terminator. */
#define BASE64_LENGTH(len) (((len) + 2) / 3 * 4)

/* Write BASE64_LENGTH(len) characters with padding and a terminator into out. */
void base64_encode(const unsigned char *bytes, size_t len, char *out) __attribute__((nonnull));

#endif
