/*
 * One run of a job: ingest the sources that changed, write a bundle when there is something new,
 * tidy the outbox; then record the run, write metrics, start the notification command.
 */
#ifndef EXPORTER_JOB_RUN_H
#define EXPORTER_JOB_RUN_H

#include <jansson.h>
#include <stdbool.h>

struct error;
struct job_conf;
struct progress;
struct sandbox_process;

struct job_run {
	const char *state_root; /* /var/lib/gapferry */
	bool force;             /* write although nothing changed */
	bool if_due;            /* do nothing unless the job is due */
	struct progress *progress;
	struct sandbox_process *notifier; /* job_notify_start(); a run alone needs it */
};

/*
 * Run to the end and record it.  *report is the caller's, whatever happens; NULL when the run did
 * not begin.  Returns 0, 2 with findings or warnings, or -1: JOB_BUSY when the job runs already,
 * JOB_STATE, JOB_SOURCE, JOB_SERIES, JOB_SECRET, JOB_SCHEDULE (if_due without any schedule),
 * STOPPED, or an error of ingest_source() or bundle_write().
 */
int job_run(const struct job_conf *c, const struct job_run *options, json_t **report,
	    struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * What a run would do now, as *report; nothing is written, no lock is taken.  The plan is of what
 * the repository holds before changed sources are ingested.
 */
int job_run_preview(const struct job_conf *c, const struct job_run *options, json_t **report,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
