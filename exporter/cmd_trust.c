/* trust new, trust show */
#include "exporter/commands.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"

#include <stdio.h>
#include <stdlib.h>

enum { CERTS_MAX = LIMIT_TRUST_KEYS, KEYS_MAX = 16 };

struct ceremony {
	struct key_cert *certs[CERTS_MAX];
	size_t cert_count;
	struct key *keys[KEYS_MAX];
	struct trust_root_key signers[KEYS_MAX];
	size_t key_count;
};

static void ceremony_clear(struct ceremony *c)
{
	for (size_t i = 0; i < c->cert_count; i++)
		key_cert_free(c->certs[i]);
	for (size_t i = 0; i < c->key_count; i++)
		key_free(c->keys[i]);
}
DEFINE_CLEANUP_IN_PLACE(struct ceremony, ceremony_clear);

/* The certificates of one option; each must be of that role. */
static int load_certs(const struct cli_args *args, enum key_role role, struct ceremony *c,
		      struct error *err)
{
	const char *paths[CERTS_MAX];
	size_t count = cli_list(args, key_role_name(role), paths, CERTS_MAX);

	for (size_t i = 0; i < count; i++) {
		if (c->cert_count == CERTS_MAX)
			return error_set(err, ERROR_USAGE, "more than %d certificates", CERTS_MAX);
		struct key_cert *cert = signer_load_cert(paths[i], err);
		if (!cert)
			return -1;
		c->certs[c->cert_count++] = cert;
		if (key_cert_facts(cert)->role != role)
			return error_set(err, ERROR_USAGE, "%s: made for role %s, given as --%s",
					 paths[i], key_role_name(key_cert_facts(cert)->role),
					 key_role_name(role));
	}
	return 0;
}

static int load_keys(const struct cli_args *args, struct ceremony *c, struct error *err)
{
	const char *paths[KEYS_MAX], *passphrase = getenv("GAPFERRY_KEY_PASSPHRASE");
	size_t count = cli_list(args, "key", paths, KEYS_MAX);

	if (count > KEYS_MAX)
		return error_set(err, ERROR_USAGE, "more than %d root keys", KEYS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct key *key = signer_load_key(paths[i], passphrase, err);

		if (!key)
			return -1;
		c->keys[c->key_count] = key;
		c->signers[c->key_count] = (struct trust_root_key){ .key = key };
		for (size_t k = 0; k < c->cert_count; k++)
			if (key_matches(key, c->certs[k]))
				c->signers[c->key_count].cert = c->certs[k];
		if (!c->signers[c->key_count++].cert)
			return error_set(err, ERROR_USAGE,
					 "%s: belongs to none of the certificates given", paths[i]);
	}
	return 0;
}

static int load_thresholds(const struct cli_args *args, struct trust_request *r, struct error *err)
{
	static const struct {
		const char *option;
		enum key_role role;
	} rows[] = {
		{ "root-threshold", KEY_ROLE_ROOT },
		{ "builder-threshold", KEY_ROLE_BUILDER },
		{ "approver-threshold", KEY_ROLE_APPROVER },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t value;

		if (cli_number(args, rows[i].option, 1, 16, 1, &value, err) < 0)
			return -1;
		r->threshold[rows[i].role] = (unsigned)value;
	}
	return 0;
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

static void show(const struct cli_args *args, const char *dir, const struct trust *t)
{
	char created[STR_TIME_SIZE], expires[STR_TIME_SIZE];
	const unsigned *m = t->threshold;

	str_from_time(t->created, created);
	str_from_time(t->expires, expires);
	if (args->json) {
		cli_print_json(json_pack("{s:s, s:i, s:s, s:s, s:{s:i, s:i, s:i}, s:o}", "trust",
					 dir, "version", t->version, "created", created, "expires",
					 expires, "thresholds", "root", m[KEY_ROLE_ROOT], "builder",
					 m[KEY_ROLE_BUILDER], "approver", m[KEY_ROLE_APPROVER],
					 "keys", keys_json(t)));
		return;
	}
	printf("trust root version %u in %s\ncreated %s, expires %s\n"
	       "needed: %u root, %u builder, %u approver\n",
	       t->version, dir, created, expires, m[KEY_ROLE_ROOT], m[KEY_ROLE_BUILDER],
	       m[KEY_ROLE_APPROVER]);
	for (size_t i = 0; i < t->key_count; i++)
		printf("  %-9s %s  key %s\n", key_role_name(t->keys[i].role), t->keys[i].holder,
		       t->keys[i].short_id);
}

static int load_and_show(const struct cli_args *args, const char *dir, int fd, struct error *err)
{
	CLEANUP(trust_free) struct trust *t = trust_load(fd, dir, err);

	if (!t)
		return -1;
	show(args, dir, t);
	return 0;
}

int cmd_trust_new(const struct cli_args *args, struct error *err)
{
	static const enum key_role roles[] = { KEY_ROLE_ROOT, KEY_ROLE_BUILDER, KEY_ROLE_APPROVER,
					       KEY_ROLE_IMPORTER };
	const char *out = cli_text(args, "out");
	CLEANUP(ceremony_clear) struct ceremony c = { 0 };
	struct trust_request request = { 0 };

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (load_certs(args, roles[i], &c, err) < 0)
			return -1;
	if (load_keys(args, &c, err) < 0 || load_thresholds(args, &request, err) < 0 ||
	    file_make_dirs(out, err) < 0)
		return -1;
	request.certs = (const struct key_cert *const *)c.certs;
	request.cert_count = c.cert_count;
	request.signers = c.signers;
	request.signer_count = c.key_count;
	CLEANUP(file_close) int dir = file_open_dir(out, err);
	if (dir < 0 || trust_create(dir, &request, err) < 0)
		return -1;
	return load_and_show(args, out, dir, err);
}

int cmd_trust_show(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust");
	CLEANUP(file_close) int dir = file_open_dir(path, err);

	return dir < 0 ? -1 : load_and_show(args, path, dir, err);
}
