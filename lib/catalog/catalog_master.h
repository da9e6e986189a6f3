/*
 * Parser of the master document of a scan catalog (package.xml), of both
 * generations, as a stream; and of single elements cut out of one.
 *
 * Order of attributes and children is free.  What is unknown or malformed
 * inside an element is a problem of that element, delivered with it, never a
 * failure; only a document that is not well formed, breaks a limit or has
 * another root fails.  Knows nothing of what the values mean.
 */
#ifndef CATALOG_MASTER_H
#define CATALOG_MASTER_H

#include "lib/base/cleanup.h"
#include "lib/catalog/catalog_model.h"

struct error;
struct catalog_master;

/*
 * Called in document order; any member may be NULL.  -1 with *err filled stops the parser.
 * problem is for what lies between the pieces.
 */
struct catalog_master_handler {
	int (*package)(void *ctx, const struct catalog_package *p, struct error *err);
	int (*update)(void *ctx, const struct catalog_update *u, struct error *err);
	int (*location)(void *ctx, const struct catalog_location *l, struct error *err);
	int (*problem)(void *ctx, const struct catalog_problem *p, struct error *err);
};

/* Never fails.  handler and ctx are borrowed. */
struct catalog_master *catalog_master_new(const struct catalog_master_handler *handler, void *ctx)
	__attribute__((malloc, nonnull(1), returns_nonnull, warn_unused_result));
void catalog_master_free(struct catalog_master *m);
DEFINE_CLEANUP(struct catalog_master *, catalog_master_free);

/* The next bytes of package.xml.  Errors: those of xml_reader_feed(), CATALOG_ROOT. */
int catalog_master_feed(struct catalog_master *m, const void *bytes, size_t len, struct error *err)
	__attribute__((nonnull(1, 4), warn_unused_result));
int catalog_master_finish(struct catalog_master *m, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * One element as it was delivered in `raw`: <Update>, <FileLocation>, or the start tag of
 * <OfflineSyncPackage>.  Exactly one callback is made on success; offsets count from the first
 * byte.  label names it in messages.  Errors: as xml_reader_fragment(), CATALOG_ROOT when it
 * is anything else than one such element.
 */
int catalog_master_element(struct catalog_master *m, const char *label, const void *bytes,
			   size_t len, struct error *err)
	__attribute__((nonnull(1, 2, 5), warn_unused_result));

#endif
