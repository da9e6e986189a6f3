/*
 * Cutting a stream of bytes into lines, for readers that are fed in pieces of
 * any size.  What a line may be, and every message, is the reader's.
 */
#ifndef MEDIA_LINES_H
#define MEDIA_LINES_H

#include <stddef.h>

struct error;

struct lines {
	char *part; /* keeps the beginning of a line that has not ended yet */
	size_t size;
	size_t *held; /* bytes kept; 0 at the start */
	/* A line of at most size bytes, without its LF; borrowed. */
	int (*line)(void *ctx, const char *bytes, size_t len, struct error *err);
	/* A line has more; sets err, returns -1. */
	int (*too_long)(void *ctx, struct error *err);
	void *ctx;
};

/* The next bytes.  -1 with what line() or too_long() reported. */
int lines_feed(const struct lines *l, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));

#endif
