/*
 * Long lists of numbers in a body, "<int>7</int><int>8</int>...": a client sends the id of every
 * update that it has with each round of a scan, and nine tenths of a round went into reading them
 * as elements.  They are taken out before the body is read as XML; the first element of each run
 * stays and stands for the others.
 *
 * A run consists of nothing but whole elements of this one form.  Where the first is an element, so
 * are the others, and without them the body is well-formed exactly if it was before.  Whether it is
 * one, only the reader knows: the caller must see the end of an element at each run's `end`, or
 * read the body as it came.  Pure.
 */
#ifndef SERVER_SOAP_INTS_H
#define SERVER_SOAP_INTS_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

/* Numbers that belong behind an element. */
struct soap_run {
	size_t end; /* of the element, in the bytes that are left */
	size_t first, count;
};

struct soap_ints {
	unsigned char *bytes; /* of the body, without the runs */
	size_t len;
	int32_t *numbers; /* of all runs */
	struct soap_run *runs;
	size_t runs_count, runs_capacity;
};
void soap_ints_clear(struct soap_ints *s);
DEFINE_CLEANUP_IN_PLACE(struct soap_ints, soap_ints_clear);

/* Fill out, which is {0}. */
void soap_ints_cut(const unsigned char *bytes, size_t len, struct soap_ints *out)
	__attribute__((nonnull));

#endif
