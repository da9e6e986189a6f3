/*
 * Who may use the JSON API for computers and approvals.
 *
 * With a token (--api-token-file) every request needs it, as "Authorization: Bearer TOKEN".
 * Without one nothing can be changed, and only the machine itself may read.  A browser sends
 * neither that header nor a request method like DELETE to another site without asking first, and
 * we answer no such question: so no page can make its visitor's browser change anything.
 */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include <stdbool.h>

struct error;
struct request;

struct access {
	const char *token;         /* NULL: none */
	const char *authorization; /* of the request, or NULL */
	bool is_local;             /* the client's address is one of the loopback */
	bool is_change;            /* any other method than GET and HEAD */
};

/* 0, or -1 with API_FORBIDDEN.  Pure; the token is compared in constant time. */
int access_judge(const struct access *a, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same of a request. */
int access_check(const struct request *q, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
