/* What an address at the source says of the file behind it. */
#ifndef CATALOG_URL_H
#define CATALOG_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Of "http://host/path?query" the path and its length; NULL when it has none. */
const char *catalog_url_path(const char *url, size_t *len) __attribute__((nonnull));

/*
 * The SHA-1 that a path ends in, 40 hex digits alone or behind "_", before an extension or none:
 * ".../name_<sha1>.cab".
 */
bool catalog_url_digest(const char *path, size_t len, unsigned char sha1[20])
	__attribute__((nonnull));

#endif
