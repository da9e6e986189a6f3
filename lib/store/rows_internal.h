/* Shared by rows.c and rows_update.c. */
#ifndef STORE_ROWS_INTERNAL_H
#define STORE_ROWS_INTERNAL_H

#include <stdint.h>

struct catalog;
struct db_statement;
struct error;
struct store;
struct stored_object;

/* Columns id, sha256, size, kind, sha1, name of the current row. */
void rows_read_object(struct db_statement *q, struct stored_object *o) __attribute__((nonnull));

/* Identities, revisions, update_info, file, location and finding rows of one source. */
int rows_insert_catalog(struct store *s, int64_t source_id, const struct catalog *c,
			struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
