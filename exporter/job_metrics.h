/* The state of a job for node_exporter's textfile collector: OpenMetrics text. */
#ifndef EXPORTER_JOB_METRICS_H
#define EXPORTER_JOB_METRICS_H

#include <limits.h>
#include <stdint.h>

struct buf;
struct error;

/* Times in seconds since 1970, 0 when it never happened. */
struct job_metrics {
	const char *job;
	int64_t last_run, seconds; /* when the newest run ended, and how long it took */
	int exit_status;           /* of it */
	int64_t last_success;
	int64_t bundle_written;
	uint64_t bundle_sequence, bundle_bytes, outbox_bytes;
	uint64_t max_age; /* seconds, 0 when the job has none */
};

/* Append the text, with its "# EOF". */
int job_metrics_write(const struct job_metrics *m, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The directory of the file at path, which is replaced there; the name in it, which borrows from
 * path, or NULL when it is no path of a file.
 */
const char *job_metrics_directory(const char *path, char out[PATH_MAX]) __attribute__((nonnull));

/* Replace the file at path, at once, by this text; readable by all. */
int job_metrics_save(const struct job_metrics *m, const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
