/*
 * The source "wsusutil": what `wsusutil export` of a WSUS wrote, as a cabinet (docs/FORMAT.md,
 * "Export package of WSUS").  Read twice: package.xml for the identities, then everything, while
 * the cabinet is kept bit-exact.  Nothing is unpacked to disk.
 */
#ifndef EXPORTER_WSUSUTIL_H
#define EXPORTER_WSUSUTIL_H

#include "exporter/wsusutil_package.h"

struct error;
struct progress;
struct store;
struct wsusscn2;

/*
 * As wsusscn2_read(), whose result it shares: wsusscn2_forget() and wsusscn2_clear() are for this
 * one, too.  -1 with WSUS_*, CAB_*, XML_*, SCAN_EMPTY, CATALOG_*, or of the store.
 */
int wsusutil_read(struct store *s, const char *path, unsigned threads, struct progress *progress,
		  struct wsusscn2 *out, struct wsusutil_oddities *oddities, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
