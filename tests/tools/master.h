/*
 * package.xml and index.xml (protocol notes 1.3 to 1.5), written piece by piece: the whole is
 * 114 MB at true scale.
 */
#ifndef TOOLS_MASTER_H
#define TOOLS_MASTER_H

#include "tests/tools/model.h"

struct buf;
struct error;

/* Faults of the document as a whole, which must stop a reader and not crash it. */
enum master_fault {
	MASTER_DTD = 1 << 0,        /* a DOCTYPE with nested entities */
	MASTER_ATTRIBUTES = 1 << 1, /* one element with 80,000 attributes */
	MASTER_DEPTH = 1 << 2,      /* 5,000 nested elements */
	MASTER_CUT = 1 << 3,        /* ends in the middle of an Update */
};

/* Takes the next bytes of the document. */
typedef int master_sink(void *ctx, const void *bytes, size_t len, struct error *err);

/* Write package.xml, newest update first; faults of enum master_fault.  Fails when sink does. */
int master_write(const struct model *m, unsigned faults, master_sink *sink, void *ctx,
		 struct error *err) __attribute__((nonnull(1, 3, 5), warn_unused_result));

/* index.xml: shard i is package<i+2>.cab and starts at starts[i]. */
void master_index(const uint32_t *starts, size_t shards, struct buf *b) __attribute__((nonnull));

#endif
