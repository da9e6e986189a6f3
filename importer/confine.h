/* The role of a verb of gapferry-import (verifier/confine.h). */
#ifndef IMPORTER_CONFINE_H
#define IMPORTER_CONFINE_H

struct cli_args;
struct error;
struct prover;

/*
 * Before that, for an import: the process that looks at signatures (verifier/prover.h), which may
 * read media, the permission and the repository.  Errors: prover_start().
 */
struct prover *confine_prover(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Take it on: the repository and what options name may be written, media be read.  Errors:
 * sandbox_enter().
 */
int confine_importer(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
