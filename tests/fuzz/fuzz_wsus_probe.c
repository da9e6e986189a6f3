/*
 * Any bytes as an .xml.gz, and as the XML itself.  Invariants: the probe of XML never fails; what
 * it says adds up.
 */
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/source.h"
#include "lib/wsus/wsus_gzip.h"
#include "lib/wsus/wsus_probe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

static void check(const struct wsus_probe *p)
{
	uint64_t updates = p->with_element + p->with_text + p->with_cabinet + p->without;
	uint64_t elements = 0;

	require(p->count <= LIMIT_WSUS_NAMES && p->head_len <= p->bytes);
	for (size_t i = 0; i < p->count; i++) {
		require(p->rows[i].count > 0 && p->rows[i].path[0]);
		elements += p->rows[i].count;
	}
	require(updates <= elements + p->unlisted);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(wsus_probe_clear) struct wsus_probe plain, packed = { .rows = NULL };
	struct error err = ERROR_INIT;
	struct source_memory memory;

	source_memory_init(&memory, data, size);
	require(wsus_probe_read(&memory.base, "x", &plain, &err) == 0);
	require(plain.bytes == size);
	check(&plain);
	source_memory_init(&memory, data, size);
	CLEANUP(wsus_gzip_close) struct wsus_gzip *g = wsus_gzip_open(&memory.base, "g", &err);
	require(g != NULL);
	int failed = wsus_probe_read(wsus_gzip_source(g), "x", &packed, &err);
	require((failed < 0) == (err.id != ERROR_NONE));
	check(&packed);
	return 0;
}
