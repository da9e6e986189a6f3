/* A trust root is parsed with one reason or one result, and the result writes the same bytes. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/crypto/trust.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_TRUST_BYTES);
	struct error err = ERROR_INIT;
	CLEANUP(trust_free) struct trust *t = trust_parse(data, size, &err);

	if ((t == NULL) != (err.id != ERROR_NONE))
		abort();
	if (!t)
		return 0;
	if (trust_write(t, &out, &err) < 0 || out.len != size || memcmp(out.bytes, data, size) != 0)
		abort();
	for (size_t i = 0; i < t->key_count; i++)
		if (trust_find(t, t->keys[i].short_id) != &t->keys[i])
			abort();
	return 0;
}
