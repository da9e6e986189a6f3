/* The verbs of gapferry-export; each lives in cmd_<verb>.c. */
#ifndef EXPORTER_COMMANDS_H
#define EXPORTER_COMMANDS_H

#include "lib/base/cleanup.h"
#include "lib/cli/cli.h"

struct error;

int cmd_approve(const struct cli_args *args, struct error *err);
int cmd_authenticode(const struct cli_args *args, struct error *err);
int cmd_channel_add(const struct cli_args *args, struct error *err);
int cmd_channel_confirm(const struct cli_args *args, struct error *err);
int cmd_channel_set(const struct cli_args *args, struct error *err);
int cmd_channel_trust(const struct cli_args *args, struct error *err);
int cmd_custody(const struct cli_args *args, struct error *err);
int cmd_diff(const struct cli_args *args, struct error *err);
int cmd_gc(const struct cli_args *args, struct error *err);
int cmd_handover(const struct cli_args *args, struct error *err);
int cmd_ingest(const struct cli_args *args, struct error *err);
int cmd_init(const struct cli_args *args, struct error *err);
int cmd_inventory(const struct cli_args *args, struct error *err);
int cmd_job_check(const struct cli_args *args, struct error *err);
int cmd_job_list(const struct cli_args *args, struct error *err);
int cmd_job_service(const struct cli_args *args, struct error *err);
int cmd_job_status(const struct cli_args *args, struct error *err);
int cmd_job_timer(const struct cli_args *args, struct error *err);
int cmd_key_new(const struct cli_args *args, struct error *err);
int cmd_ledger_check(const struct cli_args *args, struct error *err);
int cmd_ledger_show(const struct cli_args *args, struct error *err);
int cmd_lint(const struct cli_args *args, struct error *err);
int cmd_log_consistency(const struct cli_args *args, struct error *err);
int cmd_log_prove(const struct cli_args *args, struct error *err);
int cmd_log_show(const struct cli_args *args, struct error *err);
int cmd_media_image(const struct cli_args *args, struct error *err);
int cmd_media_revolume(const struct cli_args *args, struct error *err);
int cmd_media_stream(const struct cli_args *args, struct error *err);
int cmd_media_write(const struct cli_args *args, struct error *err);
int cmd_override(const struct cli_args *args, struct error *err);
int cmd_probe(const struct cli_args *args, struct error *err);
int cmd_plan(const struct cli_args *args, struct error *err);
int cmd_receive(const struct cli_args *args, struct error *err);
int cmd_run(const struct cli_args *args, struct error *err);
int cmd_sign(const struct cli_args *args, struct error *err);
int cmd_status(const struct cli_args *args, struct error *err);
int cmd_trust_new(const struct cli_args *args, struct error *err);
int cmd_trust_revoke(const struct cli_args *args, struct error *err);
int cmd_trust_rotate(const struct cli_args *args, struct error *err);
int cmd_trust_show(const struct cli_args *args, struct error *err);
int cmd_trust_sign(const struct cli_args *args, struct error *err);
int cmd_withdraw(const struct cli_args *args, struct error *err);
int cmd_write(const struct cli_args *args, struct error *err);

#endif
