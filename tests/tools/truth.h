/* truth.txt: what a test may expect of the catalog beside it, as `key value` lines. */
#ifndef TOOLS_TRUTH_H
#define TOOLS_TRUTH_H

#include "tests/tools/faults.h"
#include "tests/tools/layout.h"
#include "tests/tools/model.h"

/* Write truth.txt below dirfd. */
int truth_write(const struct model *m, const struct faults *f, const struct layout_result *r,
		int dirfd, struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
