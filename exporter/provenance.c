#include "exporter/provenance.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/store/channel.h"
#include "lib/store/evidence.h"
#include "media/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The newest bundle received here: 1, 0 when there is none, -1. */
static int newest_received(struct store *s, struct channel *c, struct evidence_bundle *out,
			   struct error *err)
{
	if (channel_load(s, NULL, c, err) < 0) {
		if (err->id != ERROR_CHANNEL_ABSENT)
			return -1;
		error_clear(err);
		return 0;
	}
	*out = (struct evidence_bundle){ c->id, c->epoch, c->sequence };
	return c->has_manifest ? 1 : 0;
}

/* Its MANIFEST as it was kept: 1 and *bytes (the caller's) and *len, 0, -1. */
static int newest_manifest(struct store *s, struct channel *c, struct evidence_bundle *newest,
			   unsigned char **bytes, size_t *len, struct error *err)
{
	int row = newest_received(s, c, newest, err);

	return row == 1 ? evidence_manifest(s, newest, bytes, len, err) : row;
}

int provenance_fill(struct store *s, struct manifest *m, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	struct evidence_bundle newest;
	struct manifest before;
	struct channel c;
	size_t len;
	int row = newest_manifest(s, &c, &newest, &bytes, &len, err);

	if (row != 1)
		return row;
	if (manifest_parse(bytes, len, &before, err) < 0)
		return error_wrap(err, "kept MANIFEST of channel %s", c.name);
	memcpy(m->origins[m->origin_count++], c.manifest, sizeof c.manifest);
	for (size_t i = 0; i < before.origin_count && m->origin_count < LIMIT_ORIGINS; i++)
		memcpy(m->origins[m->origin_count++], before.origins[i], sizeof before.origins[i]);
	return 0;
}

struct passing {
	int (*file)(void *ctx, const char *name, const void *bytes, size_t len, struct error *err);
	void *ctx;
};

/* Ours become number 1; what came with them moves one further. */
static int pass_on(void *ctx, const struct evidence_file *f, struct error *err)
{
	static const char folder[] = "origin/";
	const struct passing *p = ctx;
	const char *kind = f->name;
	char name[EVIDENCE_NAME_SIZE + 8];
	uint64_t n = 0;

	if (strncmp(f->name, "override/", strlen("override/")) == 0)
		return 0; /* this site's own affair */
	if (strncmp(f->name, folder, strlen(folder)) == 0) {
		const char *number = f->name + strlen(folder);

		kind = strchr(number, '.');
		if (!kind || !str_to_u64(number, (size_t)(kind - number), LIMIT_ORIGINS - 1, &n))
			return 0; /* further away than a MANIFEST can name */
		kind++;
	}
	snprintf(name, sizeof name, "%llu.%s", (unsigned long long)n + 1, kind);
	return p->file(p->ctx, name, f->bytes, f->len, err);
}

int provenance_each(struct store *s,
		    int (*file)(void *ctx, const char *name, const void *bytes, size_t len,
				struct error *err),
		    void *ctx, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	struct passing p = { file, ctx };
	struct evidence_bundle newest;
	struct channel c;
	size_t len;
	int row = newest_manifest(s, &c, &newest, &bytes, &len, err);

	if (row != 1)
		return row;
	if (file(ctx, "1.MANIFEST", bytes, len, err) < 0)
		return -1;
	return evidence_each_file(s, &newest, pass_on, &p, err);
}
