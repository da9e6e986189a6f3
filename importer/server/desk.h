/*
 * What a verb works on beside a running server: the repository as reader, and clients.db.  Also
 * how it finds the updates and groups that its arguments name.
 */
#ifndef SERVER_DESK_H
#define SERVER_DESK_H

#include "lib/base/cleanup.h"
#include "lib/clients/approval.h"
#include "lib/clients/clients.h"
#include "lib/clients/group.h"
#include "lib/store/query.h"

#include <stdbool.h>
#include <stddef.h>

struct cli_args;
struct error;
struct parts;
struct store;

struct desk {
	struct store *store;
	struct query *query;
	struct clients *clients;
	struct group_list groups;
	struct parts *parts; /* once a question needed them */
};
#define DESK_INIT             \
	{                     \
		.store = NULL \
	}
/* Where clients.db is: --state of args, else --repo. */
const char *desk_state(const struct cli_args *args) __attribute__((nonnull, returns_nonnull));

/* --repo and --state of args. */
int desk_open(const struct cli_args *args, struct desk *d, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void desk_close(struct desk *d);
DEFINE_CLEANUP_IN_PLACE(struct desk, desk_close);

/* The group of a name; NULL with GROUP_ABSENT. */
const struct group *desk_group(const struct desk *d, const char *name, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* The name of a group; "" when it is gone. */
const char *desk_group_name(const struct desk *d, int64_t id)
	__attribute__((nonnull, returns_nonnull));

/* ---- updates ---- */

enum { DESK_TITLE = 160, DESK_KB = 24 };

/* An update, as its newest usable revision (or newest of all, when none is usable) tells. */
struct desk_update {
	unsigned char update_id[16];
	bool known;
	struct query_cursor at;
	uint32_t revision;
	char kb[DESK_KB], title[DESK_TITLE]; /* "": not known */
	struct approval_facts facts;         /* files_missing: see desk_missing() */
};

/* *out of one UpdateID; known is false when no catalog has it.  -1 only when reading fails. */
int desk_update(struct query *q, const unsigned char update_id[16], struct desk_update *out,
		struct error *err) __attribute__((nonnull, warn_unused_result));

struct desk_updates {
	struct desk_update *items; /* ascending update_id, each once */
	size_t count, capacity;
};
void desk_updates_clear(struct desk_updates *u);
DEFINE_CLEANUP_IN_PLACE(struct desk_updates, desk_updates_clear);

/*
 * The updates that words name: an UpdateID is one; a KB number ("KB954474", "954474") is every
 * update of it that can stand for itself (no parts of bundles, detectoids or categories).
 * APPROVAL_UNKNOWN for a KB number of none; an UpdateID may be unknown (facts.known).
 */
int desk_updates(struct desk *d, const char *const *words, size_t count, struct desk_updates *out,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/* Call file() for every file of the update and its parts that is not here; counts in u->facts. */
int desk_missing(struct desk *d, struct desk_update *u,
		 void (*file)(void *ctx, const struct desk_update *u, const struct query_file *f),
		 void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 3, 5), warn_unused_result));

/* "KB954474 Title (guid)" */
enum { DESK_WHAT = DESK_TITLE + DESK_KB + 48 };
void desk_what(const struct desk_update *u, char out[DESK_WHAT]) __attribute__((nonnull));

/*
 * Who does this: --by, else the name of the user, or the number of one who has no name.  It stays
 * on record: -1 when the name cannot be looked up.
 */
int desk_by(const char *option, char out[APPROVAL_BY_SIZE], struct error *err)
	__attribute__((nonnull(2, 3), warn_unused_result));

/* "YYYY-MM-DD" or "YYYY-MM-DDThh:mm:ssZ", UTC; USAGE otherwise. */
int desk_time(const char *text, int64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
