/* Locale-independent conversions between text and numbers or bytes. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Canonical decimal: digits only, no sign, no leading zero, value <= max.
 * text need not be terminated.  Returns false and leaves *out alone otherwise.
 */
bool str_to_u64(const char *text, size_t len, uint64_t max, uint64_t *out) __attribute__((nonnull));

/* Exactly 2 * size lower-case hex digits (str_from_hex), or of any case (str_from_any_hex). */
bool str_from_hex(const char *text, size_t len, unsigned char *out, size_t size)
	__attribute__((nonnull));
bool str_from_any_hex(const char *text, size_t len, unsigned char *out, size_t size)
	__attribute__((nonnull));

/* Writes 2 * size lower-case digits and a terminator into out. */
void str_to_hex(const unsigned char *bytes, size_t size, char *out) __attribute__((nonnull));

/* Strict base64 with padding; true when text decodes to exactly size bytes. */
bool str_from_base64(const char *text, size_t len, unsigned char *out, size_t size)
	__attribute__((nonnull));

/*
 * A GUID in the form 8-4-4-4-12, any case, without braces.  The 16 bytes are in the order of
 * the text (not Microsoft's mixed-endian memory order), so that they sort like the text.
 */
bool str_to_guid(const char *text, size_t len, unsigned char out[16]) __attribute__((nonnull));
#define STR_GUID_SIZE 37
void str_from_guid(const unsigned char guid[16], char out[STR_GUID_SIZE]) __attribute__((nonnull));

/* UTC "YYYY-MM-DDThh:mm:ssZ" (20 characters) to and from seconds since 1970; years 1970..9999. */
#define STR_TIME_SIZE 21
bool str_to_time(const char *text, size_t len, int64_t *out) __attribute__((nonnull));
void str_from_time(int64_t seconds, char out[STR_TIME_SIZE]) __attribute__((nonnull));

/*
 * A size with an optional binary suffix K, M, G or T ("4700M"), 1 or more.
 */
bool str_to_size(const char *text, uint64_t *out) __attribute__((nonnull));

#endif
