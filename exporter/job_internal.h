/* Shared by the files that make up a run of a job. */
#ifndef EXPORTER_JOB_INTERNAL_H
#define EXPORTER_JOB_INTERNAL_H

#include "exporter/job_conf.h"
#include "exporter/job_run.h"
#include "exporter/job_state.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"

struct selection;

struct job_step {
	const struct job_conf *conf;
	const struct job_run *options;
	struct job_state state;
	struct store *store;
	struct channel channel;
	int64_t started;
	json_t *sources, *removed, *warnings; /* arrays of the report */
	json_t *bundle;                       /* object of the report, or NULL */
	const char *reason;                   /* why a bundle was written, or was not */
	bool written;                         /* there is a new bundle */
	bool findings;                        /* a source that was ingested has some */
	uint64_t outbox_bytes;
};

/* Note a failure that does not make the run fail, and clear it. */
void job_step_warn(struct job_step *s, struct error *problem) __attribute__((nonnull));

/* job_step_source.c: has the source changed since it was ingested last?  1, 0, -1. */
int job_step_source_changed(struct job_step *s, const struct job_source *source, json_t **print,
			    struct error *err) __attribute__((nonnull, warn_unused_result));

/* job_step_source.c: ingest every source that changed; each is remembered as soon as it is in. */
int job_step_sources(struct job_step *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* [selection] of the job; NULL: that of the channel. */
const struct rules *job_step_selection(const struct job_step *s) __attribute__((nonnull));

/*
 * job_step_write.c: why a bundle should be written now, into s->reason; 1, or 0 with "unchanged",
 * -1.  chosen are the decisions of job_step_selection(); view is what job_print_view() says.
 */
int job_step_wants_bundle(struct job_step *s, struct selection *chosen, char view[65],
			  struct error *err) __attribute__((nonnull, warn_unused_result));

/* job_step_write.c: write it if it is wanted, then tidy the outbox. */
int job_step_write(struct job_step *s, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * job_finish.c: history, state, metrics, report.json and the notification, for a run that ended
 * with this failure (or ERROR_NONE).  Returns the report.  Its own failures become warnings.
 */
json_t *job_finish(struct job_step *s, const struct error *failure)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));

#endif
