/*
 * What fragments told a catalog, as bytes: so that fragments which come again need not be parsed
 * again.  The bytes are for the program that wrote them; another version may know other facts, so
 * whoever keeps them says which version they are of.
 */
#ifndef CATALOG_PART_H
#define CATALOG_PART_H

#include "lib/base/varint.h"

struct catalog;

/* All of c, to which nothing but fragments was added and which is not finished. */
void catalog_part_write(const struct catalog *c, struct varint_writer *w) __attribute__((nonnull));

/*
 * Into an empty catalog, for catalog_merge(): texts are borrowed from the bytes that r reads.
 * false when they are not what catalog_part_write() wrote; c is of no use then.
 */
bool catalog_part_read(struct catalog *c, struct varint_reader *r)
	__attribute__((nonnull, warn_unused_result));

#endif
