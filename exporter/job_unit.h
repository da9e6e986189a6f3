/* Drop-ins for the systemd units of a job (exporter/systemd/). */
#ifndef EXPORTER_JOB_UNIT_H
#define EXPORTER_JOB_UNIT_H

struct buf;
struct error;
struct job_conf;

/* For gapferry-export@NAME.timer: the job's schedule.  -1 with JOB_SCHEDULE when it has none. */
int job_unit_timer(const struct job_conf *c, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * For gapferry-export@NAME.service, which may write nowhere by itself: the places the job writes
 * to, and the network when it starts commands.
 */
int job_unit_service(const struct job_conf *c, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
