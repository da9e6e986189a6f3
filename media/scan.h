/*
 * A receipt as a few QR codes (docs/FORMAT.md "Receipt as QR codes").  Each code
 * is one word that survives any scanner:
 *
 *	GR1 <k>/<n> <part k of n of the receipt, '~' for a space and '|' for LF>
 *
 * What is joined is hostile text again: receipt_parse() and the signature judge it.
 */
#ifndef MEDIA_SCAN_H
#define MEDIA_SCAN_H

#include "lib/base/limits.h"

#include <stddef.h>

struct buf;
struct error;

enum {
	SCAN_PART = 700, /* characters of a receipt in one code: QR version 22 at level M */
	SCAN_TEXT_SIZE = SCAN_PART + 32,
	SCAN_PARTS = (LIMIT_RECEIPT_BYTES + SCAN_PART - 1) / SCAN_PART
};

/* How many codes a receipt of len bytes (1 .. LIMIT_RECEIPT_BYTES) takes. */
size_t scan_count(size_t len);

/* The text of code k (from 1 to scan_count()), parts of nearly equal length. */
void scan_write(const char *receipt, size_t len, size_t k, char out[SCAN_TEXT_SIZE])
	__attribute__((nonnull));

/*
 * What a scanner wrote, one code a line, in any order, codes repeated at will, to
 * the receipt.  Empty lines, CR before LF and the prefix "QR-Code:" of zbarimg are
 * passed over.  -1 with SCAN_FORMAT (line and cause), SCAN_MISSING (which codes)
 * or MEDIA_LIMIT.
 */
int scan_join(const void *bytes, size_t len, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
