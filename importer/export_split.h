/*
 * Which revision goes into which package, when one cannot hold them all: categories and detectoids
 * into the first, the rest by product.  Pure.
 */
#ifndef IMPORTER_EXPORT_SPLIT_H
#define IMPORTER_EXPORT_SPLIT_H

#include <stdint.h>

struct error;
struct export_set;

/*
 * The package of each item that can be exported, from 0; the caller frees *out.  Each package has
 * at most `limit` bytes of plain text.  Packages after the first stand on the first alone, so they
 * can be imported in any order.  Returns how many there are; -1 with WSUS_FOLDER when what belongs
 * together does not fit.
 */
int export_split_make(const struct export_set *set, uint64_t limit, uint32_t **out,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

/* What package.xml takes beside its updates and files, at most. */
uint64_t export_split_head(const struct export_set *set) __attribute__((nonnull));

#endif
