/* The tables of a repository and how older ones become newer ones. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

struct db;
struct error;

enum { SCHEMA_VERSION = 3 };

/* Bring the database to SCHEMA_VERSION, one numbered migration at a time, each in a transaction. */
int schema_migrate(struct db *db, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Refuse, without changing anything, a database of another version. */
int schema_check(struct db *db, struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
