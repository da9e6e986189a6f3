/* Shared by rows.c and rows_update.c. */
#ifndef STORE_ROWS_INTERNAL_H
#define STORE_ROWS_INTERNAL_H

#include <stdint.h>

struct catalog;
struct error;
struct store;

/* Identities, revisions, update_info, file, location and finding rows of one source. */
int rows_insert_catalog(struct store *s, int64_t source_id, const struct catalog *c,
			struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
