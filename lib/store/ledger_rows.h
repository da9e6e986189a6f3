/*
 * The ledger of a repository: its records are rows that commit together with
 * what they record, so nothing that happened lacks its record and nothing that
 * did not happen has one.  R/ledger is a copy as text, brought up to date
 * whenever a writer opens or closes the repository.  What a record says is
 * none of this file's business: media/ledger.h.
 */
#ifndef STORE_LEDGER_ROWS_H
#define STORE_LEDGER_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/*
 * Append a record ("event key=value ...", as struct ledger_body makes it), inside a transaction
 * of the caller.  Makes record 1 first when there is none.
 */
int ledger_rows_append(struct store *s, const char *body, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same in a transaction of its own: for what changes nothing else here. */
int ledger_rows_add(struct store *s, const char *body, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Number and digest of the newest record; number 0 when there is none. */
int ledger_rows_head(struct store *s, uint64_t *number, unsigned char digest[32], struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Every record after number `after`, in order, as a line with its LF. */
int ledger_rows_each(struct store *s, uint64_t after,
		     int (*each)(void *ctx, const char *line, size_t len, struct error *err),
		     void *ctx, struct error *err)
	__attribute__((nonnull(1, 3, 5), warn_unused_result));

/*
 * Bring R/ledger up to date.  A last line that a crash tore is written again, and a record
 * "healed" says so.  A complete last line that is not the database's is left alone: LEDGER_FILE.
 */
int ledger_rows_mirror(struct store *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
