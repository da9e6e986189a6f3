/* A bundle that carries the trust root alone (docs/FORMAT.md, "Trust-only bundles"). */
#ifndef EXPORTER_TRUST_ONLY_H
#define EXPORTER_TRUST_ONLY_H

struct channel;
struct error;
struct increment;
struct manifest;
struct store;

/*
 * What it takes over from the newest bundle of the channel: catalog root and sources; inc receives
 * the base, the newest bundle that carried updates.  WRITE_TRUST_ONLY when nothing was sent yet.
 */
int trust_only_base(struct store *s, const struct channel *c, struct manifest *m,
		    struct increment *inc, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
