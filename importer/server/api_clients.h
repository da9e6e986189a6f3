/*
 * The JSON interface for computers, groups, approvals and compliance.  docs/PROTOCOL.md is its
 * reference, importer/server/access.h says who may use it.  Changes have no body: their parameters
 * are in the query.  Each function is the answer of a route (struct route).
 */
#ifndef SERVER_API_CLIENTS_H
#define SERVER_API_CLIENTS_H

struct error;
struct reply;
struct request;

/* GET /api/v1/computers?limit&after&group: one page. */
int api_clients_computers(const struct request *q, const char *rest, struct reply *out,
			  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * /api/v1/computers/<client id or name>: GET with its updates and newest events, POST ?groups=A;B
 * puts it into groups, DELETE forgets it.
 */
int api_clients_computer(const struct request *q, const char *rest, struct reply *out,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

/* /api/v1/groups: GET, POST ?name&parent, DELETE ?name. */
int api_clients_groups(const struct request *q, const char *rest, struct reply *out,
		       struct error *err) __attribute__((nonnull, warn_unused_result));

/* GET /api/v1/compliance?group&limit&after: counts per update. */
int api_clients_compliance(const struct request *q, const char *rest, struct reply *out,
			   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
