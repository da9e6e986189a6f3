/* The role of a verb of gapferry-export (verifier/confine.h). */
#ifndef EXPORTER_CONFINE_H
#define EXPORTER_CONFINE_H

struct cli_args;
struct error;

/*
 * Take it on: what the command line names may be read, and written where the verb writes; `media
 * image` may start programs.  Errors: sandbox_enter().
 */
int confine_exporter(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
