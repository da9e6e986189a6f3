/*
 * Arbitrary bytes as a record of a worker, and as a proof: exactly one of value and error; writing
 * what was read gives the same bytes.
 */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/catalog/catalog_record.h"
#include "verifier/verify_prove.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void as_record(const unsigned char *data, size_t size)
{
	CLEANUP(buf_clear) struct buf again = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	CLEANUP(arena_clear) struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	enum catalog_record_kind kind;
	union catalog_piece piece;

	int failed = catalog_record_read(data, size, &arena, &kind, &piece, &err);
	require((failed == 0) == (err.id == ERROR_NONE));
	if (failed)
		return;
	require(catalog_record_write(kind, &piece, &again, &err) == 0);
	require(again.len == size && memcmp(again.bytes, data, size) == 0);
}

static void as_proof(const unsigned char *data, size_t size)
{
	CLEANUP(verify_proof_clear) struct verify_proof p = { .newer = NULL };
	CLEANUP(buf_clear) struct buf again = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	struct error err = ERROR_INIT;

	int failed = verify_proof_read(data, size, &p, &err);
	require((failed == 0) == (err.id == ERROR_NONE));
	if (failed)
		return;
	require(verify_proof_write(&p, &again, &err) == 0);
	require(again.len == size && memcmp(again.bytes, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	as_record(data, size);
	as_proof(data, size);
	return 0;
}
