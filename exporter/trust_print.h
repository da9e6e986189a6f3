/* A trust directory on the screen. */
#ifndef EXPORTER_TRUST_PRINT_H
#define EXPORTER_TRUST_PRINT_H

struct cli_args;
struct error;

/*
 * Check the directory and show what is in force, what is revoked, and a proposed version with the
 * signatures that it lacks.  dir is its path.
 */
int trust_print(const struct cli_args *args, const char *dir, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
