/* Would a job run?  Everything that can be known without running it. */
#ifndef EXPORTER_JOB_CHECK_H
#define EXPORTER_JOB_CHECK_H

struct error;
struct job_conf;

/*
 * Tell problem() of everything that is wrong with a job whose configuration could be read:
 * schedule, sources, repository, channel, key, trust root and certificate (must outlive the
 * bundles), outbox, metrics, commands.  Nothing is written.
 */
void job_check(const struct job_conf *c, void (*problem)(void *ctx, const struct error *problem),
	       void *ctx) __attribute__((nonnull(1, 2)));

#endif
