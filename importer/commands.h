/* The verbs of gapferry-import; each lives in cmd_<verb>.c. */
#ifndef IMPORTER_COMMANDS_H
#define IMPORTER_COMMANDS_H

#include "lib/base/cleanup.h"
#include "lib/cli/cli.h"

struct error;

int cmd_custody(const struct cli_args *args, struct error *err);
int cmd_export_wsusutil(const struct cli_args *args, struct error *err);
int cmd_findings(const struct cli_args *args, struct error *err);
int cmd_gc(const struct cli_args *args, struct error *err);
int cmd_handover(const struct cli_args *args, struct error *err);
int cmd_import(const struct cli_args *args, struct error *err);
int cmd_init(const struct cli_args *args, struct error *err);
int cmd_inventory(const struct cli_args *args, struct error *err);
int cmd_log_forget(const struct cli_args *args, struct error *err);
int cmd_log_show(const struct cli_args *args, struct error *err);
int cmd_need(const struct cli_args *args, struct error *err);
int cmd_receipt(const struct cli_args *args, struct error *err);
int cmd_ledger_check(const struct cli_args *args, struct error *err);
int cmd_ledger_show(const struct cli_args *args, struct error *err);
int cmd_status(const struct cli_args *args, struct error *err);
int cmd_trust_add(const struct cli_args *args, struct error *err);
int cmd_trust_replace(const struct cli_args *args, struct error *err);
int cmd_updates(const struct cli_args *args, struct error *err);

#endif
