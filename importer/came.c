#include "importer/came.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/store/channel.h"
#include "lib/store/evidence.h"
#include "media/manifest.h"
#include "verifier/origin_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct coming {
	const struct manifest *newest;
	json_t *rows;
};

/* A MANIFEST of origin/ takes the place of the bare digest in its row. */
static int describe(void *ctx, const struct evidence_file *f, struct error *err)
{
	const struct coming *c = ctx;
	struct manifest m;
	char name[EVIDENCE_NAME_SIZE];

	for (size_t n = 1; n <= c->newest->origin_count; n++) {
		snprintf(name, sizeof name, "origin/%zu.MANIFEST", n);
		if (strcmp(f->name, name) != 0)
			continue;
		if (manifest_parse(f->bytes, f->len, &m, err) < 0)
			return error_wrap(err, "kept %s", name);
		json_array_set_new(c->rows, n - 1,
				   origin_report_row(n, c->newest->origins[n - 1], &m));
	}
	return 0;
}

json_t *came_through(struct store *s, const struct channel *c, struct error *err)
{
	const struct evidence_bundle where = { c->id, c->epoch, c->sequence };
	CLEANUP(free) unsigned char *bytes = NULL;
	struct manifest newest;
	size_t len;
	int found = evidence_manifest(s, &where, &bytes, &len, err);

	if (found < 0 || (found == 1 && manifest_parse(bytes, len, &newest, err) < 0))
		return NULL;
	struct coming coming = { &newest, json_array() };

	for (size_t n = 1; found == 1 && n <= newest.origin_count; n++)
		json_array_append_new(coming.rows,
				      origin_report_row(n, newest.origins[n - 1], NULL));
	if (evidence_each_file(s, &where, describe, &coming, err) == 0)
		return coming.rows;
	json_decref(coming.rows);
	return NULL;
}
