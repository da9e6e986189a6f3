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
	const char *name; /* "": the operands, which may be read in any case */
	enum sandbox_access access;
	const char *verb; /* of verbs that begin like this alone; NULL: of all */
	enum {
		CONFINE_ITSELF,
		CONFINE_BESIDE, /* also what lies beside it: a file that is saved by renaming */
		CONFINE_MEDIUM, /* the same where somebody may put another medium in its place */
	} reach;
};

enum {
	CONFINE_PLACES_MAX = 2 * (CLI_VALUES_MAX + CLI_OPERANDS_MAX) + 16,
	CONFINE_ABOVE_MAX = 2 * CLI_OPERANDS_MAX
};
struct confine_places {
	struct sandbox_place items[CONFINE_PLACES_MAX]; /* borrow from the command line */
	size_t count, above_count;
	char above[CONFINE_ABOVE_MAX][PATH_MAX];
};

/*
 * The places that a command line names: options, and operands to read.  attended: somebody may put
 * another medium in place of one, so the directories above them count too.
 */
void confine_collect(const struct cli_args *args, const struct confine_option *options,
		     bool attended, struct confine_places *out) __attribute__((nonnull));

/*
 * Take on the role.  The table of options ends with a row whose name is NULL; operands are paths
 * to read; of SANDBOX_TOOL, programs lie where PATH says.  With a key in a token SANDBOX_STORE
 * becomes SANDBOX_SIGN.  Errors: sandbox_enter().
 */
int confine_to(const struct cli_args *args, enum sandbox_role role,
	       const struct confine_option *options, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * For a verb in starts (lib/cli/cli.h): a process in the role SANDBOX_PROVE, which may read
 * operands, the repository, and what other options name that the verb reads.  Errors:
 * sandbox_start().
 */
int confine_start(const struct cli_args *args, int (*run)(void *ctx, int fd), void *ctx,
		  struct sandbox_process *out, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* Such a process that looks at signatures (verifier/prover.h). */
struct prover *confine_prover(const struct cli_args *args, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
