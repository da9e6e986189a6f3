/* --full and --since, which the verbs plan and write share. */
#ifndef EXPORTER_WISH_H
#define EXPORTER_WISH_H

struct cli_args;
struct error;
struct increment_wish;

/* -1 with USAGE when both are given, or a number that is none. */
int wish_read(const struct cli_args *args, struct increment_wish *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
