/* Which service answers which path.  Services are rows; the HTTP glue knows none of them. */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include "importer/server/metrics.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct reply;
struct request;

struct route {
	const char *path;    /* a whole path, or with a slash at its end the beginning of one */
	bool any_case;       /* paths of this service are compared without case, and slashes
				behind a slash do not count */
	bool json;           /* failures are told in JSON */
	const char *methods; /* as in an Allow header: "GET, HEAD" */

	/* rest: what follows path.  Fills *out, or fails. */
	int (*answer)(const struct request *q, const char *rest, struct reply *out,
		      struct error *err);

	enum metrics_service counted; /* as */
	bool in_clear;                /* also without TLS where there is TLS */

	size_t body; /* bytes of a body that this service takes; 0: none */

	/* How a failure outside answer() is told, but for one of the method; NULL: as usual. */
	int (*refuse)(const struct request *q, const struct error *why, struct reply *out,
		      struct error *err);
};

/* The first row of a table (which ends with path NULL) for path, and what follows; or NULL. */
const struct route *route_find(const struct route *table, const char *path, const char **rest)
	__attribute__((nonnull));

/* Is method among those of the row? */
bool route_allows(const struct route *r, const char *method) __attribute__((nonnull));

#endif
