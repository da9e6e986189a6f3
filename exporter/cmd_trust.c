/* trust new, trust sign, trust show */
#include "exporter/ceremony.h"
#include "exporter/commands.h"
#include "exporter/trust_print.h"
#include "lib/base/error.h"
#include "lib/base/file.h"

int cmd_trust_new(const struct cli_args *args, struct error *err)
{
	const char *out = cli_text(args, "out");
	CLEANUP(ceremony_clear) struct ceremony c = { 0 };
	struct trust_root_key signers[CEREMONY_KEYS];
	struct trust_request request = { .signers = signers };
	const char *paths[CEREMONY_KEYS];

	for (enum key_role role = KEY_ROLE_BUILDER; role <= KEY_ROLE_ROOT; role++)
		request.threshold[role] = 1;
	if (ceremony_load(&c, args, "", err) < 0 ||
	    ceremony_thresholds(args, request.threshold, err) < 0)
		return -1;
	request.certs = (const struct key_cert *const *)c.certs;
	request.cert_count = c.cert_count;
	request.signer_count = c.key_count;
	cli_list(args, "key", paths, CEREMONY_KEYS);
	for (size_t i = 0; i < c.key_count; i++) {
		signers[i].key = c.keys[i];
		signers[i].cert = ceremony_cert(c.keys[i], request.certs, request.cert_count);
		if (!signers[i].cert)
			return error_set(err, ERROR_USAGE,
					 "%s: belongs to none of the certificates given", paths[i]);
	}
	if (file_make_dirs(out, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_dir(out, err);
	if (dir < 0 || trust_create(dir, &request, err) < 0)
		return -1;
	return trust_print(args, out, err);
}

int cmd_trust_sign(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust");
	CLEANUP(ceremony_clear) struct ceremony c = { 0 };
	CLEANUP(file_close) int dir = file_open_dir(path, err);

	if (dir < 0 || ceremony_load(&c, args, "", err) < 0)
		return -1;
	int lacks = trust_sign(dir, (const struct key *const *)c.keys, c.key_count, err);
	if (lacks < 0 || trust_print(args, path, err) < 0)
		return -1;
	return lacks ? CLI_FINDINGS : 0;
}

int cmd_trust_show(const struct cli_args *args, struct error *err)
{
	return trust_print(args, cli_text(args, "trust"), err);
}
