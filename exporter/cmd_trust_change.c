/* trust rotate, trust revoke: the next version of a trust root. */
#include "exporter/ceremony.h"
#include "exporter/commands.h"
#include "exporter/trust_print.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 64 };

struct change {
	struct ceremony ceremony;
	struct trust *old;
	const struct key_cert *certs[2 * LIMIT_TRUST_KEYS]; /* of the new version; borrowed */
	size_t cert_count;
	struct trust_root_key signers[CEREMONY_KEYS];
	struct trust_revoked_key keys[LIST_MAX];
	struct trust_revoked_bundle bundles[LIST_MAX];
	struct trust_request request;
};

static void change_free(struct change *c)
{
	if (!c)
		return;
	ceremony_clear(&c->ceremony);
	trust_free(c->old);
	free(c);
}
DEFINE_CLEANUP(struct change *, change_free);

/* ---- keys that go ---- */

/* A listed key by its id or the first 16 digits of it. */
static const struct trust_key *find_key(const struct trust *t, const char *text, struct error *err)
{
	for (size_t i = 0; i < t->key_count; i++) {
		char hex[DIGEST_HEX];

		str_to_hex(t->keys[i].id, DIGEST_SHA256, hex);
		if (strcmp(text, hex) == 0 || strcmp(text, t->keys[i].short_id) == 0)
			return &t->keys[i];
	}
	error_set(err, ERROR_TRUST_KEY_ABSENT, "%s: trust root version %u lists no such key", text,
		  t->version);
	return NULL;
}

static void drop_key(struct change *c, const struct trust_key *k)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->cert_count; i++)
		if (c->certs[i] != k->cert)
			c->certs[kept++] = c->certs[i];
	c->cert_count = kept;
}

static int remove_keys(struct change *c, const struct cli_args *args, struct error *err)
{
	const char *ids[LIST_MAX];
	size_t count = cli_list(args, "remove-key", ids, LIST_MAX);

	if (count > LIST_MAX)
		return error_set(err, ERROR_USAGE, "--remove-key: at most %d", LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct trust_key *k = find_key(c->old, ids[i], err);

		if (!k)
			return -1;
		drop_key(c, k);
	}
	return 0;
}

static int set_reason(const char *reason, char out[KEY_HOLDER_SIZE], struct error *err)
{
	if (!reason || !key_holder_is_valid(reason, strlen(reason)))
		return error_set(err, ERROR_USAGE,
				 "--reason: one word of letters, digits, '.', '_' and '-'");
	snprintf(out, KEY_HOLDER_SIZE, "%s", reason);
	return 0;
}

static int revoke_keys(struct change *c, const struct cli_args *args, struct error *err)
{
	const char *ids[LIST_MAX], *since = cli_text(args, "since");
	size_t count = cli_list(args, "key-id", ids, LIST_MAX);

	if (count > LIST_MAX)
		return error_set(err, ERROR_USAGE, "--key-id: at most %d", LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		struct trust_revoked_key *r = &c->keys[i];
		const struct trust_key *k = NULL;

		/* A key that was removed before is named by its whole id. */
		if (!str_from_hex(ids[i], strlen(ids[i]), r->id, sizeof r->id)) {
			k = find_key(c->old, ids[i], err);
			if (!k)
				return -1;
			memcpy(r->id, k->id, sizeof r->id);
		}
		r->timed = since != NULL;
		if (since && !str_to_time(since, strlen(since), &r->since))
			return error_set(err, ERROR_USAGE, "--since: YYYY-MM-DDThh:mm:ssZ");
		if (set_reason(cli_text(args, "reason"), r->reason, err) < 0)
			return -1;
		for (size_t n = 0; n < c->old->key_count && !since; n++)
			if (memcmp(c->old->keys[n].id, r->id, sizeof r->id) == 0)
				drop_key(c, &c->old->keys[n]);
	}
	c->request.revoked_keys = c->keys;
	c->request.revoked_key_count = count;
	return 0;
}

/* ---- bundles ---- */

/* CHANNEL-EPOCH-SEQUENCE:DIGEST */
static bool parse_bundle(const char *text, struct trust_revoked_bundle *r)
{
	const char *colon = strrchr(text, ':');
	const char *sequence = colon ? memrchr(text, '-', (size_t)(colon - text)) : NULL;
	const char *epoch = sequence ? memrchr(text, '-', (size_t)(sequence - text)) : NULL;
	uint64_t number;

	if (!epoch || !key_holder_is_valid(text, (size_t)(epoch - text)) ||
	    !str_to_u64(epoch + 1, (size_t)(sequence - epoch - 1), UINT32_MAX, &number) ||
	    !str_to_u64(sequence + 1, (size_t)(colon - sequence - 1), INT64_MAX, &r->sequence))
		return false;
	snprintf(r->channel, sizeof r->channel, "%.*s", (int)(epoch - text), text);
	r->epoch = (uint32_t)number;
	return str_from_hex(colon + 1, strlen(colon + 1), r->manifest, sizeof r->manifest);
}

static int revoke_bundles(struct change *c, const struct cli_args *args, struct error *err)
{
	const char *names[LIST_MAX];
	size_t count = cli_list(args, "bundle", names, LIST_MAX);

	if (count > LIST_MAX)
		return error_set(err, ERROR_USAGE, "--bundle: at most %d", LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!parse_bundle(names[i], &c->bundles[i]))
			return error_set(err, ERROR_USAGE,
					 "%s: CHANNEL-EPOCH-SEQUENCE:DIGEST expected, with the "
					 "SHA-256 of its MANIFEST",
					 names[i]);
		if (set_reason(cli_text(args, "reason"), c->bundles[i].reason, err) < 0)
			return -1;
	}
	c->request.revoked_bundles = c->bundles;
	c->request.revoked_bundle_count = count;
	return 0;
}

/* ---- the version ---- */

static int add_signers(struct change *c, struct error *err)
{
	const struct ceremony *made = &c->ceremony;

	for (size_t i = 0; i < made->key_count; i++) {
		struct trust_root_key *s = &c->signers[i];

		s->key = made->keys[i];
		s->cert = ceremony_cert(s->key, c->certs, c->cert_count);
		for (size_t k = 0; k < c->old->key_count && !s->cert; k++)
			if (key_matches(s->key, c->old->keys[k].cert))
				s->cert = c->old->keys[k].cert;
		if (!s->cert || key_cert_facts(s->cert)->role != KEY_ROLE_ROOT)
			return error_set(err, ERROR_TRUST_NO_ROOT_KEY,
					 "key %zu of --key is no root key of version %u or %u",
					 i + 1, c->old->version, c->old->version + 1);
	}
	c->request.signers = c->signers;
	c->request.signer_count = made->key_count;
	return 0;
}

static int prepare(struct change *c, const struct cli_args *args, struct error *err)
{
	struct trust_request *r = &c->request;

	for (size_t i = 0; i < c->old->key_count; i++)
		c->certs[c->cert_count++] = c->old->keys[i].cert;
	memcpy(r->threshold, c->old->threshold, sizeof r->threshold);
	if (ceremony_load(&c->ceremony, args, "add-", err) < 0 ||
	    ceremony_thresholds(args, r->threshold, err) < 0 || remove_keys(c, args, err) < 0 ||
	    revoke_keys(c, args, err) < 0 || revoke_bundles(c, args, err) < 0)
		return -1;
	for (size_t i = 0; i < c->ceremony.cert_count; i++)
		c->certs[c->cert_count++] = c->ceremony.certs[i];
	r->certs = c->certs;
	r->cert_count = c->cert_count;
	return add_signers(c, err);
}

/* The directory that the new version goes to, with all older ones: that of --out, or --trust. */
static int open_target(const struct cli_args *args, int from, const struct trust *t,
		       struct error *err)
{
	const char *path = cli_text(args, "out");

	if (!path)
		return file_open_dir(cli_text(args, "trust"), err);
	if (file_make_dirs(path, err) < 0)
		return -1;
	int out = file_open_dir(path, err);
	if (out >= 0 && trust_copy(from, out, t, err) < 0) {
		file_close(out);
		return -1;
	}
	return out;
}

static int change(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust"), *out = cli_text(args, "out");
	CLEANUP(change_free) struct change *c = buf_calloc(1, sizeof *c);
	CLEANUP(file_close) int from = file_open_dir(path, err);

	c->old = from < 0 ? NULL : trust_load(from, path, err);
	if (!c->old || prepare(c, args, err) < 0)
		return -1;
	CLEANUP(file_close) int to = open_target(args, from, c->old, err);
	int lacks = to < 0 ? -1 : trust_append(to, &c->request, err);
	if (lacks < 0 || trust_print(args, out ? out : path, err) < 0)
		return -1;
	return lacks ? CLI_FINDINGS : 0;
}

int cmd_trust_rotate(const struct cli_args *args, struct error *err)
{
	return change(args, err);
}

int cmd_trust_revoke(const struct cli_args *args, struct error *err)
{
	const char *one[1];

	if (cli_list(args, "key-id", one, 1) == 0 && cli_list(args, "bundle", one, 1) == 0)
		return error_set(err, ERROR_USAGE, "say what to revoke: --key-id or --bundle");
	return change(args, err);
}
