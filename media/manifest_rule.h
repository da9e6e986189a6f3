/*
 * What manifests must be beyond the form of single lines, for the reader and
 * the writer alike.  Inside media/ only.
 */
#ifndef MEDIA_MANIFEST_RULE_H
#define MEDIA_MANIFEST_RULE_H

#include "media/manifest.h"

enum { MANIFEST_RULE_SOURCE = 160 };

/* The line of a source, without LF. */
void manifest_rule_source(const struct manifest_source *s, char out[MANIFEST_RULE_SOURCE])
	__attribute__((nonnull));

/* [a-z0-9]{1,32}, and a word of at most 95 bytes. */
bool manifest_rule_is_kind(const char *bytes, size_t len) __attribute__((nonnull));
bool manifest_rule_is_series(const char *bytes, size_t len) __attribute__((nonnull));

/* Ceiling of the size of a table. */
uint64_t manifest_rule_table_limit(enum manifest_table table);

/* Rules that concern more than one line: which one is broken, or NULL. */
const char *manifest_rule_broken(const struct manifest *m) __attribute__((nonnull));

#endif
