/* Authenticode on the connected side: the words of a verdict, and the option that pins roots. */
#ifndef EXPORTER_SIGNATURE_H
#define EXPORTER_SIGNATURE_H

#include "lib/crypto/authenticode.h"

#include <jansson.h>

struct cli_args;
struct error;

/* The certificates of --microsoft-roots (or GAPFERRY_MICROSOFT_ROOTS); *out NULL without them. */
int signature_roots(const struct cli_args *args, struct authenticode_roots **out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The verdict on a file that was fed to a, and whether it may be used: the digest always, the
 * chain when roots is not NULL.  -1 with one of the AUTHENTICODE_* errors; *out is filled then too.
 */
int signature_check(struct authenticode *a, const struct authenticode_roots *roots,
		    const char *label, struct authenticode_verdict *out, struct error *err)
	__attribute__((nonnull(1, 3, 4, 5), warn_unused_result));

/* {kind, digest, chain, signer ...}; what was not found out is null. */
json_t *signature_json(const struct authenticode_verdict *v)
	__attribute__((nonnull, returns_nonnull));

/* One to three lines, the first beginning with label. */
void signature_text(const struct authenticode_verdict *v, const char *label)
	__attribute__((nonnull));

#endif
