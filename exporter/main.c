/* gapferry-export: the connected side. */
#include "care/medium.h"
#include "exporter/commands.h"

#define REPO                                                                     \
	{                                                                        \
		"repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "the repository" \
	}
#define THREADS                                                      \
	{                                                            \
		"threads", CLI_TEXT, "N", "GAPFERRY_THREADS", false, \
			"workers (default: processors)"              \
	}

static const struct cli_option repo_options[] = { REPO, CLI_OPTIONS_END };

static const struct cli_option key_options[] = {
	{ "role", CLI_TEXT, "ROLE", NULL, true, "builder, approver, root or importer" },
	{ "holder", CLI_TEXT, "NAME", NULL, true, "the person or machine that holds the key" },
	{ "out", CLI_TEXT, "DIR", NULL, true, "where the two files go" },
	CLI_OPTIONS_END,
};

static const struct cli_option trust_new_options[] = {
	{ "root", CLI_LIST, "CERT", NULL, true, "certificates of the root key holders" },
	{ "builder", CLI_LIST, "CERT", NULL, true, "certificates of those who build bundles" },
	{ "approver", CLI_LIST, "CERT", NULL, true, "certificates of those who approve them" },
	{ "importer", CLI_LIST, "CERT", NULL, false,
	  "certificates of importers that sign receipts" },
	{ "key", CLI_LIST, "ROOTKEY", NULL, true, "private keys of root holders who sign now" },
	{ "root-threshold", CLI_TEXT, "M", NULL, false, "root signatures needed (default 1)" },
	{ "builder-threshold", CLI_TEXT, "M", NULL, false, "builders needed (default 1)" },
	{ "approver-threshold", CLI_TEXT, "M", NULL, false, "approvers needed (default 1)" },
	{ "out", CLI_TEXT, "DIR", NULL, true, "where the trust directory goes" },
	CLI_OPTIONS_END,
};

static const struct cli_option trust_show_options[] = {
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	CLI_OPTIONS_END,
};

static const struct cli_option channel_options[] = {
	REPO,
	{ "audience", CLI_TEXT, "SITE", NULL, true, "the isolated site" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory of the channel" },
	CLI_OPTIONS_END,
};

static const struct cli_option ingest_options[] = {
	REPO,
	{ "content", CLI_TEXT, "DIR", NULL, false, "folder with payload files" },
	{ "accept-shrink", CLI_FLAG, NULL, NULL, false, "the catalog may have lost many updates" },
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option plan_options[] = {
	REPO,
	{ "media", CLI_TEXT, "PROFILE|SIZE", "GAPFERRY_MEDIA", false,
	  "kind of medium (default usb)" },
	CLI_OPTIONS_END,
};

static const struct cli_option write_options[] = {
	REPO,
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", true, "the builder's private key" },
	{ "out", CLI_TEXT, "MEDIUM", NULL, true, "directory on the medium" },
	{ "media", CLI_TEXT, "PROFILE|SIZE", "GAPFERRY_MEDIA", false,
	  "kind of medium (default usb)" },
	{ "expires-days", CLI_TEXT, "N", NULL, false,
	  "how long the bundle may be imported (default 90)" },
	{ "incomplete", CLI_FLAG, NULL, NULL, false,
	  "send what is here although payload is missing" },
	MEDIUM_OPTIONS,
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option approve_options[] = {
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", true, "the approver's private key" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	{ "repo", CLI_TEXT, "DIR", NULL, false, "record the approval in this repository" },
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option handover_options[] = {
	REPO,
	{ "to", CLI_TEXT, "WHO", NULL, true, "who has the medium from now on" },
	MEDIUM_OPTIONS,
	CLI_OPTIONS_END,
};

static const struct cli_option ledger_show_options[] = {
	REPO,
	{ "bundle", CLI_TEXT, "NAME", NULL, false, "only records of this bundle" },
	CLI_OPTIONS_END,
};

static const struct cli_option custody_options[] = {
	REPO,
	{ "bundle", CLI_TEXT, "NAME", NULL, false, "only this bundle" },
	{ "with", CLI_LIST, "LEDGER", NULL, false, "ledgers of other sites, laid beside ours" },
	{ "html", CLI_TEXT, "FILE", NULL, false, "also write a page for the printer" },
	CLI_OPTIONS_END,
};

static const struct cli_option gc_options[] = {
	REPO,
	{ "dry-run", CLI_FLAG, NULL, NULL, false, "only tell what would go" },
	{ "keep-days", CLI_TEXT, "N", NULL, false,
	  "keep what was needed in the last N days (default 0)" },
	CLI_OPTIONS_END,
};

static const struct cli_option scrub_options[] = {
	REPO,
	{ "heal-from", CLI_LIST, "DIR|BUNDLE", NULL, false, "where damaged objects can be had" },
	{ "max-bytes", CLI_TEXT, "SIZE", NULL, false, "stop after this much" },
	{ "older-than", CLI_TEXT, "DAYS", NULL, false, "only what was not checked for so long" },
	{ "threads", CLI_TEXT, "N", "GAPFERRY_THREADS", false, "workers (default: processors)" },
	CLI_OPTIONS_END,
};

static const struct cli_verb verbs[] = {
	{ "init", NULL, 0, 0, repo_options, "make an empty repository", cmd_init },
	{ "key new", NULL, 0, 0, key_options, "make a private key and its certificate",
	  cmd_key_new },
	{ "trust new", NULL, 0, 0, trust_new_options, "make a trust root, version 1",
	  cmd_trust_new },
	{ "trust show", NULL, 0, 0, trust_show_options, "check a trust directory and show it",
	  cmd_trust_show },
	{ "channel add", "NAME", 1, 1, channel_options, "add a flow to an isolated site",
	  cmd_channel_add },
	{ "ingest", "wsusscn2 FILE.cab", 2, 2, ingest_options,
	  "take a catalog, and payload, into the repository", cmd_ingest },
	{ "plan", "CHANNEL", 1, 1, plan_options, "what a bundle would hold; writes nothing",
	  cmd_plan },
	{ "write", "CHANNEL", 1, 1, write_options, "write and sign a bundle", cmd_write },
	{ "approve", "BUNDLE", 1, 1, approve_options,
	  "read a bundle, show what is in it, and sign it", cmd_approve },
	{ "status", NULL, 0, 0, repo_options, "what the repository holds and sent", cmd_status },
	{ "handover", "BUNDLE-NAME", 1, 1, handover_options, "record that a medium changes hands",
	  cmd_handover },
	{ "custody", NULL, 0, 0, custody_options, "the way of each bundle, from the ledger",
	  cmd_custody },
	{ "ledger show", NULL, 0, 0, ledger_show_options, "the records of the ledger",
	  cmd_ledger_show },
	{ "ledger check", NULL, 0, 0, repo_options, "prove the ledger", cmd_ledger_check },
	{ "gc", NULL, 0, 0, gc_options, "remove what nothing needs any more", cmd_gc },
	{ "scrub", NULL, 0, 0, scrub_options, "read everything again, and heal it", cmd_scrub },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct cli_program program = {
		.name = "gapferry-export",
		.summary = "The connected side of gapferry: packages Windows updates into signed "
			   "bundles.",
		.verbs = verbs,
	};

	return cli_main(&program, argc, argv);
}
