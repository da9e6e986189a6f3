/*
 * The bounded worker pool: the only place with threads and locks.
 *
 * Jobs are pure: they compute on what they are given.  Two forms: pool_each()
 * for a known number of items, and an ordered pipeline (submit, reap) whose
 * results come back in the order of submission, so that output never depends
 * on the number of threads.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "lib/base/cleanup.h"

#include <stddef.h>

struct error;
struct pool;

/* Threads worth using for work bound by the processor: the processors we may run on, 1..64. */
unsigned pool_default_threads(void);

/*
 * Run item(ctx, i, worker, err) for every i in [0, count); worker is in
 * [0, threads).  On failure no new item is started, and the failure of the
 * lowest item that failed is reported.  tick (may be NULL) is called on the
 * calling thread about five times a second; a nonzero result stops the run
 * with ERROR_STOPPED.
 */
struct pool_each {
	unsigned threads;
	size_t count;
	int (*item)(void *ctx, size_t i, unsigned worker, struct error *err);
	int (*tick)(void *ctx);
	void *ctx;
};
int pool_each(const struct pool_each *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * A pipeline.  run(job, err) is called on some worker for every job submitted.
 * A failing job is reported by the pool_reap() that returns it.
 */
struct pool *pool_new(unsigned threads, int (*run)(void *job, struct error *err), struct error *err)
	__attribute__((nonnull, warn_unused_result));
void pool_submit(struct pool *p, void *job) __attribute__((nonnull));

/* Jobs submitted and not yet reaped. */
size_t pool_pending(const struct pool *p) __attribute__((nonnull));

/*
 * The oldest job not yet reaped, waiting for it: 1 with *job; 0 when none is
 * pending; -1 with *job when it failed.  The job is the caller's again.
 */
int pool_reap(struct pool *p, void **job, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Waits for running jobs; those never reaped are lost, so reap them first if they own memory. */
void pool_free(struct pool *p);
DEFINE_CLEANUP(struct pool *, pool_free);

#endif
