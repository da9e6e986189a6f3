/* The verbs of gapferry-server beside serve, one file each; for main.c. */
#ifndef SERVER_COMMANDS_H
#define SERVER_COMMANDS_H

#include "lib/cli/cli.h"

int cmd_approve(const struct cli_args *args, struct error *err);
int cmd_unapprove(const struct cli_args *args, struct error *err);
int cmd_decline(const struct cli_args *args, struct error *err);
int cmd_group_add(const struct cli_args *args, struct error *err);
int cmd_group_remove(const struct cli_args *args, struct error *err);
int cmd_group_list(const struct cli_args *args, struct error *err);
int cmd_group_move(const struct cli_args *args, struct error *err);
int cmd_computer_list(const struct cli_args *args, struct error *err);
int cmd_computer_show(const struct cli_args *args, struct error *err);
int cmd_computer_move(const struct cli_args *args, struct error *err);
int cmd_computer_remove(const struct cli_args *args, struct error *err);
int cmd_targeting(const struct cli_args *args, struct error *err);
int cmd_report_updates(const struct cli_args *args, struct error *err);
int cmd_report_computers(const struct cli_args *args, struct error *err);
int cmd_report_update(const struct cli_args *args, struct error *err);
int cmd_report_computer(const struct cli_args *args, struct error *err);
int cmd_report_group(const struct cli_args *args, struct error *err);
int cmd_report_approvals(const struct cli_args *args, struct error *err);
int cmd_report_problems(const struct cli_args *args, struct error *err);
int cmd_report_why(const struct cli_args *args, struct error *err);
int cmd_policy(const struct cli_args *args, struct error *err);

#endif
