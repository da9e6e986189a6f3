/* Where jobs are configured and remembered, from the command line or the environment. */
#ifndef EXPORTER_JOB_ARGS_H
#define EXPORTER_JOB_ARGS_H

#include "exporter/job_file.h"
#include "lib/cli/cli.h"

struct error;

struct job_args {
	struct job_dirs dirs; /* points into words, too: do not copy */
	const char *state_root;
	char words[4096];
};

/* --config-dir (or GAPFERRY_CONFIG_DIR, separated by ':') and --state-dir.  -1 with USAGE. */
int job_args_get(const struct cli_args *args, struct job_args *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
