/* sign: what was signed on another machine comes back */
#include "exporter/commands.h"
#include "exporter/elsewhere.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"

#include <stdio.h>
#include <string.h>

static int add_record(struct store *s, const struct elsewhere_result *r, struct error *err)
{
	struct ledger_body body;

	ledger_begin(&body, "approve");
	ledger_text(&body, "bundle", r->name);
	ledger_digest(&body, "manifest", r->manifest);
	ledger_text(&body, "signer", r->holder);
	return ledger_rows_add(s, body.text, err);
}

/* As for approve: the signature counts whether or not it is recorded.  write recorded the builder.
 */
static void record(const struct cli_args *args, const struct elsewhere_result *r)
{
	const char *repo = cli_text(args, "repo");
	struct error err = ERROR_INIT;

	if (!repo || strcmp(r->role, "approver") != 0)
		return;
	CLEANUP(store_close) struct store *s = store_open(repo, true, &err);
	if (!s || add_record(s, r, &err) < 0)
		cli_note(args, "the approval is not in the ledger of %s: %s", repo, err.message);
	error_clear(&err);
}

int cmd_sign(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust");
	struct elsewhere_result result;
	CLEANUP(file_close) int dir = file_open_dir(path, err);
	CLEANUP(trust_free) struct trust *trust = dir < 0 ? NULL : trust_load(dir, path, err);
	const struct elsewhere_request request = { .bundle = args->operands[0],
						   .file = cli_text(args, "tbs"),
						   .signature = cli_text(args, "import-sig"),
						   .trust = trust };

	if (!trust || elsewhere_import(&request, &result, err) < 0)
		return -1;
	record(args, &result);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s, s:s}", "bundle", args->operands[0], "role",
					 result.role, "signer", result.holder));
	else
		printf("bundle %s: signed by %s %s\n", args->operands[0], result.role,
		       result.holder);
	return 0;
}
