/* /api/v1/approvals: see importer/server/api_clients.h. */
#ifndef SERVER_API_APPROVALS_H
#define SERVER_API_APPROVALS_H

struct error;
struct reply;
struct request;

/*
 * GET ?group&update_id lists; POST ?update_id&group&action&deadline&offer&by approves, DELETE
 * ?update_id&group takes back.
 */
int api_approvals(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* GET /api/v1/problems: approvals that are not served as they were made. */
int api_approvals_problems(const struct request *q, const char *rest, struct reply *out,
			   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
