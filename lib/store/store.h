/*
 * A repository: catalog.db, the content store and a lock, below one directory.
 * Both sides have the same kind.
 *
 *	R/catalog.db          SQLite; one transaction publishes whatever changes
 *	R/content/ab/<sha256> objects, immutable, named by their digest
 *	R/tmp/                objects being written; emptied by the next writer
 *	R/lock                flock: one writer at a time
 *	R/ledger              the ledger as text (lib/store/ledger_rows.h)
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "lib/base/cleanup.h"

#include <stdbool.h>

struct db;
struct error;
struct store;

/* Create an empty repository in path, which must be absent or an empty directory. */
int store_create(const char *path, struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Open a repository.  A writer takes the lock (BUSY when somebody has it),
 * migrates the database, empties tmp and brings R/ledger up to date, also when it closes; a
 * reader does none of that.
 */
struct store *store_open(const char *path, bool writer, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close);

/* For the other files of lib/store. */
struct db *store_db(struct store *s) __attribute__((nonnull, returns_nonnull));
int store_content_dir(const struct store *s) __attribute__((nonnull));
int store_tmp_dir(const struct store *s) __attribute__((nonnull));
int store_dir(const struct store *s) __attribute__((nonnull));

#endif
