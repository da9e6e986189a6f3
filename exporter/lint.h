/*
 * A catalog judged by itself, without a repository: nothing is stored anywhere.  Takes a
 * wsusscn2.cab or WSUSSCAN.cab, the package.cab of one, a package.xml alone, or the cabinet of an
 * export package of WSUS.
 */
#ifndef EXPORTER_LINT_H
#define EXPORTER_LINT_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog.h"
#include "lib/crypto/authenticode.h"

struct error;
struct progress;

/* A digest of all documents of one revision, in the order of catalog_at(). */
typedef unsigned char lint_mark[32];

struct lint {
	struct catalog *catalog; /* judged, the remarks of the cabinet included */
	lint_mark *marks;
	char name[129]; /* of the file, without its folder, as stored_clean_name() leaves it */
	struct authenticode_verdict signature;
};

/*
 * Read and judge; roots may be NULL.  Errors: those of the cabinet and of XML, SCAN_LAYOUT,
 * SCAN_INDEX, SCAN_LIMIT, AUTHENTICODE_*.  What is wrong with single updates is a finding.
 */
int lint_read(const char *path, const struct authenticode_roots *roots, struct progress *progress,
	      struct lint *out, struct error *err)
	__attribute__((nonnull(1, 3, 4, 5), warn_unused_result));

/* The same from a descriptor that is open and stays the caller's. */
int lint_read_fd(int fd, uint64_t size, const char *name, const struct authenticode_roots *roots,
		 struct progress *progress, struct lint *out, struct error *err)
	__attribute__((nonnull(3, 5, 6, 7), warn_unused_result));
void lint_clear(struct lint *l);
DEFINE_CLEANUP_IN_PLACE(struct lint, lint_clear);

#endif
