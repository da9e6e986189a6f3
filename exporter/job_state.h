/*
 * What is remembered of a job: STATE/jobs/NAME/
 *
 *	lock           flock: one run at a time; holds the process id
 *	state.json     sources as last ingested, the newest bundle, the last success, a run under
 *way history.jsonl  one line for each run, the newest last, at most LIMIT_JOB_HISTORY report.json
 *what the newest run reported
 *
 * Files are replaced whole and durable, so that a run may be killed at any point.
 */
#ifndef EXPORTER_JOB_STATE_H
#define EXPORTER_JOB_STATE_H

#include "lib/base/cleanup.h"

#include <jansson.h>
#include <stdint.h>

struct error;

struct job_state {
	int dir, lock;   /* -1: absent, not held */
	json_t *values;  /* object: state.json */
	json_t *history; /* array of objects */
};

#define JOB_STATE_INIT                \
	{                             \
		.dir = -1, .lock = -1 \
	}

/* Look: a job that never ran has an empty state.  *out is JOB_STATE_INIT.  -1 with JOB_STATE. */
int job_state_read(const char *root, const char *job, struct job_state *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Take the lock, and make the directory when it is not there.  JOB_BUSY with the process id of
 * the run under way.
 */
int job_state_lock(const char *root, const char *job, struct job_state *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Save state.json as it is in memory. */
int job_state_save(const struct job_state *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Add a run (taken over) to the history, and save it. */
int job_state_add_run(struct job_state *s, json_t *run, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A number of values, or fallback. */
int64_t job_state_number(const struct job_state *s, const char *key, int64_t fallback)
	__attribute__((nonnull));

/* The newest run, or NULL; borrowed. */
const json_t *job_state_last_run(const struct job_state *s) __attribute__((nonnull));

/* A time as state and reports write it: null when negative.  The caller's. */
json_t *job_state_time(int64_t seconds) __attribute__((returns_nonnull));

void job_state_clear(struct job_state *s);
DEFINE_CLEANUP_IN_PLACE(struct job_state, job_state_clear);

#endif
