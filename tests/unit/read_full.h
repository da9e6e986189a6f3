/* A source read until a buffer is full. */
#ifndef TESTS_READ_FULL_H
#define TESTS_READ_FULL_H

#include "lib/base/source.h"

/* Reads until buf is full or the source ends: the count, or -1. */
static inline ssize_t read_full(struct source *s, void *buf, size_t len, struct error *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = s->read(s, (unsigned char *)buf + done, len - done, err);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

#endif
