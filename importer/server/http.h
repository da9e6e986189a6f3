/*
 * The HTTP side of the server: one daemon with a pool of threads that reads requests, finds the
 * service in a table of routes, and sends what it answers.  HTTP/1.1 with keep-alive; docs/
 * PROTOCOL.md describes it from outside.  Only this file, reply.c and request.c know the library.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "importer/server/address.h"
#include "importer/server/route.h"
#include "lib/base/cleanup.h"

#include <stdbool.h>

struct error;
struct http;
struct service;

struct http_options {
	const char *repo;               /* directory of the repository, read only */
	const char *state;              /* where clients.db is; NULL: there */
	const char *listen;             /* "127.0.0.1:8530", see address_parse() */
	unsigned threads;               /* 1..64 */
	const char *access_log;         /* file to append to, or NULL */
	const char *api_token;          /* file with the token of the JSON API, or NULL */
	const char *tls_cert, *tls_key; /* PEM files; NULL: no TLS */
	const char *tls_listen;         /* NULL: the port after that of listen, for 80 it is 443 */
	unsigned per_address; /* connections of one address at once, on each port; 0: any */
	const struct route
		*routes;         /* ends with a row whose path is NULL; must outlive the server */
	size_t answers_most;     /* bytes of answers from which on requests wait; 0:
				    LIMIT_SOAP_ANSWERS */
	struct service *service; /* for the rows that need it; likewise; NULL: none */
	/*
	 * Called when everything is open and no thread runs yet: the process takes on its role, and
	 * then starts what it needs, which may change *service.  NULL: nothing; a test that is
	 * client and server in one process cannot take on a role.
	 */
	int (*begin)(void *ctx, struct service **service, struct error *err);
	void *begin_ctx;
};

/*
 * Start serving; the threads run when this returns.  Fails without side effects: repository not
 * readable (STORE_ABSENT, SCHEMA ...), address (SERVER_ADDRESS, SERVER_IN_USE, SERVER_LISTEN), no
 * threads or descriptors (SERVER_START), TLS (TLS_ABSENT, TLS_FILES).  Signals should be blocked in
 * the calling thread before, so that the threads never take them.
 */
struct http *http_start(const struct http_options *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The address it really listens on, with the port that the kernel chose. */
void http_address(const struct http *h, char out[ADDRESS_TEXT_SIZE]) __attribute__((nonnull));

/* That with TLS; false when there is none. */
bool http_tls_address(const struct http *h, char out[ADDRESS_TEXT_SIZE]) __attribute__((nonnull));

/* Read the token anew, go on in a new access log; what fails stays as it was. */
int http_reload(struct http *h, struct error *err) __attribute__((nonnull, warn_unused_result));

/* To be called every few seconds: ends connections whose request does not arrive. */
void http_tick(struct http *h) __attribute__((nonnull));

/*
 * Refuse new connections, finish the answers on their way for at most LIMIT_HTTP_DRAIN_SECONDS,
 * then end the threads.  NULL is allowed.
 */
void http_stop(struct http *h);
DEFINE_CLEANUP(struct http *, http_stop);

#endif
