#include "exporter/approval.h"
#include "exporter/approve.h"
#include "exporter/approve_show.h"
#include "exporter/commands.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "lib/store/store.h"
#include "lib/unpack/unpack.h"
#include "media/ledger.h"
#include "media/manifest.h"
#include "verifier/confine.h"
#include "verifier/prover.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIRM_DIGITS = 8 };

static int add_record(struct store *s, const struct approve *a, const struct approve_signer *by,
		      struct error *err)
{
	char name[MANIFEST_DIRECTORY_SIZE];

	manifest_directory(verify_manifest(a->bundle), name);
	return approval_record(s,
			       &(struct approval){ name, verify_manifest_digest(a->bundle),
						   key_role_name(by->role), by->holder,
						   by->short_id },
			       err);
}

/* The signature counts whether or not it can be recorded here: a medium may be approved anywhere.
 */
static void record_approval(const struct cli_args *args, const struct approve *a,
			    const struct approve_signer *by)
{
	const char *repo = cli_text(args, "repo");
	struct error err = ERROR_INIT;

	if (!repo)
		return;
	CLEANUP(store_close) struct store *s = store_open(repo, true, &err);
	if (!s || add_record(s, a, by, &err) < 0)
		cli_note(args, "the approval is not in the ledger of %s: %s", repo, err.message);
	error_clear(&err);
}

static int check_options(const struct cli_args *args, struct error *err)
{
	const char *stated = cli_text(args, "manifest");
	unsigned char digest[DIGEST_SHA256];

	if (stated && !str_from_hex(stated, strlen(stated), digest, sizeof digest))
		return error_set(err, ERROR_USAGE, "--manifest %s: want 64 hex digits", stated);
	return 0;
}

static int refuse(const char *hex, const char *what, struct error *err)
{
	return error_set(err, ERROR_APPROVE_CONFIRM, "not signed: MANIFEST has SHA-256 %s, %s", hex,
			 what);
}

/* A person at a terminal says which bundle; a script may, with --manifest. */
static int confirm(const struct cli_args *args, const struct approve *a, struct error *err)
{
	const char *stated = cli_text(args, "manifest");
	char hex[DIGEST_HEX], line[128] = "";

	str_to_hex(verify_manifest_digest(a->bundle), DIGEST_SHA256, hex);
	if (stated)
		return strcmp(stated, hex) == 0 ? 0 : refuse(hex, "--manifest states another", err);
	if (args->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return 0;
	fflush(stdout);
	fprintf(stderr,
		"Everything was read and agrees.  To sign it, type the first %d digits of "
		"MANIFEST SHA-256: ",
		CONFIRM_DIGITS);
	if (!fgets(line, sizeof line, stdin))
		return refuse(hex, "nothing was typed", err);
	line[strcspn(line, "\r\n")] = '\0';
	if (strlen(line) < CONFIRM_DIGITS || strncmp(line, hex, strlen(line)) != 0)
		return refuse(hex, "something else was typed", err);
	return 0;
}

static int sign(const struct cli_args *args, const struct approve *a,
		const struct elsewhere_choice *signer, struct approve_signer *by, struct error *err)
{
	if (confirm(args, a, err) < 0 || approve_sign(a, signer, by, err) < 0)
		return -1;
	if (!signer->export_tbs)
		record_approval(args, a, by);
	return 0;
}

/* signer NULL: nothing is signed. */
static int show_and_sign(const struct cli_args *args, const struct approve *a,
			 const struct elsewhere_choice *signer, struct error *err)
{
	struct approve_signer by;

	if (!args->json)
		approve_show_text(a);
	if (signer && sign(args, a, signer, &by, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(
			approve_show_json(a, signer && !signer->export_tbs ? by.holder : NULL));
	else if (!signer)
		puts("everything was read and agrees; nothing was signed");
	else if (signer->export_tbs)
		printf("everything was read and agrees; %s is for %s to sign elsewhere\n",
		       signer->export_tbs, by.holder);
	else
		printf("everything was read and agrees; approved by %s\n", by.holder);
	return approve_has_findings(a) ? CLI_FINDINGS : 0;
}

int cmd_approve(const struct cli_args *args, struct error *err)
{
	const char *repo = cli_text(args, "repo"), *bases[CLI_VALUES_MAX];
	bool look = cli_flag(args, "look");
	struct elsewhere_choice signer;
	struct progress progress;
	uint64_t threads;

	if (check_options(args, err) < 0 || (!look && elsewhere_choose(args, &signer, err) < 0) ||
	    cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0)
		return -1;
	CLEANUP(unpack_free)
	struct unpack *unpack = unpack_new(
		&(struct unpack_options){ .workers = (unsigned)threads, .separate = true }, err);
	CLEANUP(prover_end) struct prover *prover = unpack ? confine_prover(args, err) : NULL;
	if (!prover || args->program->confine(args, err) < 0)
		return -1;
	const char *path = cli_text(args, "trust");
	CLEANUP(trust_free) struct trust *trust = trust_load_path(path, path, err);
	CLEANUP(store_close)
	struct store *store = trust && repo ? store_open(repo, false, err) : NULL;
	/* Last, so that it is released first: the bundle borrows the trust root. */
	CLEANUP(approve_clear) struct approve a = { 0 };
	if (!trust || (repo && !store))
		return -1;
	struct approve_request request = { .path = args->operands[0],
					   .trust = trust,
					   .trust_dir = path,
					   .prover = prover,
					   .store = store,
					   .bases = bases,
					   .base_count =
						   cli_list(args, "base", bases, CLI_VALUES_MAX),
					   .threads = (unsigned)threads,
					   .unpack = unpack,
					   .progress = &progress };
	if (approve_read(&request, &a, err) < 0)
		return -1;
	return show_and_sign(args, &a, look ? NULL : &signer, err);
}
