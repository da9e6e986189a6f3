/* The verbs about the catalog that both programs with a repository have: query and inventory. */
#ifndef INQUIRY_VERBS_H
#define INQUIRY_VERBS_H

#include "lib/cli/cli.h"
#include "lib/crypto/key.h"

struct channel;
struct error;
struct store;

extern const struct cli_option query_options[];
extern const struct cli_option inventory_options[];

/* Print the updates that --kb, --id, --product and --title find, and with --tree their relations.
 */
int query_verb(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * What is here of what the catalog names, for the channel; --out writes it, --key signs it in this
 * role.
 */
int inventory_verb(const struct cli_args *args, struct store *s, const struct channel *c,
		   enum key_role role, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
