/*
 * The first line of the input is the name of a member, the rest an index.xml.  A classified name
 * is rebuilt from what it was taken for; an accepted index lists distinct cabinets with rising
 * ranges, each of which can be met.
 */
#include "exporter/index.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_name(const char *name)
{
	struct index_name n;
	enum index_class class = index_classify(name, &n);
	char tail[96];

	if (class == INDEX_UNKNOWN)
		return;
	if (class == INDEX_LICENCE) {
		require(strlen(name) == 49);
		return;
	}
	require(strchr("cxles", n.stream) && n.revision > 0);
	require((n.stream == 'l' || n.stream == 'e') == (n.language[0] != '\0'));
	snprintf(tail, sizeof tail, "/%s%s%u", n.language, n.language[0] ? "/" : "", n.revision);
	require(strlen(name) > strlen(tail));
	require(strcmp(name + strlen(name) - strlen(tail), tail) == 0);
}

static void check_index(const unsigned char *data, size_t size)
{
	CLEANUP(index_clear) struct index x = { 0 };
	struct error err = ERROR_INIT;
	int result = index_parse(&x, data, size, &err);

	require((result == 0) == (err.id == ERROR_NONE));
	if (result)
		return;
	require(x.count > 0);
	for (size_t i = 0; i < x.count; i++) {
		require(index_finish(&x, &err) < 0 && err.id == ERROR_SCAN_INDEX);
		error_clear(&err);
		for (size_t k = 0; k < i; k++)
			require(strcmp(x.shards[k].name, x.shards[i].name) != 0);
		require(index_package(&x, x.shards[i].name, &err) == 0);
		if (i > 0 && x.shards[i].has_range && x.shards[i - 1].has_range)
			require(x.shards[i - 1].range_start < x.shards[i].range_start);
	}
	require(index_finish(&x, &err) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t len = lf ? (size_t)(lf - data) : size;
	char *name = buf_malloc(len + 1);

	if (len > 0)
		memcpy(name, data, len);
	name[len] = '\0';
	check_name(name);
	free(name);
	if (lf)
		check_index(lf + 1, size - len - 1);
	return 0;
}
