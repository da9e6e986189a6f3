/*
 * Any bytes as a configuration file: every entry is within its bounds and inside the text, lines
 * ascend, and the same bytes give the same entries.
 */
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/conf/conf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct seen {
	unsigned line;
	size_t entries, bytes;
};

static void require(int fact)
{
	if (!fact)
		abort();
}

static int each(void *ctx, const struct conf_entry *e, struct error *err)
{
	struct seen *s = ctx;

	(void)err;
	require(e->line > s->line && strlen(e->section) <= CONF_SECTION_MAX);
	s->line = e->line;
	s->entries++;
	if (e->key) {
		require(*e->key && strlen(e->key) <= CONF_KEY_MAX);
		require(strlen(e->value) < CONF_VALUE_SIZE);
		s->bytes += strlen(e->key) + strlen(e->value);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct seen first = { 0 }, second = { 0 };
	struct error err = ERROR_INIT, again = ERROR_INIT;
	int result = conf_parse("fuzz", data, size, each, &first, &err);

	require((result == 0) == (err.id == ERROR_NONE));
	require(first.bytes <= size);
	require(conf_parse("fuzz", data, size, each, &second, &again) == result);
	require(first.entries == second.entries && first.bytes == second.bytes);
	require(err.id == again.id && (result == 0 || strcmp(err.message, again.message) == 0));
	return 0;
}
