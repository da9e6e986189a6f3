/*
 * The numbers that a repository gives once and for ever: of an UpdateID (table identity) and of
 * (UpdateID, RevisionNumber) (table revision).  All that a catalog mentions are looked up in one
 * pass over each table, and those that are new are inserted in the order of their keys.
 */
#ifndef STORE_ROWS_NAMES_H
#define STORE_ROWS_NAMES_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct catalog;
struct catalog_guid;
struct error;
struct rows_names;
struct store;

/* c has to be finished.  NULL on failure; inside a transaction of the caller. */
struct rows_names *rows_names_new(struct store *s, const struct catalog *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void rows_names_free(struct rows_names *n);
DEFINE_CLEANUP(struct rows_names *, rows_names_free);

/* Of any UpdateID that the catalog mentions. */
int64_t rows_names_identity(const struct rows_names *n, const struct catalog_guid *guid)
	__attribute__((nonnull));

/* Of the revision with this index in the catalog; 0 for a duplicate. */
int64_t rows_names_revision(const struct rows_names *n, size_t index) __attribute__((nonnull));

#endif
