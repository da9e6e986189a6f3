#include "exporter/trust_print.h"

#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/cli/cli.h"
#include "lib/crypto/trust.h"

#include <inttypes.h>
#include <stdio.h>

static void since_text(const struct trust_revoked_key *r, char out[STR_TIME_SIZE])
{
	snprintf(out, STR_TIME_SIZE, "-");
	if (r->timed)
		str_from_time(r->since, out);
}

static json_t *keys_json(const struct trust *t)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < t->key_count; i++)
		json_array_append_new(keys,
				      json_pack("{s:s, s:s, s:s}", "role",
						key_role_name(t->keys[i].role), "holder",
						t->keys[i].holder, "key_id", t->keys[i].short_id));
	return keys;
}

static json_t *revoked_json(const struct trust *t)
{
	json_t *keys = json_array(), *bundles = json_array();

	for (size_t i = 0; i < t->revoked_key_count; i++) {
		const struct trust_revoked_key *r = &t->revoked_keys[i];
		char since[STR_TIME_SIZE];

		since_text(r, since);
		json_array_append_new(keys,
				      json_pack("{s:s, s:s?, s:s}", "key_id", r->short_id, "since",
						r->timed ? since : NULL, "reason", r->reason));
	}
	for (size_t i = 0; i < t->revoked_bundle_count; i++) {
		const struct trust_revoked_bundle *r = &t->revoked_bundles[i];
		char hex[DIGEST_HEX];

		str_to_hex(r->manifest, sizeof r->manifest, hex);
		json_array_append_new(bundles,
				      json_pack("{s:s, s:I, s:I, s:s, s:s}", "channel", r->channel,
						"epoch", (json_int_t)r->epoch, "sequence",
						(json_int_t)r->sequence, "manifest_sha256", hex,
						"reason", r->reason));
	}
	return json_pack("{s:o, s:o}", "keys", keys, "bundles", bundles);
}

static json_t *version_json(const struct trust *t)
{
	char created[STR_TIME_SIZE], expires[STR_TIME_SIZE];
	const unsigned *m = t->threshold;

	str_from_time(t->created, created);
	str_from_time(t->expires, expires);
	return json_pack("{s:i, s:s, s:s, s:{s:i, s:i, s:i}, s:o, s:o}", "version", t->version,
			 "created", created, "expires", expires, "thresholds", "root",
			 m[KEY_ROLE_ROOT], "builder", m[KEY_ROLE_BUILDER], "approver",
			 m[KEY_ROLE_APPROVER], "keys", keys_json(t), "revoked", revoked_json(t));
}

static void version_text(const struct trust *t)
{
	char created[STR_TIME_SIZE], expires[STR_TIME_SIZE];
	const unsigned *m = t->threshold;

	str_from_time(t->created, created);
	str_from_time(t->expires, expires);
	printf("created %s, expires %s\nneeded: %u root, %u builder, %u approver\n", created,
	       expires, m[KEY_ROLE_ROOT], m[KEY_ROLE_BUILDER], m[KEY_ROLE_APPROVER]);
	for (size_t i = 0; i < t->key_count; i++)
		printf("  %-9s %s  key %s\n", key_role_name(t->keys[i].role), t->keys[i].holder,
		       t->keys[i].short_id);
	for (size_t i = 0; i < t->revoked_key_count; i++) {
		const struct trust_revoked_key *r = &t->revoked_keys[i];
		char since[STR_TIME_SIZE];

		since_text(r, since);
		printf("  revoked   key %s  %s%s: %s\n", r->short_id, r->timed ? "since " : "",
		       r->timed ? since : "for ever", r->reason);
	}
	for (size_t i = 0; i < t->revoked_bundle_count; i++) {
		const struct trust_revoked_bundle *r = &t->revoked_bundles[i];
		char hex[DIGEST_HEX];

		str_to_hex(r->manifest, sizeof r->manifest, hex);
		printf("  revoked   bundle %s-%" PRIu32 "-%" PRIu64 " MANIFEST %s: %s\n",
		       r->channel, r->epoch, r->sequence, hex, r->reason);
	}
}

static unsigned lacking(unsigned have, unsigned need)
{
	return have < need ? need - have : 0;
}

static void proposed_text(const struct trust *t, const struct trust_quorum *q)
{
	printf("proposed: version %u, NOT IN FORCE: signed by %u of %u root key holders of version "
	       "%u and %u of %u of version %u\n",
	       t->version, q->have_before, q->need_before, t->version - 1, q->have, q->need,
	       t->version);
	version_text(t);
}

static json_t *proposed_json(const struct trust *t, const struct trust_quorum *q)
{
	json_t *out = version_json(t);

	json_object_set_new(out, "lacks_before",
			    json_integer((json_int_t)lacking(q->have_before, q->need_before)));
	json_object_set_new(out, "lacks", json_integer((json_int_t)lacking(q->have, q->need)));
	return out;
}

int trust_print(const struct cli_args *args, const char *dir, struct error *err)
{
	CLEANUP(file_close) int fd = file_open_dir(dir, err);
	CLEANUP(trust_free) struct trust *t = fd < 0 ? NULL : trust_load(fd, dir, err);
	CLEANUP(trust_free) struct trust *proposed = NULL;
	struct trust_quorum q = { 0 };
	char first[DIGEST_HEX];

	if (!t || trust_load_proposed(fd, t, &proposed, &q, err) < 0)
		return -1;
	str_to_hex(t->history[0], DIGEST_SHA256, first);
	if (args->json) {
		json_t *out = version_json(t);

		json_object_set_new(out, "trust", json_string(dir));
		json_object_set_new(out, "fingerprint", json_string(first));
		json_object_set_new(out, "proposed",
				    proposed ? proposed_json(proposed, &q) : json_null());
		cli_print_json(out);
		return 0;
	}
	printf("trust root version %u in %s\nSHA-256 of version 1: %s\n", t->version, dir, first);
	version_text(t);
	if (proposed)
		proposed_text(proposed, &q);
	return 0;
}
