/* Starting a program: no shell, a process group of its own, a time limit. */
#ifndef EXPORTER_JOB_EXEC_H
#define EXPORTER_JOB_EXEC_H

#include <stddef.h>

struct buf;
struct error;

struct job_exec {
	char *const *argv; /* ends with NULL; argv[0] is looked up in PATH unless it has a / */
	const char *const *environment; /* "NAME=value" to add, ends with NULL; may be NULL */
	int input;                      /* descriptor for its stdin, or -1 for /dev/null */
	struct buf *output; /* receives its stdout up to the ceiling; NULL: to our stderr */
	unsigned timeout;   /* seconds; then the process group is killed */
};

/*
 * Run to the end.  1 with *status (0, or the exit status, or 128 + the signal), 0 when there is no
 * such program, -1 with JOB_COMMAND when it could not be started or took too long.  The passphrase
 * of the key is not passed on.
 */
int job_exec(const struct job_exec *x, int *status, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
