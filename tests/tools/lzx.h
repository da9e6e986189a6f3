/*
 * LZX as cabinets use it: window of 2^21 bytes, verbatim blocks, frames of 32 KiB, no E8
 * translation (the header bit says so).  Streaming and deterministic.  Format: [MS-PATCH] 2.
 */
#ifndef TOOLS_LZX_H
#define TOOLS_LZX_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct error;
struct lzx;

enum { LZX_FRAME = 32768, LZX_WINDOW_BITS = 21 };

/* Takes one compressed frame that stands for plain bytes (LZX_FRAME, except the last one). */
typedef int lzx_sink(void *ctx, const unsigned char *bytes, size_t len, size_t plain,
		     struct error *err);

/* A new stream whose frames go to sink. */
struct lzx *lzx_new(lzx_sink *sink, void *ctx) __attribute__((warn_unused_result, returns_nonnull));

/* Add plain bytes; fails only when the sink does. */
int lzx_write(struct lzx *l, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

/* Encode what is left.  The stream can only be freed after that. */
int lzx_finish(struct lzx *l, struct error *err) __attribute__((nonnull, warn_unused_result));

void lzx_free(struct lzx *l);
DEFINE_CLEANUP(struct lzx *, lzx_free);

#endif
