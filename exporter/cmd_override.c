#include "exporter/commands.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/signer.h"
#include "media/manifest.h"
#include "verifier/override.h"
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

static int sign(const struct cli_args *args, const struct verified_bundle *b, int dir,
		struct override_proof *out, struct error *err)
{
	const struct trust *trust = verify_trust(b);
	CLEANUP(override_clear) struct override_proof there = { .people = 0 };
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIMIT_OVERRIDE_BYTES);
	CLEANUP(signer_clear) struct signer s = { 0 };
	struct override said = { .until = 0 };

	memcpy(said.manifest, verify_manifest_digest(b), sizeof said.manifest);
	snprintf(said.reason, sizeof said.reason, "%s", cli_text(args, "reason"));
	if (strlen(cli_text(args, "reason")) >= sizeof said.reason)
		return error_set(err, ERROR_USAGE, "--reason: longer than %zu bytes",
				 sizeof said.reason - 1);
	if (read_until(args, &said, err) < 0 || override_write(&said, &text, err) < 0 ||
	    signer_load(&s, trust, KEY_ROLE_APPROVER, cli_text(args, "key"),
			getenv("GAPFERRY_KEY_PASSPHRASE"), err) < 0)
		return -1;
	int found = override_load(dir, trust, clock_now(), &there, err);
	if (found < 0 || agree(dir, &there, found, &text, err) < 0 ||
	    signer_sign(&s, text.bytes, text.len, dir, err) < 0)
		return -1;
	return override_load(dir, trust, clock_now(), out, err) < 0 ? -1 : 0;
}

int cmd_override(const struct cli_args *args, struct error *err)
{
	const char *to = cli_text(args, "to");
	CLEANUP(file_close) int dir = file_open_dir(cli_text(args, "trust"), err);
	CLEANUP(trust_free)
	struct trust *trust = dir < 0 ? NULL : trust_load(dir, cli_text(args, "trust"), err);
	CLEANUP(verify_close) struct verified_bundle *b = NULL;
	CLEANUP(override_clear) struct override_proof done = { .people = 0 };

	if (!trust)
		return -1;
	b = verify_open(args->operands[0], trust, VERIFY_COMPLETE, err);
	if (!b || file_make_dirs(to, err) < 0)
		return -1;
	CLEANUP(file_close) int out = file_open_dir(to, err);
	if (out < 0)
		return -1;
	if (sign(args, b, out, &done, err) < 0)
		return error_wrap(err, "%s", to);
	if (args->json) {
		char hex[65];

		str_to_hex(done.said.manifest, sizeof done.said.manifest, hex);
		cli_print_json(json_pack("{s:s, s:s, s:I, s:i, s:b}", "directory", to,
					 "manifest_sha256", hex, "people", (json_int_t)done.people,
					 "required", OVERRIDE_HOLDERS, "complete",
					 done.people >= OVERRIDE_HOLDERS));
		return 0;
	}
	printf("%s: signed by %zu of %d people%s\n", to, done.people, OVERRIDE_HOLDERS,
	       done.people < OVERRIDE_HOLDERS ? "; another approver must sign it" : "");
	return 0;
}
