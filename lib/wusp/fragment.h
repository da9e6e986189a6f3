/*
 * Fragments of an update as clients want them: strings with several roots and without namespace
 * declarations (docs/PROTOCOL.md, "Fragments").  Scan catalogs deliver them; from complete update
 * documents they are derived here.
 */
#ifndef WUSP_FRAGMENT_H
#define WUSP_FRAGMENT_H

#include "lib/base/cleanup.h"
#include "lib/wusp/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

enum wusp_fragment { WUSP_CORE = 0, WUSP_EXTENDED, WUSP_LOCALIZED, WUSP_EULA, WUSP_FRAGMENTS_ };

/*
 * The fragment of a complete <Update> document: 1 and appended to out, 0 when the document has
 * none of this kind and locale, -1 (XML_SYNTAX, XML_LIMIT, XML_REFUSED, WUSP_DOCUMENT).  locale is
 * exactly as the document spells it but for case; NULL for CORE and EXTENDED.  Pure.
 */
int wusp_fragment_derive(const void *document, size_t len, const char *label,
			 enum wusp_fragment kind, const char *locale, struct buf *out,
			 struct error *err)
	__attribute__((nonnull(1, 3, 6, 7), warn_unused_result));

/* Every language that the document has fragments of this kind in, in order. */
int wusp_fragment_languages(const void *document, size_t len, const char *label,
			    enum wusp_fragment kind, void (*each)(void *ctx, const char *language),
			    void *ctx, struct error *err)
	__attribute__((nonnull(1, 3, 5, 7), warn_unused_result));

/* What is known of a file besides what its fragment says. */
struct wusp_known_file {
	unsigned char sha1[20], sha256[32];
	bool has_sha256;
	bool absent; /* an express file that is not here: clients must take the full one */
};

/*
 * Append an extended fragment to out, byte for byte, except that a <File> without a SHA-256
 * <AdditionalDigest> gets one when known (sorted by sha1) has it: clients since Windows 8 refuse
 * files without; and one that is absent is left out.  1 when something was changed, 0 when it is as
 * it was, -1 when it is malformed.
 */
int wusp_fragment_complete(const void *fragment, size_t len, const char *label,
			   const struct wusp_known_file *known, size_t count, struct buf *out,
			   struct error *err)
	__attribute__((nonnull(1, 3, 6, 7), warn_unused_result));

/*
 * Which of the languages there are (count texts) answers a wanted locale: the same one, else its
 * primary tag ("en-US": "en"), without case; SIZE_MAX when none does.
 */
size_t wusp_fragment_locale(const char *wanted, const char *const *have, size_t count)
	__attribute__((nonnull(1)));

/* What a driver's complete document or core fragment says of its targets. */
struct wusp_drivers {
	struct wusp_driver *items;
	size_t count;
	struct arena *arena; /* owns everything */
};
void wusp_fragment_drivers_clear(struct wusp_drivers *d);
DEFINE_CLEANUP_IN_PLACE(struct wusp_drivers, wusp_fragment_drivers_clear);
int wusp_fragment_drivers(const void *bytes, size_t len, const char *label,
			  struct wusp_drivers *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
