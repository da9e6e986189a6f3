/*
 * CHUNKS and OBJECTS of a bundle, which may be far larger than memory should
 * be: one pass over the file proves it against MANIFEST and remembers SHA-256
 * of each block of 1 MiB, a second one hands on only blocks that are still
 * those.  So no byte is interpreted that was not authenticated, and memory is
 * bounded by one block and 32 bytes for each.
 */
#ifndef VERIFIER_TABLE_H
#define VERIFIER_TABLE_H

#include <stddef.h>

struct error;
struct manifest_file;

struct table_reader {
	/* The bytes in order, in pieces of 1 MiB but for the last one. */
	int (*feed)(void *ctx, const void *bytes, size_t len, struct error *err);
	void *ctx;
};

/*
 * Read the file name of directory dir, which must be the one that MANIFEST names; name is for
 * messages, too.  -1 with BUNDLE_FILE_MISSING, BUNDLE_DIGEST (also when the file changes between
 * the passes), FILE_READ, or what feed() reported.
 */
int table_read(int dir, const char *name, const struct manifest_file *want,
	       const struct table_reader *reader, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
