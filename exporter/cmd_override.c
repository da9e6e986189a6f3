#include "exporter/commands.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/signer.h"
#include "media/manifest.h"
#include "verifier/confine.h"
#include "verifier/override.h"
#include "verifier/prover.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_until(const struct cli_args *args, struct override *said, struct error *err)
{
	const char *text = cli_text(args, "until");

	if (!str_to_time(text, strlen(text), &said->until) || said->until <= clock_now())
		return error_set(err, ERROR_USAGE, "--until %s: not a time to come, as in %s", text,
				 "2026-12-31T12:00:00Z");
	return 0;
}

/* The first one writes it; everybody signs the same bytes. */
static int agree(int dir, const struct override_proof *there, bool found, const struct buf *text,
		 struct error *err)
{
	if (!found)
		return file_save(dir, OVERRIDE_FILE, text->bytes, text->len, 0644, err);
	if (there->text.len != text->len || memcmp(there->text.bytes, text->bytes, text->len) != 0)
		return error_set(err, ERROR_OVERRIDE_OTHER,
				 "%s there says something else: same bundle, --until and --reason",
				 OVERRIDE_FILE);
	return 0;
}

/* Who proves the bundle, and what he found. */
struct permitting {
	const struct cli_args *args;
	struct prover_means means;
	const struct verified_bundle *bundle;
};

static int load(const struct permitting *p, struct override_proof *out, struct error *err)
{
	return prover_override(p->means.prover, cli_text(p->args, "to"), p->bundle,
			       p->means.trust_dir, clock_now(), out, err);
}

static int sign(const struct permitting *p, int dir, struct override_proof *out, struct error *err)
{
	const char *reason = cli_text(p->args, "reason");
	CLEANUP(override_clear) struct override_proof there = { .people = 0 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_OVERRIDE_BYTES);
	CLEANUP(signer_clear) struct signer s = { 0 };
	struct override said = { .until = 0 };

	memcpy(said.manifest, verify_manifest_digest(p->bundle), sizeof said.manifest);
	snprintf(said.reason, sizeof said.reason, "%s", reason);
	if (strlen(reason) >= sizeof said.reason)
		return error_set(err, ERROR_USAGE, "--reason: longer than %zu bytes",
				 sizeof said.reason - 1);
	if (read_until(p->args, &said, err) < 0 || override_write(&said, &text, err) < 0 ||
	    signer_load(&s, verify_trust(p->bundle), KEY_ROLE_APPROVER, cli_text(p->args, "key"),
			getenv("GAPFERRY_KEY_PASSPHRASE"), err) < 0)
		return -1;
	int found = load(p, &there, err);
	if (found < 0 || agree(dir, &there, found, &text, err) < 0 ||
	    signer_sign(&s, text.bytes, text.len, dir, err) < 0)
		return -1;
	return load(p, out, err) < 0 ? -1 : 0;
}

static void report(const struct cli_args *args, const struct override_proof *done)
{
	const char *to = cli_text(args, "to");
	char hex[65];

	str_to_hex(done->said.manifest, sizeof done->said.manifest, hex);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:I, s:i, s:b}", "directory", to,
					 "manifest_sha256", hex, "people", (json_int_t)done->people,
					 "required", OVERRIDE_HOLDERS, "complete",
					 done->people >= OVERRIDE_HOLDERS));
	else
		printf("%s: signed by %zu of %d people%s\n", to, done->people, OVERRIDE_HOLDERS,
		       done->people < OVERRIDE_HOLDERS ? "; another approver must sign it" : "");
}

int cmd_override(const struct cli_args *args, struct error *err)
{
	const char *to = cli_text(args, "to"), *path = cli_text(args, "trust");
	/* The directory is there before the process that may read it. */
	CLEANUP(prover_end)
	struct prover *prover = file_make_dirs(to, err) < 0 ? NULL : confine_prover(args, err);
	CLEANUP(override_clear) struct override_proof done = { .people = 0 };

	if (!prover || args->program->confine(args, err) < 0)
		return -1;
	CLEANUP(trust_free) struct trust *trust = trust_load_path(path, path, err);
	CLEANUP(file_close) int out = file_open_dir(to, err);
	if (!trust || out < 0)
		return -1;
	CLEANUP(verify_close)
	struct verified_bundle *b =
		prover_open(prover, args->operands[0], path, trust, VERIFY_COMPLETE, err);
	if (!b)
		return -1;
	const struct permitting p = { args, { prover, path, trust }, b };
	if (sign(&p, out, &done, err) < 0)
		return error_wrap(err, "%s", to);
	report(args, &done);
	return 0;
}
