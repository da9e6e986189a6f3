/* The proof of an object: whatever is accepted is written back byte for byte. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "media/proof.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(proof_clear) struct proof p = { .count = 0 };
	CLEANUP(buf_clear) struct buf out = BUF_INIT(LIMIT_PROOF_BYTES);
	struct error err = ERROR_INIT;
	int failed = proof_parse(data, size, &p, &err);

	if ((failed == 0) != (err.id == ERROR_NONE))
		abort();
	if (failed)
		return 0;
	if (proof_write(&p, &out, &err) != 0 || out.len != size ||
	    memcmp(out.bytes, data, size) != 0)
		abort();
	return 0;
}
