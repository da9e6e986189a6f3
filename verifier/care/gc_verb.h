/* The verb "gc" of both programs. */
#ifndef CARE_GC_VERB_H
#define CARE_GC_VERB_H

#include "lib/cli/cli.h"

struct error;

int gc_verb(const struct cli_args *args, struct error *err);

#endif
