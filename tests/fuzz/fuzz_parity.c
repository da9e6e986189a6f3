/* A header that is accepted is the one that would be written for its sums. */
#include "lib/base/error.h"
#include "media/parity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { HEADER = 4096 };

static void check(const struct parity_id *id, const unsigned char *bytes)
{
	unsigned char again[HEADER];
	uint64_t sums[HEADER / 8];
	struct error err = ERROR_INIT;

	if (parity_header_bytes(id) != HEADER)
		abort();
	int result = parity_header_read(bytes, id, sums, &err);
	if ((result == 0) != (err.id == ERROR_NONE))
		abort();
	if (result)
		return;
	parity_header_write(id, sums, again);
	if (memcmp(again, bytes, HEADER) != 0)
		abort();
}

/* As it came; as a table for which somebody computed the digests; as a name. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct parity_id ids[] = {
		{ .number = 1, .volumes = 1, .size = 20u << 20 },
		{ .spare = true, .number = 5, .volumes = 3, .size = 9u << 20 },
	};
	unsigned char bytes[HEADER] = { 0 };
	uint64_t sums[HEADER / 8] = { 0 };
	char name[32] = "";

	memcpy(bytes, data, size < HEADER ? size : HEADER);
	memcpy(sums, bytes, sizeof sums);
	memcpy(name, bytes, sizeof name - 1);
	(void)parity_is_name(name, 9);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		check(&ids[i], bytes);
		unsigned char made[HEADER];
		parity_header_write(&ids[i], sums, made);
		check(&ids[i], made);
	}
	return 0;
}
