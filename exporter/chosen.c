#include "exporter/chosen.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/store/channel.h"
#include "lib/store/selection.h"

#include <fcntl.h>
#include <stdlib.h>

int chosen_load(struct store *s, const struct channel *c, const struct rules *rules,
		struct selection *out, struct error *err)
{
	size_t judged = 0, in = 0;

	if (selection_decide(s, c->id, rules, out, err) < 0)
		return -1;
	for (int i = 0; out->has && i < SELECT_REASONS; i++) {
		judged += i == SELECT_METADATA ? 0 : out->result.reasons[i];
		in += select_is_in((enum select_reason)i) ? out->result.reasons[i] : 0;
	}
	if (judged > 0 && in == 0)
		return error_set(err, ERROR_SELECTION_EMPTY,
				 "channel %s: the selection takes none of %zu updates", c->name,
				 judged);
	return 0;
}

int chosen_read(const char *path, struct rules *out, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len;

	if (file_load_present(AT_FDCWD, path, LIMIT_CONF_BYTES, &bytes, &len, err) < 0)
		return -1;
	out->count = 0;
	return rules_read_conf(out, path, bytes, len, err);
}
