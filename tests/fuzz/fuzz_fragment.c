/*
 * Invariants: exactly one of result and error; the parser gives the same answer for the same
 * bytes whatever it read before; the catalog takes every fragment.
 */
#include "lib/base/error.h"
#include "lib/catalog/catalog.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const enum catalog_stream streams[] = {
		CATALOG_STREAM_CORE,    CATALOG_STREAM_EXTENDED, CATALOG_STREAM_LOCALIZED,
		CATALOG_STREAM_LICENCE, CATALOG_STREAM_COMPLETE,
	};
	struct catalog_fragment_parser *p = catalog_fragment_new();
	struct catalog *c = catalog_new();
	struct error err = ERROR_INIT;
	struct catalog_fragment f;
	struct catalog_summary s;

	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		size_t problems[2] = { 0, 0 };
		int results[2];

		for (size_t k = 0; k < 2; k++) {
			error_clear(&err);
			results[k] =
				catalog_fragment_parse(p, streams[i], "fuzz", data, size, &f, &err);
			require((results[k] == 0) == (err.id == ERROR_NONE));
			if (results[k] == 0)
				problems[k] = f.problems.count;
		}
		require(results[0] == results[1] && problems[0] == problems[1]);
		error_clear(&err);
		require(catalog_add_fragment(c, streams[i], "en", 1, data, size, &err) == 0);
	}
	const struct catalog_update u = {
		.revision_id = 1,
		.creation_text = "",
		.default_language = "en",
		.action_text = "",
		.is_software = true,
	};
	require(catalog_add_update(c, &u, 0, &err) == 0 && catalog_finish(c, &err) == 0);
	catalog_validate(c);
	catalog_quarantine(c);
	catalog_summarize(c, &s);
	require(s.updates == 1);
	catalog_free(c);
	catalog_fragment_free(p);
	return 0;
}
