/* What comes and goes between a made-up catalog and its successors. */
#ifndef TOOLS_MONTHS_H
#define TOOLS_MONTHS_H

#include "tests/tools/model.h"

/* When the first catalog was made, of which this is a successor: the time of what stays as it is.
 */
int64_t months_first_created(const struct model_options *o) __attribute__((nonnull, pure));

/* Updates that a month brings. */
size_t months_growth(const struct model_options *o) __attribute__((nonnull, pure));

/* Of a model that has all updates in order: what is withdrawn, or of a later month, leaves it. */
void months_apply(struct model *m) __attribute__((nonnull));

#endif
