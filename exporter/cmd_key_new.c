#include "exporter/commands.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/key.h"
#include "lib/crypto/signer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A key is never overwritten: the old one may be the only copy. */
static int refuse_existing(int dir, const char *name, struct error *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, ERROR_FILE_EXISTS, "%s: exists already", name);
	return 0;
}

static int report(const struct cli_args *args, const char *out, const char *key_name,
		  const char *cert_name, const struct key_cert *cert)
{
	char key_path[4096], cert_path[4096];
	const char *id = key_cert_facts(cert)->short_id;

	if (key_name)
		snprintf(key_path, sizeof key_path, "%s/%s", out, key_name);
	snprintf(cert_path, sizeof cert_path, "%s/%s", out, cert_name);
	if (args->json)
		cli_print_json(json_pack("{s:s?, s:s, s:s}", "key", key_name ? key_path : NULL,
					 "certificate", cert_path, "key_id", id));
	else
		printf("key:         %s\ncertificate: %s\nkey id:      %s\n",
		       key_name ? key_path : "as given", cert_path, id);
	return 0;
}

static int make(const struct key_request *request, const char *existing, struct buf *key,
		struct buf *pem, struct error *err)
{
	if (!existing)
		return key_generate(request, key, pem, err);
	CLEANUP(key_free) struct key *k = signer_load_key(existing, request->passphrase, err);

	return k ? key_generate_certificate(request, k, pem, err) : -1;
}

int cmd_key_new(const struct cli_args *args, struct error *err)
{
	const char *role = cli_text(args, "role"), *holder = cli_text(args, "holder");
	const char *out = cli_text(args, "out"), *passphrase = getenv("GAPFERRY_KEY_PASSPHRASE");
	struct key_request request = { .role = key_role_parse(role, strlen(role)),
				       .holder = holder,
				       .passphrase =
					       passphrase && *passphrase ? passphrase : NULL };
	CLEANUP(buf_wipe) struct buf key = BUF_INIT(KEY_PEM_BYTES);
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(LIMIT_CERTIFICATE_BYTES);
	const char *existing = cli_text(args, "key");
	char key_name[160], cert_name[160];

	if (make(&request, existing, &key, &pem, err) < 0 || file_make_dirs(out, err) < 0)
		return -1;
	CLEANUP(key_cert_free) struct key_cert *cert = key_cert_load(pem.bytes, pem.len, err);
	CLEANUP(file_close) int dir = cert ? file_open_dir(out, err) : -1;
	if (dir < 0)
		return -1;
	snprintf(key_name, sizeof key_name, "%s-%s.key.pem", holder, role);
	snprintf(cert_name, sizeof cert_name, "%s-%s.cert.pem", holder, role);
	if ((!existing && refuse_existing(dir, key_name, err) < 0) ||
	    refuse_existing(dir, cert_name, err) < 0 ||
	    (!existing && file_save(dir, key_name, key.bytes, key.len, 0600, err) < 0) ||
	    file_save(dir, cert_name, pem.bytes, pem.len, 0644, err) < 0)
		return -1;
	return report(args, out, existing ? NULL : key_name, cert_name, cert);
}
