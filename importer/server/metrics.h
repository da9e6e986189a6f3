/*
 * What the server counts, for OpenMetrics.  Threads add without waiting for each other; a reader
 * sees each number whole, and numbers that belong together nearly so.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct metrics;

enum metrics_service {
	METRICS_OTHER, /* nothing at this address, and what is no request */
	METRICS_CONTENT,
	METRICS_CLIENT, /* scans */
	METRICS_AUTH,
	METRICS_REPORT,
	METRICS_API,
	METRICS_SERVICES_
};

struct metrics *metrics_new(void) __attribute__((returns_nonnull, warn_unused_result));
void metrics_free(struct metrics *m);
DEFINE_CLEANUP(struct metrics *, metrics_free);

/* A request is over.  status 0: it never became complete. */
struct metrics_request {
	enum metrics_service service;
	unsigned status;
	uint64_t bytes; /* of the body */
	bool whole;     /* the client took all of it */
};
void metrics_count(struct metrics *m, const struct metrics_request *r) __attribute__((nonnull));

/* The time that making an answer took. */
void metrics_time(struct metrics *m, enum metrics_service service, uint64_t nanoseconds)
	__attribute__((nonnull));

/* Connections: one more, one less, one that was ended because it was too slow. */
void metrics_connected(struct metrics *m, int change) __attribute__((nonnull));
void metrics_expired(struct metrics *m) __attribute__((nonnull));

/* Append all of it, without the line that ends a document. */
int metrics_write(const struct metrics *m, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
