/*
 * Values of XML Schema types, as clients write them: more forms are taken than the schema allows,
 * because genuine requests use them (docs/PROTOCOL.md, "Requests").  White space around a value is
 * no part of it.  Pure; text is not terminated.
 */
#ifndef SERVER_SOAP_VALUE_H
#define SERVER_SOAP_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Drop white space around text; true when something is left. */
bool soap_value_trim(const char **text, size_t *len) __attribute__((nonnull));

/* xs:int and xs:long with an optional sign and leading zeros. */
bool soap_value_long(const char *text, size_t len, int64_t *out) __attribute__((nonnull));
bool soap_value_int(const char *text, size_t len, int32_t *out) __attribute__((nonnull));

/* "true", "false", "1", "0", in any case. */
bool soap_value_bool(const char *text, size_t len, bool *out) __attribute__((nonnull));

/*
 * xs:dateTime in seconds since 1970 UTC: with "Z", an offset or neither (then UTC), and 0 to 9
 * digits of fraction, which are dropped.  Years before 1970 become 0.
 */
bool soap_value_time(const char *text, size_t len, int64_t *out) __attribute__((nonnull));

/* Either case, with or without braces. */
bool soap_value_guid(const char *text, size_t len, unsigned char out[16])
	__attribute__((nonnull, warn_unused_result));

/*
 * xs:base64Binary, with white space anywhere.  out has room for len bytes and need not differ from
 * text; *size becomes what was decoded.
 */
bool soap_value_base64(const char *text, size_t len, unsigned char *out, size_t *size)
	__attribute__((nonnull));

/* A version "a.b" of numbers up to 65535; more parts are ignored. */
bool soap_value_version(const char *text, size_t len, uint16_t *major, uint16_t *minor)
	__attribute__((nonnull));

#endif
