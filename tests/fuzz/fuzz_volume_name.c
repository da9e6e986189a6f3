/*
 * Any bytes as a name beside MANIFEST: what is taken for a file of a volume is written back as the
 * same name, and is none of those that mean something else.
 */
#include "lib/base/limits.h"
#include "media/volume.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *name = malloc(size + 1), again[VOLUME_FILE_SIZE];
	struct volume_file f;

	if (!name)
		abort();
	if (size > 0)
		memcpy(name, data, size);
	name[size] = '\0';
	if (volume_file_parse(name, size, &f)) {
		volume_file_name(&f, again);
		require(strlen(again) == size && memcmp(again, name, size) == 0);
		require(f.number >= 1 && f.chunk < LIMIT_CHUNKS && !strchr(name, '/'));
		require(f.kind == VOLUME_SPARE || f.number <= LIMIT_VOLUMES);
		require(f.kind == VOLUME_SEGMENT || f.chunk == 0);
	}
	free(name);
	return 0;
}
