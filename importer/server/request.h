/*
 * One request, as services see it: decoded path, headers, parameters, and the session of the
 * thread that answers it.  Everything in it is what a client sent: untrusted.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "importer/server/address.h"
#include "importer/server/metrics.h"
#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;
struct route;
struct service;
struct session;
struct session_pool;

enum { REQUEST_METHOD_SIZE = 16, REQUEST_AGENT_SIZE = 160 };

struct request {
	struct MHD_Connection *connection;
	struct session_pool *sessions;
	char *target;    /* as sent, at most LIMIT_HTTP_TARGET bytes of it */
	bool target_cut; /* it was longer */
	bool announced;  /* the library's first call for this request happened */
	char method[REQUEST_METHOD_SIZE];
	char agent[REQUEST_AGENT_SIZE]; /* User-Agent, cut; for the log */
	const char *path;               /* decoded; NULL until announced */
	uint64_t started;               /* clock_ticks() */
	const struct route *route;      /* of a request with a body, while that arrives */
	struct buf body;                /* what has arrived of it */
	struct error refused;           /* why the rest of it is dropped; ERROR_NONE: it is not */
	struct service *service;        /* the update services; NULL: none */
	struct metrics *metrics;
	uint16_t content_port; /* of the server without TLS, when this one has it; else 0 */
	enum metrics_service counted;
	unsigned status;      /* of the answer; 0: none yet */
	struct request *next; /* that waits, behind this one */
	size_t held;          /* bytes of it in memory */
	uint64_t length;      /* of its body */
};

/* A request for a target just seen on connection.  request_free() ends it. */
struct request *request_new(const char *target, struct MHD_Connection *connection,
			    struct session_pool *sessions)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void request_free(struct request *q);
DEFINE_CLEANUP(struct request *, request_free);

/*
 * SERVER_REQUEST when the target is too long or ambiguous: a percent sign that begins no escape,
 * or an escaped NUL, at which a decoded text would end early.  And when a proxy may see the end of
 * the body elsewhere: two lengths, a length of a chunked body, another transfer coding.
 */
int request_check(const struct request *q, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The path of a decoded target, which may be in absolute form (RFC 9112, 3.2.2). */
const char *request_path(const char *target) __attribute__((nonnull, returns_nonnull));

/* A body follows the headers, or may. */
bool request_has_body(const struct request *q) __attribute__((nonnull));

/* The length that the headers announce; 0 without one that is a number. */
uint64_t request_length(const struct request *q) __attribute__((nonnull));

/* The address of the client, or the one that it reached us at, as text; "" when not known. */
void request_client(const struct request *q, char out[ADDRESS_TEXT_SIZE]) __attribute__((nonnull));
void request_server(const struct request *q, char out[ADDRESS_TEXT_SIZE]) __attribute__((nonnull));

bool request_is_head(const struct request *q) __attribute__((nonnull));

/* The value of a header, or NULL. */
const char *request_header(const struct request *q, const char *name) __attribute__((nonnull));

/*
 * values[i] becomes the decoded parameter names[i] or NULL.  SERVER_PARAMETER when the query has
 * another name, or one twice: a misspelt filter must not silently show everything.
 */
int request_parameters(const struct request *q, const char *const *names, const char **values,
		       size_t count, struct error *err)
	__attribute__((nonnull(1, 5), warn_unused_result));

/* The session of this thread; NULL on failure. */
struct session *request_session(const struct request *q, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
