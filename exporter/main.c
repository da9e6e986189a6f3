/* gapferry-export: the connected side. */
#include "exporter/commands.h"
#include "verifier/medium_verbs.h"

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
	{ "audience", CLI_LIST, "SITE", NULL, true, "the isolated sites, kept in step" },
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
	{ "no-parity", CLI_FLAG, NULL, NULL, false,
	  "without parity files (6 % of the bytes), which repair damaged media" },
	{ "spare", CLI_TEXT, "N", NULL, false,
	  "spare volumes per eight volumes, 0 to 4 (default 0): each replaces a lost one" },
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option approve_options[] = {
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", true, "the approver's private key" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	THREADS,
	CLI_OPTIONS_END,
};

#define MEDIA_TRUST                                                                     \
	{                                                                               \
		"trust", CLI_TEXT, "DIR", "GAPFERRY_TRUST", true, "the trust directory" \
	}

static const struct cli_option media_write_options[] = {
	MEDIA_TRUST,
	{ "to", CLI_LIST, "DIR", NULL, true, "mounted media" },
	{ "volume", CLI_LIST, "N", NULL, false, "these volumes alone" },
	CLI_OPTIONS_END,
};

static const struct cli_option media_revolume_options[] = {
	MEDIA_TRUST,
	{ "media", CLI_TEXT, "PROFILE|SIZE", "GAPFERRY_MEDIA", true,
	  "the media to lay it out for" },
	{ "to", CLI_TEXT, "DIR", NULL, true, "where folders medium-01 and so on go" },
	CLI_OPTIONS_END,
};

static const struct cli_option media_image_options[] = {
	MEDIA_TRUST,
	{ "media", CLI_TEXT, "PROFILE|SIZE", "GAPFERRY_MEDIA", true,
	  "the media to lay it out for" },
	{ "out", CLI_TEXT, "FILE.iso", NULL, true, "the image; several are numbered" },
	CLI_OPTIONS_END,
};

static const struct cli_option media_stream_options[] = {
	MEDIA_TRUST,
	{ "to", CLI_TEXT, "FILE|DEVICE|-", NULL, true, "a new file, a device, or standard output" },
	{ "record", CLI_TEXT, "SIZE", NULL, false, "bytes of one record (256K)" },
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
	{ "media write", "BUNDLE", 1, 1, media_write_options,
	  "copy a bundle onto mounted media and read it back", cmd_media_write },
	{ "media check", "DIR [DIR...]", 1, CLI_OPERANDS_MAX, medium_verbs_check_options,
	  "check every chunk that lies on media", medium_verbs_check },
	{ "media revolume", "BUNDLE [DIR...]", 1, CLI_OPERANDS_MAX, media_revolume_options,
	  "lay a bundle out for other media, as folders", cmd_media_revolume },
	{ "media image", "BUNDLE [DIR...]", 1, CLI_OPERANDS_MAX, media_image_options,
	  "make images of optical media", cmd_media_image },
	{ "media stream", "BUNDLE [DIR...]", 1, CLI_OPERANDS_MAX, media_stream_options,
	  "write a bundle to a tape or raw device", cmd_media_stream },
	{ "media repair", "DIR [DIR...]", 1, CLI_OPERANDS_MAX, medium_verbs_repair_options,
	  "write repaired copies of damaged volumes elsewhere", medium_verbs_repair },
	{ "media unstream", "FILE|DEVICE|-", 1, 1, medium_verbs_unstream_options,
	  "read a bundle from a tape or raw device", medium_verbs_unstream },
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
