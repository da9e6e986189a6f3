/*
 * Certificates and root keys that the command line names, for the verbs that
 * make versions of a trust root.
 */
#ifndef EXPORTER_CEREMONY_H
#define EXPORTER_CEREMONY_H

#include "lib/base/cleanup.h"
#include "lib/base/limits.h"
#include "lib/crypto/trust.h"

#include <stddef.h>

struct cli_args;
struct error;

enum { CEREMONY_CERTS = LIMIT_TRUST_KEYS, CEREMONY_KEYS = LIMIT_SIGNATURES };

struct ceremony {
	struct key_cert *certs[CEREMONY_CERTS]; /* owned */
	size_t cert_count;
	struct key *keys[CEREMONY_KEYS]; /* owned */
	size_t key_count;
};

/*
 * The certificates of the options <prefix>root, <prefix>builder, <prefix>approver and
 * <prefix>importer, and the private keys of --key.  -1 with USAGE when a certificate is made for
 * another role.
 */
int ceremony_load(struct ceremony *c, const struct cli_args *args, const char *prefix,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Which certificate of a list is the key's; NULL when none is. */
const struct key_cert *ceremony_cert(const struct key *key, const struct key_cert *const *certs,
				     size_t count) __attribute__((nonnull(1)));

/* The options --root-threshold and so on; absent ones stay as they are. */
int ceremony_thresholds(const struct cli_args *args, unsigned threshold[KEY_ROLES_],
			struct error *err) __attribute__((nonnull, warn_unused_result));

void ceremony_clear(struct ceremony *c);
DEFINE_CLEANUP_IN_PLACE(struct ceremony, ceremony_clear);

#endif
