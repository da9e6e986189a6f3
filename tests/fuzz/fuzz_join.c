/*
 * What comes back from another machine that signs: the exported attributes (after a length of two
 * bytes) and a signature value.  The private key of the certificate was thrown away, so only what
 * corpus/join has can be right, and then the result must be a signature in the profile.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/key.h"
#include "tests/fuzz/pinned.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *message = (const unsigned char *)text;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	struct error err = ERROR_INIT;

	if (size < 2)
		return 0;
	size_t len = (size_t)data[0] << 8 | data[1];

	data += 2;
	size -= 2;
	if (len > size)
		len = size;
	const struct cms_signed from = { data, data + len, len, size - len };
	bool named = cms_names(data, len, pinned());

	if (cms_join(&from, pinned(), message, sizeof text - 1, &out, &err) < 0) {
		if (out.len > 0 || err.id == ERROR_NONE)
			abort();
		error_clear(&err);
		return 0;
	}
	if (!named || cms_verify(out.bytes, out.len, message, sizeof text - 1, pinned(), &err) < 0)
		abort();
	return 0;
}
