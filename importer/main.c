/* gapferry-import: the isolated side.  Opens no socket. */
#include "importer/commands.h"
#include "importer/confine.h"
#include "verifier/care/medium.h"
#include "verifier/care/scrub_verb.h"
#include "verifier/care/verb_options.h"
#include "verifier/inquiry/verbs.h"
#include "verifier/medium_verbs.h"

#define REPO                                                                     \
	{                                                                        \
		"repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "the repository" \
	}

static const struct cli_option repo_options[] = { REPO, CLI_OPTIONS_END };

static const struct cli_option init_options[] = {
	REPO,
	{ "channel", CLI_TEXT, "NAME", NULL, true, "the channel this site receives" },
	{ "audience", CLI_TEXT, "SITE", NULL, true, "this site" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory, obtained out of band" },
	CLI_OPTIONS_END,
};

static const struct cli_option import_options[] = {
	REPO,
	{ "receipt-key", CLI_TEXT, "KEY", NULL, false,
	  "sign a receipt afterwards: the importer's private key" },
	{ "receipt-out", CLI_TEXT, "DIR", NULL, false, "where that receipt goes" },
	{ "microsoft-roots", CLI_TEXT, "PEM", "GAPFERRY_MICROSOFT_ROOTS", false,
	  "pinned roots: check the Authenticode signatures of cabinets" },
	{ "override", CLI_TEXT, "DIR", NULL, false,
	  "the permission of two approvers for a bundle that has expired" },
	{ "threads", CLI_TEXT, "N", "GAPFERRY_THREADS", false, "workers (default: processors)" },
	MEDIUM_OPTIONS,
	CLI_OPTIONS_END,
};

static const struct cli_option receipt_options[] = {
	REPO,
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", true, "the importer's private key" },
	{ "out", CLI_TEXT, "DIR", NULL, true, "where the receipt goes" },
	{ "qr", CLI_FLAG, NULL, NULL, false, "also a page of QR codes to print" },
	{ "counter", CLI_TEXT, "N", NULL, false,
	  "number of this receipt, after a restored backup (default: the next)" },
	CLI_OPTIONS_END,
};

static const struct cli_option findings_options[] = {
	REPO,
	{ "format", CLI_TEXT, "FORMAT", NULL, false,
	  "text (default), json, sarif, csv, wsyncmgr or cmtrace" },
	{ "severity", CLI_TEXT, "LEVEL", NULL, false, "only error, warning or note" },
	{ "revision", CLI_TEXT, "ID", NULL, false, "only this revision of the source" },
	CLI_OPTIONS_END,
};

static const struct cli_option updates_options[] = {
	REPO,
	{ "kb", CLI_TEXT, "NUMBER", NULL, false, "only updates of this KB article" },
	{ "title", CLI_TEXT, "TEXT", NULL, false, "only titles that contain this text" },
	{ "quarantined", CLI_FLAG, NULL, NULL, false, "only those that are held back" },
	CLI_OPTIONS_END,
};

static const struct cli_option export_options[] = {
	REPO,
	{ "output", CLI_TEXT, "DIR|FILE.cab", NULL, true, "where the package and WsusContent go" },
	{ "copy", CLI_FLAG, NULL, NULL, false, "copy the files of WsusContent, never link them" },
	{ "limit", CLI_TEXT, "BYTES", NULL, false,
	  "split packages with more plain text (default: what a cabinet holds, 2147450880)" },
	CLI_OPTIONS_END,
};

static const struct cli_option trust_replace_options[] = {
	REPO,
	{ "fingerprint", CLI_TEXT, "SHA256", NULL, true,
	  "of 0001.root, as the root key holders told it in person" },
	{ "reason", CLI_TEXT, "TEXT", NULL, true, "why, for the ledger" },
	CLI_OPTIONS_END,
};

static const struct cli_option log_forget_options[] = {
	REPO,
	{ "reason", CLI_TEXT, "TEXT", NULL, true, "why, for the ledger" },
	CLI_OPTIONS_END,
};

static const struct cli_verb verbs[] = {
	{ "init", NULL, 0, 0, init_options, "make an empty repository for one channel", cmd_init },
	{ "import", "DIR [DIR...]", 1, CLI_OPERANDS_MAX, import_options,
	  "verify a bundle and load it", cmd_import },
	{ "need", NULL, 0, 0, repo_options, "the need list: what a bundle that waits here lacks",
	  cmd_need },
	{ "receipt", NULL, 0, 0, receipt_options, "sign what is here, for the connected side",
	  cmd_receipt },
	{ "media check", "DIR [DIR...]", 1, CLI_OPERANDS_MAX, medium_verbs_check_options,
	  "check every chunk that lies on media", medium_verbs_check },
	{ "media repair", "DIR [DIR...]", 1, CLI_OPERANDS_MAX, medium_verbs_repair_options,
	  "write repaired copies of damaged volumes elsewhere", medium_verbs_repair },
	{ "media unstream", "FILE|DEVICE|-", 1, 1, medium_verbs_unstream_options,
	  "read a bundle from a tape or raw device", medium_verbs_unstream },
	{ "status", NULL, 0, 0, repo_options, "what was imported last and what is here",
	  cmd_status },
	{ "findings", NULL, 0, 0, findings_options, "what is wrong with the catalogs that are here",
	  cmd_findings },
	{ "updates", NULL, 0, 0, updates_options, "the updates that are here", cmd_updates },
	{ "export-wsusutil", NULL, 0, 0, export_options, "make a package that a WSUS can import",
	  cmd_export_wsusutil },
	{ "query", NULL, 0, 0, query_options, "find updates, and show what belongs to them",
	  query_verb },
	{ "inventory", NULL, 0, 0, inventory_options,
	  "which files that the catalog names are here, by update", cmd_inventory },
	{ "handover", "BUNDLE-NAME", 1, 1, verb_options_handover,
	  "record that a medium changes hands", cmd_handover },
	{ "custody", NULL, 0, 0, verb_options_custody, "the way of each bundle, from the ledger",
	  cmd_custody },
	{ "ledger show", NULL, 0, 0, verb_options_ledger_show, "the records of the ledger",
	  cmd_ledger_show },
	{ "ledger check", NULL, 0, 0, repo_options, "prove the ledger", cmd_ledger_check },
	{ "log show", NULL, 0, 0, repo_options, "what this site has seen of the export log",
	  cmd_log_show },
	{ "log forget", NULL, 0, 0, log_forget_options,
	  "take the log of the next bundle as it is: the old one is lost", cmd_log_forget },
	{ "trust add", "DIR|BUNDLE", 1, 1, repo_options,
	  "take a newer version of the trust root, and nothing else", cmd_trust_add },
	{ "trust replace", "DIR", 1, 1, trust_replace_options,
	  "start from another trust root: the old one is lost", cmd_trust_replace },
	{ "gc", NULL, 0, 0, verb_options_gc, "remove what nothing needs any more", cmd_gc },
	{ "scrub", NULL, 0, 0, verb_options_scrub, "read everything again, and heal it",
	  scrub_verb },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};

static int (*const starts[])(const struct cli_args *args, struct error *err) = {
	cmd_import,    medium_verbs_check, medium_verbs_repair, medium_verbs_unstream,
	cmd_trust_add, cmd_trust_replace,  scrub_verb,          NULL,
};

int main(int argc, char **argv)
{
	static const struct cli_program program = {
		.name = "gapferry-import",
		.summary = "The isolated side of gapferry: verifies bundles and loads the local "
			   "repository.",
		.verbs = verbs,
		.confine = confine_importer,
		.starts = starts,
	};

	return cli_main(&program, argc, argv);
}
