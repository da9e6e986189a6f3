/*
 * Which updates are parts of which bundles, and what of their files is missing here: the questions
 * of somebody who is about to approve one.
 */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "lib/base/cleanup.h"
#include "lib/store/query.h"

#include <stddef.h>

struct error;
struct parts;
struct store;

/* Reads the relations of every update once; a snapshot when the caller's query_begin() made one. */
struct parts *parts_load(struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void parts_free(struct parts *p);
DEFINE_CLEANUP(struct parts *, parts_free);

/*
 * Call file() for each payload file of an update, and of its parts at any depth, that is not in
 * this repository; express files only where an update has no other one.  Each file of one update
 * comes once.
 */
int parts_missing(const struct parts *p, struct query *q, const struct query_cursor *update,
		  void (*file)(void *ctx, const struct query_file *f), void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 3, 4, 6), warn_unused_result));

#endif
