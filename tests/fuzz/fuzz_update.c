/*
 * Invariants: what is derived from a complete document is a well-formed fragment, the same one each
 * time; completing it without knowledge changes nothing; completing any fragment with knowledge
 * leaves nothing to complete; drivers are read or refused.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/wusp/fragment.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { MOST = 64 << 20 };

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Names can grow by the prefixes of clients, and texts by escapes, beyond what is allowed. */
static int well_formed(const struct buf *fragment, struct buf *copy)
{
	struct error err = ERROR_INIT;
	int changed = wusp_fragment_complete(fragment->bytes, fragment->len, "derived", NULL, 0,
					     copy, &err);

	require(changed == 0 || (changed < 0 && err.id == ERROR_XML_LIMIT));
	return changed == 0;
}

static void derive(const unsigned char *data, size_t size, enum wusp_fragment kind)
{
	CLEANUP(buf_clear) struct buf first = BUF_INIT(MOST), again = BUF_INIT(MOST);
	CLEANUP(buf_clear) struct buf copy = BUF_INIT(MOST);
	struct error err = ERROR_INIT, other = ERROR_INIT;
	int found = wusp_fragment_derive(data, size, "update", kind, "en", &first, &err);

	require((found < 0) == (err.id != ERROR_NONE));
	require(wusp_fragment_derive(data, size, "update", kind, "en", &again, &other) == found);
	require(first.len == again.len &&
		(first.len == 0 || memcmp(first.bytes, again.bytes, first.len) == 0));
	require(found == 1 || first.len == 0);
	if (found == 1 && well_formed(&first, &copy))
		require(copy.len == first.len && memcmp(copy.bytes, first.bytes, copy.len) == 0);
}

static void complete(const unsigned char *data, size_t size)
{
	/* The file whose SHA-1 is 20 times "B". */
	struct wusp_known_file known = { .has_sha256 = true };
	CLEANUP(buf_clear) struct buf once = BUF_INIT(MOST), twice = BUF_INIT(MOST);
	struct error err = ERROR_INIT;

	memset(known.sha1, 'B', sizeof known.sha1);
	int changed = wusp_fragment_complete(data, size, "x", &known, 1, &once, &err);
	require((changed < 0) == (err.id != ERROR_NONE));
	if (changed < 0)
		return;
	require(changed ? once.len > size : once.len == size);
	require(wusp_fragment_complete(once.bytes, once.len, "x", &known, 1, &twice, &err) == 0);
	known.absent = true;
	twice.len = 0;
	changed = wusp_fragment_complete(data, size, "x", &known, 1, &twice, &err);
	require(changed == 1 ? twice.len < size : twice.len == size);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(wusp_fragment_drivers_clear) struct wusp_drivers drivers = { NULL, 0, NULL };
	struct error err = ERROR_INIT;

	for (int kind = 0; kind < WUSP_FRAGMENTS_; kind++)
		derive(data, size, (enum wusp_fragment)kind);
	complete(data, size);
	int read = wusp_fragment_drivers(data, size, "driver", &drivers, &err);
	require((read < 0) == (err.id != ERROR_NONE));
	return 0;
}
