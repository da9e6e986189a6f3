/*
 * Verbs about media that several programs have: check, repair, unstream.  They
 * need a trust directory and no repository, print their result and return the
 * exit status, as every cmd_*.c does.
 */
#ifndef VERIFIER_MEDIUM_VERBS_H
#define VERIFIER_MEDIUM_VERBS_H

#include "lib/base/cleanup.h"
#include "lib/cli/cli.h"

struct error;
struct prover;
struct trust;
struct verified_bundle;

extern const struct cli_option medium_verbs_check_options[];
extern const struct cli_option medium_verbs_unstream_options[];

extern const struct cli_option medium_verbs_repair_options[];

int medium_verbs_check(const struct cli_args *args, struct error *err);
int medium_verbs_repair(const struct cli_args *args, struct error *err);
int medium_verbs_unstream(const struct cli_args *args, struct error *err);

/*
 * A bundle under the trust directory of --trust, proved by another process.  Taking on the role of
 * the verb is part of opening it: the verb is in starts (lib/cli/cli.h).
 */
struct medium_source {
	struct prover *prover;
	struct trust *trust;
	struct verified_bundle *bundle;
};
int medium_verbs_open(const struct cli_args *args, const char *const *places, size_t count,
		      struct medium_source *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void medium_verbs_close(struct medium_source *s);
DEFINE_CLEANUP_IN_PLACE(struct medium_source, medium_verbs_close);

/* --record: bytes of a record of a tape. */
int medium_verbs_record(const struct cli_args *args, size_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
