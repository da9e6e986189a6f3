/*
 * The JSON interface for people's tools, read only: what was imported, what is wrong with it.
 * docs/PROTOCOL.md is its reference.  Each function is the answer of a route (struct route).
 */
#ifndef SERVER_API_H
#define SERVER_API_H

struct error;
struct reply;
struct request;

/* GET /healthz: "ok" when the database answers, else 503. */
int api_health(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* GET /api/v1/status: channel, sequence and totals. */
int api_status(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* GET /api/v1/updates?limit&after&kb&title&verdict&update_id&source_revision: one page. */
int api_updates(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* GET /api/v1/updates/<UpdateID>: every revision of one update. */
int api_update(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* GET /api/v1/findings?limit&after&severity&revision_id&source_revision: one page. */
int api_findings(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Any other path below /api/. */
int api_unknown(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
