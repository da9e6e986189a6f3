/* The verbs of gapferry-export; each lives in cmd_<verb>.c. */
#ifndef EXPORTER_COMMANDS_H
#define EXPORTER_COMMANDS_H

#include "lib/base/cleanup.h"
#include "lib/cli/cli.h"

struct error;

int cmd_approve(const struct cli_args *args, struct error *err);
int cmd_authenticode(const struct cli_args *args, struct error *err);
int cmd_channel_add(const struct cli_args *args, struct error *err);
int cmd_ingest(const struct cli_args *args, struct error *err);
int cmd_init(const struct cli_args *args, struct error *err);
int cmd_key_new(const struct cli_args *args, struct error *err);
int cmd_plan(const struct cli_args *args, struct error *err);
int cmd_status(const struct cli_args *args, struct error *err);
int cmd_trust_new(const struct cli_args *args, struct error *err);
int cmd_trust_show(const struct cli_args *args, struct error *err);
int cmd_write(const struct cli_args *args, struct error *err);

#endif
