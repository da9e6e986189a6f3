/* A gzip file as a stream of what is in it: one member, and nothing after it. */
#ifndef WSUS_GZIP_H
#define WSUS_GZIP_H

#include "lib/base/cleanup.h"

struct error;
struct source;
struct wsus_gzip;

/* packed is borrowed; label names it in messages and is copied.  NULL with WSUS_DEFLATE. */
struct wsus_gzip *wsus_gzip_open(struct source *packed, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The unpacked bytes; borrowed.  Its read fails with WSUS_GZIP (damaged, cut, or something
 * follows), WSUS_LIMIT above LIMIT_WSUS_XML_BYTES, or what packed reports.
 */
struct source *wsus_gzip_source(struct wsus_gzip *g)
	__attribute__((nonnull, returns_nonnull, warn_unused_result));

void wsus_gzip_close(struct wsus_gzip *g);
DEFINE_CLEANUP(struct wsus_gzip *, wsus_gzip_close);

#endif
