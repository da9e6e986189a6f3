#include "exporter/job_args.h"

#include "lib/base/error.h"

#include <stdio.h>
#include <string.h>

static int split(struct job_args *out, const char *text, struct error *err)
{
	if ((size_t)snprintf(out->words, sizeof out->words, "%s", text) >= sizeof out->words)
		return error_set(err, ERROR_USAGE, "configuration directories: too long");
	for (char *at = out->words; at;) {
		char *colon = strchr(at, ':');

		if (out->dirs.count == JOB_DIRS_MAX)
			return error_set(err, ERROR_USAGE, "more than %d configuration directories",
					 JOB_DIRS_MAX);
		if (colon)
			*colon++ = '\0';
		out->dirs.paths[out->dirs.count++] = at;
		at = colon;
	}
	return 0;
}

int job_args_get(const struct cli_args *args, struct job_args *out, struct error *err)
{
	const char *state = cli_text(args, "state-dir"), *dirs = cli_text(args, "config-dir");

	*out = (struct job_args){ .state_root = state ? state : "/var/lib/gapferry" };
	size_t count = cli_list(args, "config-dir", out->dirs.paths, JOB_DIRS_MAX);
	if (count > JOB_DIRS_MAX)
		return error_set(err, ERROR_USAGE, "more than %d configuration directories",
				 JOB_DIRS_MAX);
	out->dirs.count = count;
	if (count > 0)
		return 0;
	if (dirs)
		return split(out, dirs, err);
	out->dirs = job_file_default;
	return 0;
}
