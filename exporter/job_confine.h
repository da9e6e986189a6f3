/* The role of verbs about jobs: the configuration says which files they need. */
#ifndef EXPORTER_JOB_CONFINE_H
#define EXPORTER_JOB_CONFINE_H

struct error;
struct file_list;
struct job_args;

/*
 * Take on SANDBOX_TOOL, since systemd-analyze says when a job is due: the configuration may be
 * read, the state and what these jobs name be used.  Jobs that cannot be loaded are left out.
 * Errors: sandbox_enter().
 */
int job_confine(const struct job_args *where, const struct file_list *jobs, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
