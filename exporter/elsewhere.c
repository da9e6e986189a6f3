#include "exporter/elsewhere.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cli/cli.h"
#include "lib/crypto/cms.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signer.h"
#include "lib/crypto/trust.h"
#include "lib/sandbox/sandbox_message.h"
#include "media/manifest.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 8192 };

int elsewhere_choose(const struct cli_args *args, struct elsewhere_choice *out, struct error *err)
{
	*out = (struct elsewhere_choice){ .certificate = cli_text(args, "certificate"),
					  .export_tbs = cli_text(args, "export-tbs") };
	if (!out->certificate != !out->export_tbs)
		return error_set(err, ERROR_USAGE, "--export-tbs and --certificate go together");
	if (out->export_tbs)
		return 0;
	out->key_path = cli_text(args, "key");
	out->passphrase = getenv("GAPFERRY_KEY_PASSPHRASE");
	return out->key_path ? 0
			     : error_set(err, ERROR_USAGE,
					 "--key is required, or --export-tbs with --certificate");
}

/* ---- out ---- */

static int write_text(const struct signer *s, const struct elsewhere_text *text, const char *name,
		      const struct buf *attributes, struct buf *out, struct error *err)
{
	const struct key_facts *facts = key_cert_facts(s->listed->cert);
	unsigned char digest[DIGEST_SHA384], sha256[DIGEST_SHA256];
	char file_hex[2 * DIGEST_SHA384 + 1], manifest_hex[2 * DIGEST_SHA384 + 1], hex[DIGEST_HEX];

	digest_sha384(attributes->bytes, attributes->len, digest);
	str_to_hex(digest, sizeof digest, file_hex);
	digest_sha384(text->bytes, text->len, digest);
	str_to_hex(digest, sizeof digest, manifest_hex);
	digest_sha256(text->bytes, text->len, sha256);
	str_to_hex(sha256, sizeof sha256, hex);
	return buf_printf(
		out, err,
		"To be signed on another machine, by the holder of the private key.\n\n"
		"bundle             %s\n"
		"signer             %s %s\n"
		"key id             %s\n"
		"MANIFEST SHA-256   %s\n"
		"MANIFEST SHA-384   %s\n"
		"file to sign       %s, %zu bytes\n"
		"its SHA-384        %s\n\n"
		"Compare, on the machine that signs:\n"
		"  openssl dgst -sha384 %s\n"
		"  openssl asn1parse -inform DER -in %s     (the first OCTET STRING is the SHA-384 "
		"of MANIFEST)\n"
		"Sign:\n"
		"  openssl dgst -sha384 %s-sign KEY.pem -out %s.sig %s\n"
		"Bring %s.sig back, and there:\n"
		"  gapferry-export sign BUNDLE --tbs %s --import-sig %s.sig --trust DIR\n",
		text->bundle, key_role_name(s->listed->role), s->listed->holder,
		s->listed->short_id, hex, manifest_hex, name, attributes->len, file_hex, name, name,
		facts->algorithm == KEY_ALGORITHM_RSA
			? "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 "
			: "",
		name, name, name, name, name);
}

int elsewhere_export(const struct signer *s, const struct elsewhere_text *text, const char *path,
		     struct error *err)
{
	CLEANUP(buf_clear) struct buf attributes = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	CLEANUP(buf_clear) struct buf words = BUF_INIT(TEXT_BYTES);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char beside[4096];

	if ((size_t)snprintf(beside, sizeof beside, "%s.txt", path) >= sizeof beside)
		return error_set(err, ERROR_USAGE, "%s: path too long", path);
	if (cms_attributes(s->listed->cert, text->bytes, text->len, &attributes, err) < 0 ||
	    write_text(s, text, name, &attributes, &words, err) < 0 ||
	    file_save(AT_FDCWD, beside, words.bytes, words.len, 0644, err) < 0)
		return -1;
	return file_save(AT_FDCWD, path, attributes.bytes, attributes.len, 0644, err);
}

/* ---- back: the process ---- */

struct coming {
	unsigned char *manifest, *attributes, *value;
	size_t manifest_len, attributes_len, value_len;
	int dir;
};

static void coming_clear(struct coming *c)
{
	free(c->manifest);
	free(c->attributes);
	free(c->value);
	file_close(c->dir);
}
DEFINE_CLEANUP_IN_PLACE(struct coming, coming_clear);

static int load_all(const struct elsewhere_request *r, struct coming *c, struct error *err)
{
	c->dir = file_open_dir(r->bundle, err);
	if (c->dir < 0 || file_load_present(c->dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &c->manifest,
					    &c->manifest_len, err) < 0)
		return error_wrap(err, "%s", r->bundle);
	if (file_load_present(AT_FDCWD, r->file, LIMIT_SIGNATURE_BYTES, &c->attributes,
			      &c->attributes_len, err) < 0)
		return -1;
	return file_load_present(AT_FDCWD, r->signature, LIMIT_SIGNATURE_BYTES, &c->value,
				 &c->value_len, err);
}

static const struct trust_key *find_signer(const struct trust *t, const struct coming *c)
{
	for (size_t i = 0; i < t->key_count; i++)
		if ((t->keys[i].role == KEY_ROLE_BUILDER || t->keys[i].role == KEY_ROLE_APPROVER) &&
		    cms_names(c->attributes, c->attributes_len, t->keys[i].cert))
			return &t->keys[i];
	return NULL;
}

static int join(const struct elsewhere_request *r, const struct coming *c,
		const struct trust_key *k, struct buf *out, struct error *err)
{
	const struct cms_signed parts = { .attributes = c->attributes,
					  .attributes_len = c->attributes_len,
					  .value = c->value,
					  .value_len = c->value_len };

	if (cms_join(&parts, k->cert, c->manifest, c->manifest_len, out, err) == 0)
		return 0;
	struct error cause = *err;
	error_clear(err);
	if (cause.id == ERROR_CMS_SIGNATURE || cause.id == ERROR_LIMIT_BYTES)
		return error_set(err, ERROR_TBS_SIGNATURE,
				 "%s: not the signature of %s by the key of %s", r->signature,
				 r->file, k->holder);
	return error_set(err, ERROR_TBS_OTHER, "%s: not for MANIFEST of %s: %s", r->file, r->bundle,
			 cause.message);
}

/* The only question is asked without words. */
static int answer(void *ctx, const struct buf *request, struct buf *out, struct error *err)
{
	const struct elsewhere_request *r = ctx;
	CLEANUP(coming_clear) struct coming c = { .dir = -1 };
	CLEANUP(buf_clear) struct buf signature = BUF_INIT(LIMIT_SIGNATURE_BYTES);
	CLEANUP(trust_free)
	struct trust *trust = trust_load_path(r->means.trust_dir, r->means.trust_dir, err);
	struct manifest m;

	(void)request;
	if (!trust || load_all(r, &c, err) < 0)
		return -1;
	if (manifest_parse(c.manifest, c.manifest_len, &m, err) < 0)
		return error_wrap(err, "%s", r->bundle);
	const struct trust_key *k = find_signer(trust, &c);
	if (!k)
		return error_set(err, ERROR_TBS_OTHER,
				 "%s: names no builder or approver of the trust root", r->file);
	if (signer_check_time(&(struct signer){ .listed = k }, r->file, err) < 0 ||
	    join(r, &c, k, &signature, err) < 0 ||
	    sandbox_put(out, k->short_id, sizeof k->short_id, err) < 0 ||
	    sandbox_put(out, c.manifest, c.manifest_len, err) < 0)
		return -1;
	return sandbox_put(out, signature.bytes, signature.len, err);
}

int elsewhere_serve(void *ctx, int fd)
{
	return sandbox_serve(&(struct sandbox_service){ .answer = answer, .ctx = ctx }, fd);
}

/* ---- who saves it ---- */

/* What the process says, which borrows from the answer. */
struct joined {
	char id[KEY_SHORT_SIZE];
	const unsigned char *manifest, *signature;
	size_t manifest_len, signature_len;
};

static bool read_joined(const struct buf *answer, struct joined *out)
{
	struct sandbox_input in = { answer->bytes + 1, answer->len - 1 };

	return sandbox_take_exactly(&in, out->id, sizeof out->id) &&
	       memchr(out->id, '\0', sizeof out->id) &&
	       sandbox_take(&in, &out->manifest, &out->manifest_len, LIMIT_MANIFEST_BYTES) &&
	       sandbox_take(&in, &out->signature, &out->signature_len, LIMIT_SIGNATURE_BYTES) &&
	       in.left == 0;
}

/* Somebody else must have built it; that it was read is what the exported file stands for. */
static int check_builder(const struct elsewhere_request *r, const struct trust_key *k,
			 struct error *err)
{
	CLEANUP(verify_close)
	struct verified_bundle *b = prover_open(r->means.prover, r->bundle, r->means.trust_dir,
						r->means.trust, VERIFY_FOR_APPROVAL, err);

	if (!b)
		return -1;
	const struct trust_verdict *v = verify_signers(b);
	for (size_t i = 0; i < v->count; i++)
		if (v->signers[i].role == KEY_ROLE_BUILDER &&
		    key_holder_is_same(v->signers[i].holder, k->holder))
			return error_set(err, ERROR_APPROVE_HOLDER, "%s built this bundle",
					 k->holder);
	return 0;
}

static int save(const struct elsewhere_request *r, const struct trust_key *k,
		const struct joined *j, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_dir(r->bundle, err);

	if (dir < 0 || (k->role == KEY_ROLE_APPROVER && check_builder(r, k, err) < 0))
		return -1;
	return signer_save(k, j->signature, j->signature_len, dir, err);
}

int elsewhere_import(const struct elsewhere_request *r, struct elsewhere_result *out,
		     struct error *err)
{
	CLEANUP(buf_clear) struct buf answer = BUF_INIT(LIMIT_SANDBOX_MESSAGE);
	struct manifest m;
	struct joined j;

	if (sandbox_ask(r->joiner, NULL, 0, &answer, r->bundle, err) < 0)
		return -1;
	const struct trust_key *k =
		read_joined(&answer, &j) ? trust_find(r->means.trust, j.id) : NULL;
	if (!k || (k->role != KEY_ROLE_BUILDER && k->role != KEY_ROLE_APPROVER))
		return error_set(err, ERROR_SANDBOX_RECORD, "%s: an answer that is none", r->file);
	if (manifest_parse(j.manifest, j.manifest_len, &m, err) < 0)
		return error_wrap(err, "%s", r->bundle);
	if (save(r, k, &j, err) < 0)
		return -1;
	*out = (struct elsewhere_result){ .role = key_role_name(k->role) };
	snprintf(out->holder, sizeof out->holder, "%s", k->holder);
	snprintf(out->short_id, sizeof out->short_id, "%s", k->short_id);
	manifest_directory(&m, out->name);
	digest_sha256(j.manifest, j.manifest_len, out->manifest);
	return 0;
}
