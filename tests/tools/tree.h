/* Loose files in folders below a directory, made as they are needed. */
#ifndef TOOLS_TREE_H
#define TOOLS_TREE_H

#include <stddef.h>

struct error;

/* A new empty file `path`, replaced when it exists; the descriptor is the caller's. */
int tree_create(int dirfd, const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same with these bytes in it. */
int tree_write(int dirfd, const char *path, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(2, 5), warn_unused_result));

#endif
