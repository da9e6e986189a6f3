/* The options of the verbs that both programs with a repository have, for their tables of verbs. */
#ifndef CARE_VERB_OPTIONS_H
#define CARE_VERB_OPTIONS_H

#include "lib/cli/cli.h"

extern const struct cli_option verb_options_handover[];
extern const struct cli_option verb_options_ledger_show[];
extern const struct cli_option verb_options_custody[];
extern const struct cli_option verb_options_gc[];
extern const struct cli_option verb_options_scrub[];

#endif
