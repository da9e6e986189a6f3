/*
 * The need list: what a site lacks to import an increment that is there
 * (docs/FORMAT.md, "Need list").  Bytes to structure and back; the file itself
 * proves nothing, a receipt names its digest.
 *
 *	gapferry-need 1
 *	channel <name>
 *	site <name>
 *	epoch <number>
 *	bundle <sequence> <manifest digest>
 *	holds <sequence>
 *	listing <digest>              sorted, unique
 *	object <digest> <size>        sorted, unique
 *	end <lines>
 */
#ifndef MEDIA_NEED_H
#define MEDIA_NEED_H

#include "lib/base/cleanup.h"
#include "media/manifest.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

struct need_object {
	unsigned char sha256[32];
	uint64_t size;
};

struct need {
	char channel[MANIFEST_NAME_SIZE], site[MANIFEST_NAME_SIZE];
	uint32_t epoch;
	uint64_t sequence;             /* of the bundle that waits */
	unsigned char manifest[32];    /* SHA-256 of its MANIFEST */
	uint64_t holds;                /* newest bundle imported; 0: none */
	unsigned char (*listings)[32]; /* lists that deltas refer to and that are not here */
	size_t listing_count, listing_capacity;
	struct need_object *objects;
	size_t object_count, object_capacity;
};
void need_clear(struct need *n);
DEFINE_CLEANUP_IN_PLACE(struct need, need_clear);

void need_add_listing(struct need *n, const unsigned char digest[32]) __attribute__((nonnull));
void need_add_object(struct need *n, const unsigned char sha256[32], uint64_t size)
	__attribute__((nonnull));

/* Bytes of all objects together. */
uint64_t need_bytes(const struct need *n) __attribute__((nonnull));

/* Append the canonical text; sorts what was added first.  -1 with LIMIT_BYTES. */
int need_write(struct need *n, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Untrusted bytes to *out.  -1 with NEED_FORMAT (line and cause) or MEDIA_LIMIT. */
int need_parse(const void *bytes, size_t len, struct need *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
