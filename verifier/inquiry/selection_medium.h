/* The file `selection` of a bundle: which content it carries (docs/FORMAT.md "Selection"). */
#ifndef INQUIRY_SELECTION_MEDIUM_H
#define INQUIRY_SELECTION_MEDIUM_H

#define SELECTION_MEDIUM_NAME "selection"

struct error;
struct rules;
struct verified_bundle;

/*
 * 1 and *out, 0 for a bundle without one, -1.  It was proved when the bundle was opened; -1 with
 * BUNDLE_DIGEST means that it changed since.  SELECTION_FORMAT.
 */
int selection_medium_load(const struct verified_bundle *b, struct rules *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
