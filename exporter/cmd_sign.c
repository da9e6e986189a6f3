/* sign: what was signed on another machine comes back */
#include "exporter/approval.h"
#include "exporter/commands.h"
#include "exporter/elsewhere.h"
#include "lib/base/error.h"
#include "lib/crypto/trust.h"
#include "lib/store/store.h"
#include "verifier/confine.h"

#include <stdio.h>
#include <string.h>

/* As for approve: the signature counts whether or not it is recorded.  write recorded the builder.
 */
static void record(const struct cli_args *args, const struct elsewhere_result *r)
{
	const char *repo = cli_text(args, "repo");
	const struct approval a = { r->name, r->manifest, r->role, r->holder, r->short_id };
	struct error err = ERROR_INIT;

	if (!repo || strcmp(r->role, "approver") != 0)
		return;
	CLEANUP(store_close) struct store *s = store_open(repo, true, &err);
	if (!s || approval_record(s, &a, &err) < 0)
		cli_note(args, "the approval is not in the ledger of %s: %s", repo, err.message);
	error_clear(&err);
}

int cmd_sign(const struct cli_args *args, struct error *err)
{
	const char *path = cli_text(args, "trust");
	CLEANUP(sandbox_end) struct sandbox_process joiner = { .fd = -1 };
	struct elsewhere_request request = { .bundle = args->operands[0],
					     .file = cli_text(args, "tbs"),
					     .signature = cli_text(args, "import-sig"),
					     .means.trust_dir = path,
					     .joiner = &joiner };
	struct elsewhere_result result;
	CLEANUP(prover_end) struct prover *prover = confine_prover(args, err);

	if (!prover || confine_start(args, elsewhere_serve, &request, &joiner, err) < 0 ||
	    args->program->confine(args, err) < 0)
		return -1;
	CLEANUP(trust_free) struct trust *trust = trust_load_path(path, path, err);
	request.means.prover = prover;
	request.means.trust = trust;
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
