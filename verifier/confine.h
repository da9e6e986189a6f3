/*
 * From a command line to a role (lib/sandbox): the options and operands that name
 * files become the places the process may reach.
 */
#ifndef VERIFIER_CONFINE_H
#define VERIFIER_CONFINE_H

#include "lib/cli/cli.h"
#include "lib/sandbox/sandbox.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct error;
struct prover;

/* An option whose values are paths; what a program does not have does no harm. */
struct confine_option {
	const char *name;
	enum sandbox_access access;
};

enum { CONFINE_PLACES_MAX = CLI_VALUES_MAX + 2 * CLI_OPERANDS_MAX + 16 };
struct confine_places {
	struct sandbox_place items[CONFINE_PLACES_MAX]; /* borrow from the command line */
	size_t count;
	char above[CLI_OPERANDS_MAX][PATH_MAX];
};

/*
 * The places that a command line names: options, and operands to read.  attended: somebody may put
 * another medium in place of one, so the directories above them count too.
 */
void confine_collect(const struct cli_args *args, const struct confine_option *options,
		     bool attended, struct confine_places *out) __attribute__((nonnull));

/*
 * Take on the role.  The table of options ends with a row whose name is NULL; operands are paths
 * to read, but for those of verbs that have none.  Errors: sandbox_enter().
 */
int confine_to(const struct cli_args *args, enum sandbox_role role,
	       const struct confine_option *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Before that: the process that looks at signatures (verifier/prover.h), which may read operands,
 * the repository, trust directories and earlier bundles that are named.  Errors: prover_start().
 */
struct prover *confine_prover(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
