/* Whether the catalogs that a bundle carries are the ones that its MANIFEST says they are. */
#ifndef VERIFIER_CARE_SOURCE_CHECK_H
#define VERIFIER_CARE_SOURCE_CHECK_H

struct error;
struct gather_set;
struct manifest;

/*
 * Each source of the set has its `source` line and each line its source (docs/FORMAT.md,
 * "MANIFEST").  -1 with BUNDLE_SOURCE, which names the line.
 */
int source_check(const struct manifest *m, const struct gather_set *set, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
