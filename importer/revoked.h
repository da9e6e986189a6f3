/* Bundles that were imported here and revoked afterwards. */
#ifndef IMPORTER_REVOKED_H
#define IMPORTER_REVOKED_H

#include "lib/crypto/trust.h"

#include <jansson.h>
#include <stddef.h>

struct channel;
struct error;
struct store;

struct revoked {
	size_t count;
	struct trust_revoked_bundle bundles[LIMIT_TRUST_REVOKED_BUNDLES];
};

/* Those that the trust root in force revokes, of the channel's imports. */
int revoked_load(struct store *s, const struct channel *c, struct revoked *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* [{"sequence", "reason"}], a new reference; a warning line each. */
json_t *revoked_json(const struct revoked *r) __attribute__((nonnull));
void revoked_print(const struct revoked *r) __attribute__((nonnull));

/* Forget bundles that wait here and that the trust root in force revokes. */
int revoked_drop_pending(struct store *s, const struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
