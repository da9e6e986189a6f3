/*
 * Which files make a job: jobs/NAME.conf of the last configuration directory that has it, then
 * the drop-ins jobs/NAME.conf.d/NAME.conf of all of them, by file name; one in a later directory
 * replaces one of the same name in an earlier one.
 */
#ifndef EXPORTER_JOB_FILE_H
#define EXPORTER_JOB_FILE_H

#include "lib/base/file.h"

#include <stddef.h>

struct error;
struct job_conf;

enum { JOB_DIRS_MAX = 8 };

/* Configuration directories, the strongest last.  The strings are borrowed. */
struct job_dirs {
	const char *paths[JOB_DIRS_MAX];
	size_t count;
};

/* /usr/lib/gapferry, /run/gapferry, /etc/gapferry. */
extern const struct job_dirs job_file_default;

/*
 * Read a job.  -1 with JOB_ABSENT when no directory has it, JOB_WRITABLE when everybody may write
 * to one of its files or to the directory of one, CONF_FORMAT, LIMIT_BYTES past
 * LIMIT_JOB_DROPINS, or an error of reading.
 */
int job_file_load(const struct job_dirs *dirs, const char *name, struct job_conf *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* The names of all jobs, sorted, at most LIMIT_JOBS. */
int job_file_names(const struct job_dirs *dirs, struct file_list *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
