/*
 * A member of a bundle in its sequential form (docs/FORMAT.md "Stream"): the
 * header of a canonical ustar member whose name is that of a file of a bundle.
 * Pure; the bytes are from a tape and not proved.
 */
#ifndef MEDIA_STREAM_MEMBER_H
#define MEDIA_STREAM_MEMBER_H

#include "media/ustar.h"

#include <stdint.h>

struct error;

enum stream_member_kind {
	STREAM_MEMBER_END,    /* a block of zeros */
	STREAM_MEMBER_SMALL,  /* MANIFEST, tables, sigs/, trust/... */
	STREAM_MEMBER_VOLUME, /* a whole volume or a segment */
	STREAM_MEMBER_HELPER  /* parity */
};

struct stream_member {
	enum stream_member_kind kind;
	char name[USTAR_NAME_MAX + 1]; /* a file name, or two joined by one '/' */
	uint64_t size;
	uint32_t volume; /* STREAM_MEMBER_VOLUME: from 1 */
	uint64_t chunk;  /* its first chunk */
};

/* 512 untrusted bytes.  -1 with STREAM_FORMAT; at is where they lie, for the message. */
int stream_member_parse(const unsigned char block[USTAR_BLOCK], uint64_t at,
			struct stream_member *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
