/* What the ledger says of an import. */
#ifndef IMPORTER_IMPORT_LEDGER_H
#define IMPORTER_IMPORT_LEDGER_H

#include "media/manifest.h"

struct error;
struct import_request;
struct import_result;
struct need;
struct store;
struct verified_bundle;

/* The record "import", inside the transaction that publishes: who signed, what was there. */
int import_ledger_add(struct store *s, const struct verified_bundle *b,
		      const struct import_request *request, const struct import_result *result,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * The record "incomplete" of an increment that waits for what need lists, inside the transaction
 * that keeps what it carried.  Nothing when it waited before.
 */
int import_ledger_wait(struct store *s, const struct verified_bundle *b,
		       const struct import_request *request, const struct import_result *result,
		       const struct need *need, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The record "already": the newest bundle was offered again. */
int import_ledger_again(struct store *s, const struct verified_bundle *b,
			const struct import_request *request, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The record "refused" (or "incomplete", when something is missing), after a failure that speaks
 * of the bundle and not of this machine.  Nothing of the bundle needs to be proved: name and
 * digest are what was offered, or, when only volumes are missing, those in result.  That the
 * record cannot be written changes nothing.
 */
void import_ledger_refuse(struct store *s, const struct import_request *request,
			  const struct import_result *result, const struct error *failure)
	__attribute__((nonnull));

/* CHANNEL-EPOCH-SEQUENCE of a bundle that was proved. */
void import_ledger_name(const struct import_result *result, char out[MANIFEST_DIRECTORY_SIZE])
	__attribute__((nonnull));

#endif
