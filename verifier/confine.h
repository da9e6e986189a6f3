/*
 * From a command line to a role (lib/sandbox): the options and operands that name
 * files become the places the process may reach.
 */
#ifndef VERIFIER_CONFINE_H
#define VERIFIER_CONFINE_H

#include "lib/cli/cli.h"
#include "lib/sandbox/sandbox.h"

struct error;

/* An option whose values are paths; what a program does not have does no harm. */
struct confine_option {
	const char *name;
	enum sandbox_access access;
};

/*
 * Take on the role.  The table of options ends with a row whose name is NULL; operands are paths
 * to read, but for those of verbs that have none.  Errors: sandbox_enter().
 */
int confine_to(const struct cli_args *args, enum sandbox_role role,
	       const struct confine_option *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
