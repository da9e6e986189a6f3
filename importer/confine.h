/* The role of a verb of gapferry-import (verifier/confine.h). */
#ifndef IMPORTER_CONFINE_H
#define IMPORTER_CONFINE_H

struct cli_args;
struct error;

/*
 * Take it on: the repository and what options name may be written, media be read.  Errors:
 * sandbox_enter().
 */
int confine_importer(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
