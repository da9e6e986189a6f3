/* The verb "scrub" of both programs. */
#ifndef CARE_SCRUB_VERB_H
#define CARE_SCRUB_VERB_H

#include "lib/cli/cli.h"

struct error;
struct prover;

/* prover: who looks at the signatures of bundles that --heal-from names. */
int scrub_verb(const struct cli_args *args, struct prover *prover, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
