/* Packs loose files into one cabinet, so that tests can alter a genuine catalog and close it again.
 */
#ifndef TOOLS_CAB_TREE_H
#define TOOLS_CAB_TREE_H

#include <stdbool.h>

struct error;

/*
 * Write the cabinet `out` (a path; replaced when it exists) with every file below `dir`, sorted,
 * named by its path with backslashes.  FILE_OPEN and FILE_READ when the tree cannot be read,
 * LIMIT_BYTES when it is deeper than four folders or a file larger than 64 MiB.
 */
int cab_tree_pack(const char *dir, const char *out, bool lzx, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
