/* The verb "handover": a medium changes hands.  Only a record. */
#ifndef CARE_HANDOVER_H
#define CARE_HANDOVER_H

#include "lib/cli/cli.h"

struct error;

int handover_verb(const struct cli_args *args, struct error *err);

#endif
