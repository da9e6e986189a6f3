/* What the files of lib/clients share.  Callers hold c->lock. */
#ifndef CLIENTS_CLIENTS_INTERNAL_H
#define CLIENTS_CLIENTS_INTERNAL_H

#include "lib/base/cleanup.h"
#include "lib/base/lock.h"
#include "lib/clients/clients.h"

#include <stddef.h>
#include <stdint.h>

struct db;
struct db_statement;

enum { CLIENTS_STATEMENTS = 64 };

struct clients {
	struct db *db;
	struct lock *lock;
	unsigned char server_id[CLIENTS_GUID], cookie_key[CLIENTS_KEY];
	struct {
		const char *sql; /* a constant: compared by address */
		struct db_statement *statement;
	} prepared[CLIENTS_STATEMENTS];
	size_t prepared_count;
};

/*
 * The statement of a constant, compiled at its first use, kept, and reset.  NULL on failure.  One
 * use at a time: not inside a loop over the same constant.
 */
struct db_statement *clients_prepared(struct clients *c, const char *sql, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* One row of one number: 1, 0 no row, -1. */
int clients_number(struct clients *c, const char *sql, int64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Inside a transaction: note that approvals, groups or memberships change. */
int clients_changed(struct clients *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Inside a transaction: the time of a change of approvals or of the tree of groups.  Never before
 * the last one, and never the same, so that clients can be told what came after another one.
 */
int clients_change_time(struct clients *c, int64_t now, int64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * text as valid UTF-8 without control characters, cut at a character so that it fits size; NULL
 * becomes "".
 */
void clients_text(const char *text, char *out, size_t size) __attribute__((nonnull(2)));

/* The schema of clients.db: make or check. */
int clients_schema(struct db *db, struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
