#include "exporter/ceremony.h"

#include "lib/base/error.h"
#include "lib/cli/cli.h"
#include "lib/crypto/signer.h"

#include <stdio.h>
#include <stdlib.h>

void ceremony_clear(struct ceremony *c)
{
	for (size_t i = 0; i < c->cert_count; i++)
		key_cert_free(c->certs[i]);
	for (size_t i = 0; i < c->key_count; i++)
		key_free(c->keys[i]);
}

/* The certificates of one option; each must be of that role. */
static int load_certs(const struct cli_args *args, const char *prefix, enum key_role role,
		      struct ceremony *c, struct error *err)
{
	const char *paths[CEREMONY_CERTS];
	char option[32];

	snprintf(option, sizeof option, "%s%s", prefix, key_role_name(role));
	size_t count = cli_list(args, option, paths, CEREMONY_CERTS);
	for (size_t i = 0; i < count; i++) {
		if (c->cert_count == CEREMONY_CERTS)
			return error_set(err, ERROR_USAGE, "more than %u certificates",
					 (unsigned)CEREMONY_CERTS);
		struct key_cert *cert = signer_load_cert(paths[i], err);
		if (!cert)
			return -1;
		c->certs[c->cert_count++] = cert;
		if (key_cert_facts(cert)->role != role)
			return error_set(err, ERROR_USAGE, "%s: made for role %s, given as --%s",
					 paths[i], key_role_name(key_cert_facts(cert)->role),
					 option);
	}
	return 0;
}

static int load_keys(const struct cli_args *args, struct ceremony *c, struct error *err)
{
	const char *paths[CEREMONY_KEYS], *passphrase = getenv("GAPFERRY_KEY_PASSPHRASE");
	size_t count = cli_list(args, "key", paths, CEREMONY_KEYS);

	if (count > CEREMONY_KEYS)
		return error_set(err, ERROR_USAGE, "more than %u root keys",
				 (unsigned)CEREMONY_KEYS);
	for (size_t i = 0; i < count; i++) {
		c->keys[i] = signer_load_key(paths[i], passphrase, err);
		if (!c->keys[i])
			return -1;
		c->key_count++;
	}
	return 0;
}

int ceremony_load(struct ceremony *c, const struct cli_args *args, const char *prefix,
		  struct error *err)
{
	static const enum key_role roles[] = { KEY_ROLE_ROOT, KEY_ROLE_BUILDER, KEY_ROLE_APPROVER,
					       KEY_ROLE_IMPORTER };

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (load_certs(args, prefix, roles[i], c, err) < 0)
			return -1;
	return load_keys(args, c, err);
}

const struct key_cert *ceremony_cert(const struct key *key, const struct key_cert *const *certs,
				     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (key_matches(key, certs[i]))
			return certs[i];
	return NULL;
}

int ceremony_thresholds(const struct cli_args *args, unsigned threshold[KEY_ROLES_],
			struct error *err)
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

		if (cli_number(args, rows[i].option, 1, 16, threshold[rows[i].role], &value, err) <
		    0)
			return -1;
		threshold[rows[i].role] = (unsigned)value;
	}
	return 0;
}
