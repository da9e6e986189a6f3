/* Paths of files at their source. */
#include "importer/server/view_internal.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/catalog/catalog_url.h"
#include "lib/crypto/digest.h"
#include "lib/store/db.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 2048 };

/* False for what is too long to be a path of anything. */
static bool key_of(const char *path, size_t len, unsigned char key[16])
{
	unsigned char digest[DIGEST_SHA256];
	char folded[PATH_MAX_BYTES];

	if (len > sizeof folded)
		return false;
	for (size_t i = 0; i < len; i++)
		folded[i] = path[i] >= 'A' && path[i] <= 'Z' ? (char)(path[i] | 0x20) : path[i];
	digest_sha256(folded, len, digest);
	memcpy(key, digest, 16);
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct view_original *x = a, *y = b;

	return memcmp(x->key, y->key, sizeof x->key);
}

int view_originals_read(struct view *v, struct db *db, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(db, "SELECT url, sha1 FROM location", err);
	size_t capacity = 0, len;
	int more = -1;

	while (q && (more = db_step(q, err)) == 1) {
		const char *path = catalog_url_path(db_text(q, 0), &len);
		unsigned char named[20];
		struct view_original o;

		if (!path || !db_copy(q, 1, o.sha1, sizeof o.sha1) ||
		    (catalog_url_digest(path, len, named) && memcmp(named, o.sha1, 20) == 0) ||
		    !key_of(path, len, o.key))
			continue;
		v->originals =
			buf_grow(v->originals, &capacity, v->originals_count, sizeof *v->originals);
		v->originals[v->originals_count++] = o;
	}
	if (more == 0 && v->originals_count > 1)
		qsort(v->originals, v->originals_count, sizeof *v->originals, by_key);
	return more;
}

bool view_original(const struct view *v, const char *path, unsigned char sha1[20])
{
	struct view_original wanted;

	if (v->originals_count == 0 || !key_of(path, strlen(path), wanted.key))
		return false;
	const struct view_original *found =
		bsearch(&wanted, v->originals, v->originals_count, sizeof *v->originals, by_key);
	if (found)
		memcpy(sha1, found->sha1, sizeof found->sha1);
	return found != NULL;
}
