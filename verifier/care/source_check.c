#include "verifier/care/source_check.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/gather.h"
#include "lib/store/gather_load.h"
#include "media/manifest.h"

#include <stdbool.h>
#include <string.h>

static bool is_same(const struct manifest_source *line, const struct listing_source *s)
{
	return strcmp(line->kind, s->kind) == 0 &&
	       memcmp(line->cabinet, s->cabinet, sizeof line->cabinet) == 0 &&
	       line->dated == (s->created >= 0) && (!line->dated || line->created == s->created);
}

/* Several series may come from one cabinet: they share a line. */
int source_check(const struct manifest *m, const struct gather_set *set, struct error *err)
{
	bool used[LIMIT_SOURCES] = { false };
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < set->count; i++) {
		const struct listing_source *s = &set->items[i]->source;
		size_t at = 0;

		while (at < m->source_count && !is_same(&m->sources[at], s))
			at++;
		if (at == m->source_count)
			return error_set(err, ERROR_BUNDLE_SOURCE,
					 "catalog %s %s: no source line of MANIFEST names its "
					 "cabinet and date",
					 s->kind, s->series);
		used[at] = true;
	}
	for (size_t i = 0; i < m->source_count; i++) {
		if (used[i])
			continue;
		str_to_hex(m->sources[i].cabinet, sizeof m->sources[i].cabinet, hex);
		return error_set(err, ERROR_BUNDLE_SOURCE,
				 "MANIFEST names the source %s %s, but no catalog comes from it",
				 m->sources[i].kind, hex);
	}
	return 0;
}
