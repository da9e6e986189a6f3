/* Parity that found no room on any medium: told, never silently left out. */
#ifndef EXPORTER_MEDIA_LEFT_H
#define EXPORTER_MEDIA_LEFT_H

#include "lib/cli/cli.h"

struct medium_job;

/* The names of the files left out, for "left_out" of the result; a note for people. */
json_t *media_left_report(const struct cli_args *args, const struct medium_job *job)
	__attribute__((nonnull, warn_unused_result));

#endif
