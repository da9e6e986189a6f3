#include "verifier/inquiry/selection_medium.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "lib/select/rules.h"
#include "media/sum_table.h"
#include "verifier/verify.h"

#include <stdlib.h>
#include <string.h>

int selection_medium_load(const struct verified_bundle *b, struct rules *out, struct error *err)
{
	const unsigned char *want = sum_table_find(verify_sums(b), SELECTION_MEDIUM_NAME);
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char digest[DIGEST_SHA256];
	size_t len;

	if (!want)
		return 0;
	int found = file_load(verify_dir(b), SELECTION_MEDIUM_NAME, LIMIT_SELECTION_BYTES, &bytes,
			      &len, err);
	if (found < 0)
		return -1;
	digest_sha256(bytes, found ? len : 0, digest);
	if (!found || memcmp(digest, want, sizeof digest) != 0)
		return error_set(err, ERROR_BUNDLE_DIGEST, "%s: changed while it was read",
				 SELECTION_MEDIUM_NAME);
	return rules_parse(bytes, len, out, err) < 0 ? -1 : 1;
}
