/*
 * The permission of two approvers to accept one bundle although it has expired
 * (docs/FORMAT.md "Permission").  Bytes to structure and back; who signed them is
 * judged in verifier/override.h.
 */
#ifndef MEDIA_OVERRIDE_H
#define MEDIA_OVERRIDE_H

#include "lib/base/limits.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

#define OVERRIDE_MAGIC "gapferry-override 1"
#define OVERRIDE_FILE "OVERRIDE"
#define OVERRIDE_REASON_SIZE 64 /* 63 bytes and a terminator */

struct override {
	unsigned char manifest[32]; /* SHA-256 of the MANIFEST it is for */
	char reason[OVERRIDE_REASON_SIZE];
	int64_t until; /* seconds UTC: the last one at which it holds */
};

/* Untrusted bytes to *out.  -1 with OVERRIDE_FORMAT (line and cause) or MEDIA_LIMIT. */
int override_parse(const void *bytes, size_t len, struct override *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append the bytes.  -1 with MEDIA_VALUE when a value breaks the rules of override_parse(). */
int override_write(const struct override *o, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
