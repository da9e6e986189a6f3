/* The verb "scrub" of both programs. */
#ifndef CARE_SCRUB_VERB_H
#define CARE_SCRUB_VERB_H

#include "lib/cli/cli.h"

struct error;

int scrub_verb(const struct cli_args *args, struct error *err);

#endif
