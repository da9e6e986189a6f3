/* When a job is due, and whether it is late. */
#ifndef EXPORTER_JOB_DUE_H
#define EXPORTER_JOB_DUE_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct job_conf;

enum { JOB_DUE_UNKNOWN = -1 };

struct job_due {
	int64_t next; /* seconds; JOB_DUE_UNKNOWN when nothing says it */
	bool due;     /* never succeeded, or next is now or was before */
	bool overdue; /* max-age has passed since the last success, or there never was one */
};

/*
 * Judge by the last success (JOB_DUE_UNKNOWN: never) and the time now.  next is the first time of
 * the schedule after the last success, or the last success and max-age, whichever comes first.
 * The schedule is read by systemd-analyze; where that is not installed it says nothing.  -1 with
 * JOB_SCHEDULE when systemd-analyze refuses it, or JOB_COMMAND.
 */
int job_due(const struct job_conf *c, int64_t last_success, int64_t now, struct job_due *out,
	    struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The first time of an OnCalendar text after `after`: 1 with *out, 0 when there is none or
 * systemd-analyze is not installed, -1.
 */
int job_due_next(const char *schedule, int64_t after, int64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
