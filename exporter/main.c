/* gapferry-export: the connected side. */
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

#define MICROSOFT_ROOTS                                                                \
	{                                                                              \
		"microsoft-roots", CLI_LIST, "PEM", "GAPFERRY_MICROSOFT_ROOTS", false, \
			"pinned roots: the signer must descend from one"               \
	}

static const struct cli_option authenticode_options[] = { MICROSOFT_ROOTS, CLI_OPTIONS_END };

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
	MICROSOFT_ROOTS,
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
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option approve_options[] = {
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", true, "the approver's private key" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	THREADS,
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
	{ "authenticode", "FILE...", 1, CLI_OPERANDS_MAX, authenticode_options,
	  "show what the Authenticode signatures of cabinets are worth", cmd_authenticode },
	{ "plan", "CHANNEL", 1, 1, plan_options, "what a bundle would hold; writes nothing",
	  cmd_plan },
	{ "write", "CHANNEL", 1, 1, write_options, "write and sign a bundle", cmd_write },
	{ "approve", "BUNDLE", 1, 1, approve_options,
	  "read a bundle, show what is in it, and sign it", cmd_approve },
	{ "status", NULL, 0, 0, repo_options, "what the repository holds and sent", cmd_status },
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
