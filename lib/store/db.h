/*
 * A thin face over SQLite for the files of lib/store: statements as objects,
 * errors as ours, the settings of security.md C.4.  Statements are compiled
 * from constants only; every value is bound.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct db;
struct db_statement;

/*
 * Open the database file of that name in a directory, whose path may hold symbolic links; the file
 * is none.  A writer creates it when absent and may change it; a reader may not.  WAL journal,
 * synchronous FULL.  NULL on failure.
 */
struct db *db_open(const char *dir, const char *name, bool writer, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void db_close(struct db *db);
DEFINE_CLEANUP(struct db *, db_close);

/* Run constant SQL without values or results (schema, transactions). */
int db_run(struct db *db, const char *sql, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* BEGIN IMMEDIATE / COMMIT / ROLLBACK.  db_abandon() is for clean-up and cannot fail. */
int db_begin(struct db *db, struct error *err) __attribute__((nonnull, warn_unused_result));
int db_commit(struct db *db, struct error *err) __attribute__((nonnull, warn_unused_result));
void db_abandon(struct db *db);

/* Roll back unless db_commit() happened: CLEANUP(db_scope) struct db_scope s = { db }. */
struct db_scope {
	struct db *db;
};
void db_scope_end(struct db_scope *s);
DEFINE_CLEANUP_IN_PLACE(struct db_scope, db_scope_end);

/* A compiled statement, owned by the caller. */
struct db_statement *db_prepare(struct db *db, const char *sql, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void db_finalize(struct db_statement *s);
DEFINE_CLEANUP(struct db_statement *, db_finalize);

/* Bind parameter i (from 1).  Bytes and text are borrowed until the next db_step(). */
void db_bind_int(struct db_statement *s, int i, int64_t value) __attribute__((nonnull));
void db_bind_null(struct db_statement *s, int i) __attribute__((nonnull));
void db_bind_text(struct db_statement *s, int i, const char *text) __attribute__((nonnull(1)));
void db_bind_blob(struct db_statement *s, int i, const void *bytes, size_t len)
	__attribute__((nonnull(1)));

/* 1 a row, 0 done (and reset), -1. */
int db_step(struct db_statement *s, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Step a statement that yields no row, and reset it. */
int db_execute(struct db_statement *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Back to the beginning before the end was reached. */
void db_reset(struct db_statement *s) __attribute__((nonnull));

/* Columns of the current row, from 0.  Borrowed until the next step. */
int64_t db_int(struct db_statement *s, int column) __attribute__((nonnull));
bool db_is_null(struct db_statement *s, int column) __attribute__((nonnull));
const char *db_text(struct db_statement *s, int column) __attribute__((nonnull, returns_nonnull));
const void *db_blob(struct db_statement *s, int column, size_t *len) __attribute__((nonnull));

/* Copy a blob column of exactly size bytes; false when it is NULL or of another size. */
bool db_copy(struct db_statement *s, int column, void *out, size_t size) __attribute__((nonnull));

int64_t db_last_id(struct db *db) __attribute__((nonnull));
int64_t db_changes(struct db *db) __attribute__((nonnull));

#endif
