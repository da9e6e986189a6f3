/* The verbs "ledger show" and "ledger check" of both programs that have a repository. */
#ifndef CARE_LEDGER_VERBS_H
#define CARE_LEDGER_VERBS_H

#include "lib/cli/cli.h"

struct error;
struct ledger_reader;
struct store;

int ledger_verbs_show(const struct cli_args *args, struct error *err);
int ledger_verbs_check(const struct cli_args *args, struct error *err);

/* Run every record of a repository through a reader whose first group is filled. */
int ledger_verbs_read(struct store *s, struct ledger_reader *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
