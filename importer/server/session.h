/*
 * What a thread of the server needs to read the repository: a store opened as reader and its
 * prepared statements.  One per thread, opened at its first request and closed when it ends, so
 * that no request waits for another one's; every request sees the newest committed state.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include "lib/base/cleanup.h"

struct error;
struct object_cache;
struct query;
struct session_pool;
struct store;

struct session {
	struct store *store;
	struct query *query;
	struct object_cache *cache; /* of what query_find_sha1() found */
};

/* For threads that read the repository at path.  Fails when it cannot be opened as reader now. */
struct session_pool *session_pool_new(const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* After the threads that used it have ended.  NULL is allowed. */
void session_pool_free(struct session_pool *p);
DEFINE_CLEANUP(struct session_pool *, session_pool_free);

/* The session of the calling thread, borrowed until session_drop(); NULL when it cannot be opened.
 */
struct session *session_get(struct session_pool *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Close the session of the calling thread, if any: after a failure the next request starts anew. */
void session_drop(struct session_pool *p) __attribute__((nonnull));

#endif
