/* The verb "scrub" of both programs. */
#ifndef CARE_SCRUB_VERB_H
#define CARE_SCRUB_VERB_H

#include "lib/cli/cli.h"

struct error;

/* In starts (lib/cli/cli.h): another process looks at the signatures of bundles to heal from. */
int scrub_verb(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
