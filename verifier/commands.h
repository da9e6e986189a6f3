/* What gapferry-verify can do. */
#ifndef VERIFIER_COMMANDS_H
#define VERIFIER_COMMANDS_H

#include "lib/base/cleanup.h"
#include "lib/cli/cli.h"

struct error;

int cmd_ledger(const struct cli_args *args, struct error *err);
int cmd_list(const struct cli_args *args, struct error *err);
int cmd_log(const struct cli_args *args, struct error *err);
int cmd_proof(const struct cli_args *args, struct error *err);
int cmd_show(const struct cli_args *args, struct error *err);
int cmd_verify(const struct cli_args *args, struct error *err);

#endif
