/*
 * The notification of a job: on-success or on-failure, started by a process beside the run.  That
 * process is in no role, so the command may do whatever its administrator wants; it is started
 * before the run reads anything, and takes from the run which of the two it is and how it ended.
 */
#ifndef EXPORTER_JOB_NOTIFY_H
#define EXPORTER_JOB_NOTIFY_H

#include "lib/sandbox/sandbox.h"

struct error;
struct job_conf;

/* How a run ended, as the command is told. */
enum job_status {
	JOB_STATUS_SUCCESS,
	JOB_STATUS_UNCHANGED,
	JOB_STATUS_FINDINGS,
	JOB_STATUS_FAILED,
	JOB_STATUS_INTERRUPTED,
	JOB_STATUSES_
};
/* "success" */
const char *job_notify_status(enum job_status status);

/* Starts nothing when there is no command.  c and state_root are borrowed.  -1 with
 * SANDBOX_PROCESS.
 */
int job_notify_start(const struct job_conf *c, const char *state_root, struct sandbox_process *out,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Start the command, with report.json of the state directory as its input, and wait for it.  -1
 * with JOB_COMMAND, SANDBOX_KILLED.
 */
int job_notify(struct sandbox_process *p, enum job_status status, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
