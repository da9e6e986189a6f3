/*
 * On how many machines a revision applies, as far as counting can tell, and whether a newer
 * revision of the same update applies to more of them: the mark of the incident of 2007.
 */
#ifndef CATALOG_WIDE_H
#define CATALOG_WIDE_H

#include "lib/catalog/catalog.h"

struct catalog_reach {
	struct catalog_applicability applicability;
	uint32_t groups, alternatives; /* of the prerequisites */
	bool has_core;
};

void catalog_wide_reach(const struct catalog_revision *r, struct catalog_reach *out)
	__attribute__((nonnull));

/*
 * What became wider, as a sentence for people, or NULL: fewer prerequisites or more alternatives
 * among as many; the same of IsInstallable when both have a core fragment.
 */
enum { CATALOG_WIDE_SIZE = 128 };
const char *catalog_wide_compare(const struct catalog_reach *before,
				 const struct catalog_reach *after, char buf[CATALOG_WIDE_SIZE])
	__attribute__((nonnull));

#endif
