/*
 * A program that runs as a child: without a shell, its output read through a
 * pipe, ended when somebody asks us to stop.
 */
#ifndef VERIFIER_MEDIUM_TOOL_H
#define VERIFIER_MEDIUM_TOOL_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct buf;
struct error;
struct progress;

/* A command line; begins as zero. */
struct medium_tool {
	char **words; /* ends with NULL */
	size_t count, capacity;
};
void medium_tool_clear(struct medium_tool *t);
DEFINE_CLEANUP_IN_PLACE(struct medium_tool, medium_tool_clear);

/* Append copies of words, up to a NULL. */
void medium_tool_add(struct medium_tool *t, const char *const *words) __attribute__((nonnull));

/*
 * Run it to its end; what it writes on standard output is appended to out (NULL: is thrown away).
 * -1 with MEDIUM_TOOL when it is not there or fails, LIMIT_BYTES when out is full, STOPPED.
 */
int medium_tool_run(const struct medium_tool *t, struct progress *progress, struct buf *out,
		    struct error *err) __attribute__((nonnull(1, 2, 4), warn_unused_result));

#endif
