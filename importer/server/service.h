/*
 * The update services that computers of Windows call (MS-WUSP): Client, SimpleAuth, Reporting.
 * docs/PROTOCOL.md describes them from outside.  Each function below the fold is the answer of a
 * route; the rest is what the server makes once.
 */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "lib/base/cleanup.h"

#include <stdbool.h>

struct clients;
struct error;
struct reply;
struct request;
struct service;
struct view_keeper;

struct service_options {
	struct clients *clients;   /* borrowed */
	struct view_keeper *views; /* borrowed */
	const char *content_url;   /* where clients get content, "http://host:port"; NULL: from us,
				      by the name that they call us */
	bool redirect;     /* Microsoft's paths are answered with our name for the same object */
	const char *accel; /* a path: objects are sent by the proxy in front; NULL: by us */
};

/* SERVICE_URL when content_url is not one. */
struct service *service_new(const struct service_options *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void service_free(struct service *s);
DEFINE_CLEANUP(struct service *, service_free);

/*
 * Before the first request: what is deployed to computers of no group is made ready, its fragments
 * in the background.  Other groups share most of it.
 */
int service_prepare(struct service *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * When approvals or the repository have changed since the last call: judge what is deployed to
 * every group, write what cannot be served as it was approved to stderr, and keep the numbers for
 * /metrics.  By one thread only.
 */
void service_check(struct service *s) __attribute__((nonnull));

/*
 * The path of the proxy below which it finds the content directory, without a slash at its end;
 * NULL: none.  s may be NULL.
 */
enum { SERVICE_ACCEL_SIZE = 128 };
const char *service_accel(const struct service *s);

/* Content under the paths that it has at Microsoft; for the routes of these (service_original.c).
 */
int service_original(const struct request *q, const char *rest, struct reply *out,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

/* POST: a SOAP envelope each; anything that fails is answered by a fault. */
int service_client(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int service_auth(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int service_report(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* For route.refuse: the fault for a request that was not even read. */
int service_refuse(const struct request *q, const struct error *why, struct reply *out,
		   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
