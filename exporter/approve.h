/*
 * The approver's view: everything on the medium is read and recomputed, the
 * catalog is put together and judged anew, and only then may it be signed.
 * There is no way to sign without having read.
 */
#ifndef EXPORTER_APPROVE_H
#define EXPORTER_APPROVE_H

#include "exporter/elsewhere.h"
#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"
#include "lib/crypto/key.h"
#include "lib/store/gather_load.h"

#include <stdint.h>

struct error;
struct progress;
struct store;
struct trust;
struct verified_bundle;

struct approve {
	struct verified_bundle *bundle;
	struct gather_set sources;
	struct catalog_summary summary; /* over all sources */
};

/*
 * Read the bundle at path: signatures of the builder, tables, every chunk,
 * every object, catalog root, verdicts.  Fails as verification does;
 * APPROVE_ROOT when the catalog is not the one MANIFEST states.
 *
 * An increment is put together with what `base`, a repository that has the bundles before it (the
 * approver's own, or the exporter's), knows of its channel; that is only read, and each byte of it
 * is proved by a digest that the bundle states.  APPROVE_BASE without it, or when it lacks some.
 */
struct approve_request {
	const char *path;
	const struct trust *trust;
	struct store *base; /* or NULL */
	unsigned threads;
	struct progress *progress;
};
int approve_read(const struct approve_request *request, struct approve *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Who signed. */
struct approve_signer {
	char holder[KEY_HOLDER_SIZE], short_id[KEY_SHORT_SIZE];
	enum key_role role;
};

/*
 * Sign what was read with the approver's key, or export what the approver
 * signs elsewhere; where the trust root wants several builders, a further
 * builder signs in the same way.  WRITE_KEY when the trust root lists the key
 * for neither; APPROVE_HOLDER when its holder built the bundle.
 */
int approve_sign(const struct approve *a, const struct elsewhere_choice *signer,
		 struct approve_signer *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void approve_clear(struct approve *a);
DEFINE_CLEANUP_IN_PLACE(struct approve, approve_clear);

#endif
