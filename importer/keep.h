/* Evidence of an imported bundle: who signed it, and where it came from before. */
#ifndef IMPORTER_KEEP_H
#define IMPORTER_KEEP_H

#include <stdint.h>

struct error;
struct store;
struct verified_bundle;

/*
 * Keep the signatures that counted, their certificates, and the files of origin/, so that this
 * site can prove and hand on what it received.  Signatures are kept as they were verified.  Inside
 * a transaction of the caller.
 */
int keep_evidence(struct store *s, int64_t channel_id, const struct verified_bundle *b,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
