/*
 * The approver's view: everything on the medium is read and recomputed, the
 * catalog is put together and judged anew, and only then may it be signed.
 * There is no way to sign without having read.
 */
#ifndef EXPORTER_APPROVE_H
#define EXPORTER_APPROVE_H

#include "exporter/approve_marks.h"
#include "exporter/elsewhere.h"
#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"
#include "lib/catalog/catalog_diff.h"
#include "lib/crypto/key.h"
#include "lib/store/gather_load.h"
#include "media/manifest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct progress;
struct prover;
struct store;
struct trust;
struct unpack;
struct verified_bundle;

struct approve {
	struct verified_bundle *bundle;
	const struct trust *trust; /* what the approver holds */
	struct gather_set sources;
	struct catalog_summary summary; /* over all sources */
	/* The newest earlier bundle of the channel that is known, and what is different. */
	bool has_past, compared;
	char why[512]; /* not compared: the reason */
	struct manifest past;
	struct gather_set past_sources;
	struct approve_marks marks, past_marks;
	struct catalog_diff diff; /* to nothing when there is no past */
};

/*
 * Read the bundle at path: signatures of the builder, tables, every byte of every volume, once, as
 * objects and as chunks; then its catalogs and those of the bundle before it.  Fails as
 * verification does; APPROVE_ROOT when the catalog is not the one MANIFEST states; as
 * approve_origin_new().
 *
 * An increment is put together with `bases`, earlier bundles on media, and with what `store`, a
 * repository that has the bundles before it (the approver's own, or the exporter's), knows of its
 * channel; that is only read, and each byte of it is proved by a digest that the bundle states.
 * APPROVE_BASE without them, or when they lack some.
 *
 * A repository that cannot tell what the bundle before held does not keep anybody from approving
 * (compared is false); a bundle given in `bases` that cannot, does.
 */
struct approve_request {
	const char *path;
	const struct trust *trust;
	const char *trust_dir; /* path of what trust was read from */
	struct prover *prover; /* who looks at signatures; borrowed */
	struct store *store;   /* or NULL */
	const char *const *bases;
	size_t base_count;
	unsigned threads;
	struct unpack *unpack; /* who reads packs and documents; borrowed */
	struct progress *progress;
};
int approve_read(const struct approve_request *request, struct approve *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Whether somebody should look at it: quarantined updates, or findings that are errors. */
bool approve_has_findings(const struct approve *a) __attribute__((nonnull));

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
