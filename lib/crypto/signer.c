#include "lib/crypto/signer.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key *signer_load_key(const char *path, const char *passphrase, struct error *err)
{
	unsigned char *pem;
	size_t len;

	if (key_is_uri(path))
		return key_open(path, err);
	if (file_load_present(AT_FDCWD, path, KEY_PEM_BYTES, &pem, &len, err) < 0)
		return NULL;
	CLEANUP(buf_wipe)
	struct buf secret = { .bytes = pem, .len = len, .capacity = len, .max = KEY_PEM_BYTES };
	struct key *key = key_load(secret.bytes, secret.len, passphrase, err);
	if (!key)
		error_wrap(err, "%s", path);
	return key;
}

struct key_cert *signer_load_cert(const char *path, struct error *err)
{
	CLEANUP(free) unsigned char *pem = NULL;
	size_t len;

	if (file_load_present(AT_FDCWD, path, LIMIT_CERTIFICATE_BYTES, &pem, &len, err) < 0)
		return NULL;
	struct key_cert *cert = key_cert_load(pem, len, err);
	if (!cert)
		error_wrap(err, "%s", path);
	return cert;
}

int signer_check_time(const struct signer *s, const char *label, struct error *err)
{
	const struct key_facts *facts = key_cert_facts(s->listed->cert);

	if (clock_stamp() < facts->not_before || clock_stamp() > facts->not_after)
		return error_set(
			err, ERROR_WRITE_EXPIRY,
			"%s: its certificate is not valid now: nobody would accept the signature",
			label);
	return 0;
}

static int check_listed(const struct signer *s, const struct trust *trust, enum key_role role,
			const char *path, struct error *err)
{
	if (!s->listed)
		return error_set(err, ERROR_WRITE_KEY,
				 "%s: trust root version %u does not list it as %s", path,
				 trust->version, key_role_name(role));
	return signer_check_time(s, path, err);
}

int signer_load(struct signer *s, const struct trust *trust, enum key_role role, const char *path,
		const char *passphrase, struct error *err)
{
	*s = (struct signer){ .key = signer_load_key(path, passphrase, err) };
	if (!s->key)
		return -1;
	for (size_t i = 0; i < trust->key_count; i++)
		if (trust->keys[i].role == role && key_matches(s->key, trust->keys[i].cert))
			s->listed = &trust->keys[i];
	return check_listed(s, trust, role, path, err);
}

int signer_load_listed(struct signer *s, const struct trust *trust, enum key_role role,
		       const char *path, struct error *err)
{
	CLEANUP(key_cert_free) struct key_cert *cert = signer_load_cert(path, err);

	*s = (struct signer){ 0 };
	if (!cert)
		return -1;
	for (size_t i = 0; i < trust->key_count; i++)
		if (trust->keys[i].role == role &&
		    memcmp(trust->keys[i].cert_sha256, key_cert_facts(cert)->cert_sha256,
			   sizeof trust->keys[i].cert_sha256) == 0)
			s->listed = &trust->keys[i];
	return check_listed(s, trust, role, path, err);
}

int signer_save(const struct trust_key *listed, const unsigned char *signature, size_t len, int dir,
		struct error *err)
{
	CLEANUP(file_close) int sigs = file_open_subdir(dir, "sigs", true, err);
	char name[KEY_SHORT_SIZE + 4];

	if (sigs < 0)
		return -1;
	snprintf(name, sizeof name, "%s.p7s", listed->short_id);
	return file_save(sigs, name, signature, len, 0644, err);
}

int signer_sign(const struct signer *s, const unsigned char *bytes, size_t len, int dir,
		struct error *err)
{
	CLEANUP(buf_clear) struct buf signature = BUF_INIT(LIMIT_SIGNATURE_BYTES);

	if (cms_sign(s->key, s->listed->cert, bytes, len, &signature, err) < 0)
		return -1;
	return signer_save(s->listed, signature.bytes, signature.len, dir, err);
}

const char *signer_holder(const struct signer *s)
{
	return s->listed->holder;
}

void signer_clear(struct signer *s)
{
	key_free(s->key);
	*s = (struct signer){ 0 };
}
