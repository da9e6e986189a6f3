/*
 * What a thread of the server needs to read the repository: a store opened as reader and its
 * prepared statements.  One per thread, opened at its first request and closed when it ends, so
 * that no request waits for another one's; every request sees the newest committed state.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include "lib/base/cleanup.h"

struct clients;
struct error;
struct object_cache;
struct query;
struct session_pool;
struct store;

struct session {
	struct store *store;
	struct query *query;
	struct object_cache *cache; /* of what query_find_sha1() found */
	struct clients *clients;    /* see session_clients(); NULL until then */
	struct session_pool *pool;
};

/*
 * clients.db for this thread alone, so that a long report makes nobody wait; NULL when it cannot
 * be opened.  Borrowed like the session.
 */
struct clients *session_clients(struct session *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * For threads that read the repository at path, and clients.db in the directory state.  Fails when
 * the repository cannot be opened as reader now.
 */
struct session_pool *session_pool_new(const char *path, const char *state, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* After the threads that used it have ended.  NULL is allowed. */
void session_pool_free(struct session_pool *p);
DEFINE_CLEANUP(struct session_pool *, session_pool_free);

/*
 * Take the token for changes through the JSON API (importer/server/access.h) from a file.
 * API_TOKEN when there is none in it; an earlier one counts then.  From one thread only.
 */
int session_pool_set_token(struct session_pool *p, const char *file, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* That token; NULL: none. */
const char *session_pool_token(const struct session_pool *p) __attribute__((nonnull));

/* The session of the calling thread, borrowed until session_drop(); NULL when it cannot be opened.
 */
struct session *session_get(struct session_pool *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Close the session of the calling thread, if any: after a failure the next request starts anew. */
void session_drop(struct session_pool *p) __attribute__((nonnull));

#endif
