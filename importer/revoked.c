#include "importer/revoked.h"

#include "importer/pending.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/store/channel.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <string.h>

static struct trust *load_trust(struct store *s, const struct channel *c, struct error *err)
{
	CLEANUP(file_close) int dir = channel_open_trust(s, c->name, err);

	return dir < 0 ? NULL : trust_load(dir, "trust of this repository", err);
}

int revoked_load(struct store *s, const struct channel *c, struct revoked *out, struct error *err)
{
	CLEANUP(trust_free) struct trust *t = load_trust(s, c, err);

	out->count = 0;
	if (!t)
		return -1;
	for (size_t i = 0; i < t->revoked_bundle_count; i++) {
		const struct trust_revoked_bundle *r = &t->revoked_bundles[i];
		struct channel_bundle b;
		int seen = channel_find_bundle(s, c->id, r->epoch, r->sequence, &b, err);

		if (seen < 0)
			return -1;
		if (seen == 1 && memcmp(b.digest, r->manifest, sizeof b.digest) == 0)
			out->bundles[out->count++] = *r;
	}
	return 0;
}

json_t *revoked_json(const struct revoked *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(all, json_pack("{s:I, s:s}", "sequence",
						     (json_int_t)r->bundles[i].sequence, "reason",
						     r->bundles[i].reason));
	return all;
}

void revoked_print(const struct revoked *r)
{
	for (size_t i = 0; i < r->count; i++)
		printf("WARNING: sequence %llu, which was imported here, was revoked: %s\n",
		       (unsigned long long)r->bundles[i].sequence, r->bundles[i].reason);
}

int revoked_drop_pending(struct store *s, const struct channel *c, struct error *err)
{
	CLEANUP(trust_free) struct trust *t = load_trust(s, c, err);
	CLEANUP(pending_list_clear) struct pending_list list = { 0 };

	if (!t || pending_list_load(s, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const char *name = list.items[i].name;
		unsigned char manifest[DIGEST_SHA256];

		if (str_from_hex(name, strlen(name), manifest, sizeof manifest) &&
		    trust_find_revoked_bundle(t, manifest) && pending_remove(s, name, err) < 0)
			return -1;
	}
	return 0;
}
