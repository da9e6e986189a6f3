/* GET /metrics: what the server counts, as OpenMetrics text. */
#ifndef SERVER_SERVE_METRICS_H
#define SERVER_SERVE_METRICS_H

struct error;
struct reply;
struct request;

/* For a route; see struct route. */
int serve_metrics(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
