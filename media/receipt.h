/*
 * The receipt of an isolated site (docs/FORMAT.md "Receipt"): which bundle it
 * holds, what it still needs, how its store is, signed by its importer.  It goes
 * back by hand, on paper or as QR codes, so it is small, plain text, and has one
 * spelling.  Bytes to structure and back; signatures are bytes here.
 */
#ifndef MEDIA_RECEIPT_H
#define MEDIA_RECEIPT_H

#include "lib/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

#define RECEIPT_MAGIC "gapferry-receipt 1"
#define RECEIPT_NAME_SIZE 64      /* 63 bytes and a terminator */
#define RECEIPT_VERSION_SIZE 33   /* of the program */
#define RECEIPT_FILE_SIZE 160     /* receipt-<channel>-<site>-<counter>.txt, NUL */
#define RECEIPT_SIGNATURE_LINE 48 /* bytes of the signature in one line */

struct receipt {
	char channel[RECEIPT_NAME_SIZE], site[RECEIPT_NAME_SIZE];
	uint64_t epoch;   /* 1 .. UINT32_MAX */
	uint64_t counter; /* from 1; rises with every receipt of the site */
	bool has_previous;
	unsigned char previous[32];  /* SHA-256 of the receipt file before */
	int64_t made;                /* seconds UTC, by the clock of the site */
	uint64_t sequence;           /* newest bundle imported; 0: none yet */
	bool has_manifest, has_root; /* both exactly when sequence is not 0 */
	unsigned char manifest[32], catalog_root[32];
	uint64_t processed, quarantined; /* updates */
	uint64_t objects, bytes;         /* in the content store */
	bool has_pending;                /* a bundle waits for objects */
	uint64_t pending_sequence;
	unsigned char pending[32]; /* its MANIFEST */
	bool has_need;
	uint64_t need_count;    /* objects and listings that the need list names */
	unsigned char need[32]; /* SHA-256 of the need file */
	uint64_t repaired;      /* chunks mended from parity */
	bool scrubbed;
	int64_t scrub;                      /* of what was ever checked, the longest ago */
	uint64_t scrub_bad;                 /* objects found damaged, not replaced since */
	uint64_t trust_version;             /* 1 .. UINT32_MAX: in force at the site */
	char version[RECEIPT_VERSION_SIZE]; /* of the program */
};

/* A receipt as it arrived.  The signed bytes are the first signed_len of the file. */
struct receipt_file {
	struct receipt receipt;
	size_t signed_len;
	unsigned char signature[LIMIT_RECEIPT_SIGNATURE];
	size_t signature_len;
};

/*
 * Untrusted bytes to *out.  -1 with RECEIPT_FORMAT (line and cause) or
 * MEDIA_LIMIT.  On success the two writers below give exactly these bytes again.
 */
int receipt_parse(const void *bytes, size_t len, struct receipt_file *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Append what is signed.  -1 with MEDIA_VALUE when a value breaks the rules of receipt_parse(). */
int receipt_write(const struct receipt *r, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Append the signature of everything in out so far.  -1 with RECEIPT_SIGNATURE
 * when it has no bytes or more than LIMIT_RECEIPT_SIGNATURE.
 */
int receipt_write_signature(const unsigned char *signature, size_t len, struct buf *out,
			    struct error *err) __attribute__((nonnull, warn_unused_result));

/* "receipt-<channel>-<site>-<counter>.txt" */
void receipt_file_name(const struct receipt *r, char out[RECEIPT_FILE_SIZE])
	__attribute__((nonnull));

#endif
