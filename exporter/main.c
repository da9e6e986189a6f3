/* gapferry-export: the connected side. */
#include "exporter/commands.h"
#include "exporter/confine.h"
#include "verifier/care/medium.h"
#include "verifier/care/scrub_verb.h"
#include "verifier/care/verb_options.h"
#include "verifier/inquiry/verbs.h"
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
	{ "key", CLI_TEXT, "KEY", NULL, false,
	  "a key that exists, in a token or a file: make its certificate alone" },
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

#define TRUST_CHANGE                                                                            \
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },                        \
		{ "out", CLI_TEXT,                                                              \
		  "DIR", NULL,                                                                  \
		  false, "where it goes with its next version (default: the same directory)" }, \
		{ "key", CLI_LIST, "ROOTKEY", NULL, true, "private keys of root holders" },     \
		{ "add-root", CLI_LIST, "CERT", NULL, false, "further root key holders" },      \
		{ "add-builder", CLI_LIST, "CERT", NULL, false, "further builders" },           \
		{ "add-approver", CLI_LIST, "CERT", NULL, false, "further approvers" },         \
		{ "add-importer", CLI_LIST, "CERT", NULL, false, "further importers" },         \
		{ "remove-key", CLI_LIST, "ID", NULL, false, "keys that are not needed now" },  \
		{ "root-threshold", CLI_TEXT, "M", NULL, false, "root signatures needed" },     \
		{ "builder-threshold", CLI_TEXT, "M", NULL, false, "builders needed" },         \
	{                                                                                       \
		"approver-threshold", CLI_TEXT, "M", NULL, false, "approvers needed"            \
	}

static const struct cli_option trust_rotate_options[] = { TRUST_CHANGE, CLI_OPTIONS_END };

static const struct cli_option trust_revoke_options[] = {
	TRUST_CHANGE,
	{ "key-id", CLI_LIST, "ID", NULL, false, "keys that count for nothing" },
	{ "since", CLI_TEXT, "TIME", NULL, false, "what was made before by those keys stays good" },
	{ "bundle", CLI_LIST, "CHANNEL-EPOCH-SEQ:DIGEST", NULL, false,
	  "bundles that nobody may use, with the SHA-256 of MANIFEST" },
	{ "reason", CLI_TEXT, "WORD", NULL, true, "why" },
	CLI_OPTIONS_END,
};

static const struct cli_option trust_sign_options[] = {
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	{ "key", CLI_LIST, "ROOTKEY", NULL, true, "private keys of root holders" },
	CLI_OPTIONS_END,
};

static const struct cli_option channel_trust_options[] = {
	REPO,
	{ "trust", CLI_TEXT, "DIR", NULL, true, "a newer version of the trust directory" },
	{ "replace", CLI_TEXT, "SHA256", NULL, false,
	  "it is another trust root, whose 0001.root has this fingerprint" },
	{ "reason", CLI_TEXT, "TEXT", NULL, false, "why it is replaced, for the ledger" },
	CLI_OPTIONS_END,
};

static const struct cli_option channel_options[] = {
	REPO,
	{ "audience", CLI_LIST, "SITE", NULL, true, "the isolated sites, kept in step" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory of the channel" },
	{ "one-way", CLI_FLAG, NULL, NULL, false, "no receipts come back" },
	{ "overlap", CLI_TEXT, "N", NULL, false,
	  "one-way: bundles in a row that may get lost (default 3)" },
	CLI_OPTIONS_END,
};

static const struct cli_option channel_set_options[] = {
	REPO,
	{ "audience", CLI_LIST, "SITE", NULL, false, "the isolated sites, kept in step" },
	{ "one-way", CLI_FLAG, NULL, NULL, false, "no receipts come back" },
	{ "two-way", CLI_FLAG, NULL, NULL, false, "receipts say what has arrived" },
	{ "overlap", CLI_TEXT, "N", NULL, false, "one-way: bundles in a row that may get lost" },
	{ "selection", CLI_TEXT, "FILE", NULL, false,
	  "which content its bundles carry: the section [selection]" },
	{ "select-all", CLI_FLAG, NULL, NULL, false, "all content again" },
	CLI_OPTIONS_END,
};

static const struct cli_option channel_confirm_options[] = {
	REPO,
	{ "site", CLI_TEXT, "SITE", NULL, true, "the site that has it" },
	{ "sequence", CLI_TEXT, "N", NULL, true, "its newest bundle; 0: none" },
	CLI_OPTIONS_END,
};

#define WISH                                                                               \
	{ "full", CLI_FLAG, NULL, NULL, false, "leave nothing out, whatever is there" },   \
	{                                                                                  \
		"since", CLI_TEXT, "N", NULL, false,                                       \
			"leave out what who has bundle N has (default: what is confirmed)" \
	}

#define SELECTION                                                                               \
	{                                                                                       \
		"selection", CLI_TEXT, "FILE", NULL, false,                                     \
			"which content: the section [selection] (default: that of the channel)" \
	}

static const struct cli_option ingest_options[] = {
	REPO,
	{ "content", CLI_TEXT, "DIR", NULL, false, "folder with payload files" },
	{ "accept-shrink", CLI_FLAG, NULL, NULL, false, "the catalog may have lost many updates" },
	MICROSOFT_ROOTS,
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option lint_options[] = {
	{ "format", CLI_TEXT, "FORMAT", NULL, false,
	  "text (default), json, sarif, csv, wsyncmgr or cmtrace" },
	MICROSOFT_ROOTS,
	CLI_OPTIONS_END,
};

static const struct cli_option diff_options[] = {
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", false,
	  "the repository, when A or B is KIND/SERIES" },
	CLI_OPTIONS_END,
};

static const struct cli_option plan_options[] = {
	REPO,
	{ "media", CLI_TEXT, "PROFILE|SIZE", "GAPFERRY_MEDIA", false,
	  "kind of medium (default usb)" },
	WISH,
	SELECTION,
	{ "explain", CLI_FLAG, NULL, NULL, false, "why each update is in or out" },
	{ "missing", CLI_FLAG, NULL, NULL, false,
	  "each update that a site would lack files of if it had only this bundle" },
	CLI_OPTIONS_END,
};

#define ELSEWHERE                                                                             \
	{                                                                                     \
		"export-tbs", CLI_TEXT,                                                       \
		"FILE",       NULL,                                                           \
		false,        "instead of --key: write FILE, to be signed on another machine" \
	},                                                                                    \
	{                                                                                     \
		"certificate", CLI_TEXT, "CERT", NULL, false,                                 \
			"with --export-tbs: whose signature it will be"                       \
	}

static const struct cli_option write_options[] = {
	REPO,
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", false,
	  "the builder's private key: a file, or pkcs11:..." },
	ELSEWHERE,
	{ "out", CLI_TEXT, "MEDIUM", NULL, true, "directory on the medium" },
	{ "media", CLI_TEXT, "PROFILE|SIZE", "GAPFERRY_MEDIA", false,
	  "kind of medium (default usb)" },
	WISH,
	SELECTION,
	{ "trust-only", CLI_FLAG, NULL, NULL, false, "carry the trust root and nothing else" },
	{ "expires-days", CLI_TEXT, "N", NULL, false,
	  "how long the bundle may be imported (default 90)" },
	{ "incomplete", CLI_FLAG, NULL, NULL, false,
	  "send what is here although payload is missing" },
	{ "no-parity", CLI_FLAG, NULL, NULL, false,
	  "without parity files (6 % of the bytes), which repair damaged media" },
	{ "spare", CLI_TEXT, "N", NULL, false,
	  "spare volumes per eight volumes, 0 to 4 (default 0): each replaces a lost one" },
	MEDIUM_OPTIONS,
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option approve_options[] = {
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", false,
	  "the approver's private key: a file, or pkcs11:..." },
	ELSEWHERE,
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	{ "look", CLI_FLAG, NULL, NULL, false, "read and show everything, sign nothing" },
	{ "manifest", CLI_TEXT, "SHA256", NULL, false,
	  "sign only the bundle whose MANIFEST has this digest, without asking" },
	{ "base", CLI_LIST, "BUNDLE", NULL, false,
	  "earlier bundles: what an increment builds on, and what to compare with" },
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", false,
	  "a repository with the bundles before it, for the same; records the approval" },
	THREADS,
	CLI_OPTIONS_END,
};

static const struct cli_option sign_options[] = {
	{ "tbs", CLI_TEXT, "FILE", NULL, true, "what --export-tbs wrote" },
	{ "import-sig", CLI_TEXT, "SIG", NULL, true, "the signature of it" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", false, "records the approval" },
	CLI_OPTIONS_END,
};

static const struct cli_option status_options[] = {
	REPO,
	{ "stale-days", CLI_TEXT, "N", NULL, false,
	  "days without a receipt after which a site is stale (default 30)" },
	CLI_OPTIONS_END,
};

static const struct cli_option receive_options[] = {
	REPO,
	{ "qr", CLI_FLAG, NULL, NULL, false, "FILE is what a scanner read from the QR codes" },
	{ "need", CLI_TEXT, "FILE", NULL, false, "the need list that was made with the receipt" },
	{ "checkpoint", CLI_TEXT, "FILE", NULL, false,
	  "the cosigned checkpoint that was made with the receipt" },
	CLI_OPTIONS_END,
};

#define CONFIG_DIR                                                                 \
	{                                                                          \
		"config-dir", CLI_LIST, "DIR", "GAPFERRY_CONFIG_DIR", false,       \
			"configuration directories, the strongest last (default: " \
			"/usr/lib, /run and /etc/gapferry)"                        \
	}
#define STATE_DIR                                                                \
	{                                                                        \
		"state-dir", CLI_TEXT, "DIR", "GAPFERRY_STATE_DIR", false,       \
			"what is remembered of jobs (default /var/lib/gapferry)" \
	}

static const struct cli_option run_options[] = {
	{ "dry-run", CLI_FLAG, NULL, NULL, false, "tell what would be done; writes nothing" },
	{ "if-due", CLI_FLAG, NULL, NULL, false, "do nothing unless the job is due" },
	{ "force", CLI_FLAG, NULL, NULL, false, "write a bundle although nothing changed" },
	CONFIG_DIR,
	STATE_DIR,
	CLI_OPTIONS_END,
};

static const struct cli_option job_options[] = { CONFIG_DIR, STATE_DIR, CLI_OPTIONS_END };

#define MEDIA_TRUST                                                                     \
	{                                                                               \
		"trust", CLI_TEXT, "DIR", "GAPFERRY_TRUST", true, "the trust directory" \
	}

static const struct cli_option media_write_options[] = {
	MEDIA_TRUST,
	{ "to", CLI_LIST, "DIR", NULL, true, "mounted media" },
	{ "volume", CLI_LIST, "N", NULL, false, "these volumes alone" },
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", false, "record it in the ledger there" },
	MEDIUM_OPTIONS,
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

static const struct cli_option override_options[] = {
	{ "key", CLI_TEXT, "KEY", "GAPFERRY_KEY", true, "the approver's private key" },
	{ "trust", CLI_TEXT, "DIR", NULL, true, "the trust directory" },
	{ "until", CLI_TEXT, "TIME", NULL, true, "how long: YYYY-MM-DDThh:mm:ssZ" },
	{ "reason", CLI_TEXT, "WORD", NULL, true, "why, in one word" },
	{ "to", CLI_TEXT, "DIR", NULL, true, "where the permission is, or begins" },
	CLI_OPTIONS_END,
};

static const struct cli_option log_show_options[] = {
	REPO,
	{ "leaves", CLI_FLAG, NULL, NULL, false, "every leaf" },
	CLI_OPTIONS_END,
};

static const struct cli_option log_prove_options[] = {
	REPO,
	{ "out", CLI_TEXT, "FILE", NULL, true, "where the proof goes" },
	CLI_OPTIONS_END,
};

static const struct cli_option log_consistency_options[] = {
	REPO,
	{ "from", CLI_TEXT, "N", NULL, true, "the leaves of an older checkpoint" },
	{ "out", CLI_TEXT, "FILE", NULL, true, "where the proof goes" },
	CLI_OPTIONS_END,
};

static const struct cli_verb verbs[] = {
	{ "init", NULL, 0, 0, repo_options, "make an empty repository", cmd_init },
	{ "key new", NULL, 0, 0, key_options, "make a private key and its certificate",
	  cmd_key_new },
	{ "trust new", NULL, 0, 0, trust_new_options, "make a trust root, version 1",
	  cmd_trust_new },
	{ "trust rotate", NULL, 0, 0, trust_rotate_options,
	  "make or propose the next version of a trust root", cmd_trust_rotate },
	{ "trust revoke", NULL, 0, 0, trust_revoke_options,
	  "the same, revoking keys or bundles for ever", cmd_trust_revoke },
	{ "trust sign", NULL, 0, 0, trust_sign_options, "sign a proposed version of a trust root",
	  cmd_trust_sign },
	{ "trust show", NULL, 0, 0, trust_show_options, "check a trust directory and show it",
	  cmd_trust_show },
	{ "channel add", "NAME", 1, 1, channel_options, "add a flow to an isolated site",
	  cmd_channel_add },
	{ "channel set", "NAME", 1, 1, channel_set_options, "change a flow to an isolated site",
	  cmd_channel_set },
	{ "channel trust", "NAME", 1, 1, channel_trust_options,
	  "take a newer version of the channel's trust root", cmd_channel_trust },
	{ "channel confirm", "NAME", 1, 1, channel_confirm_options,
	  "say by hand what a site has imported", cmd_channel_confirm },
	{ "ingest", "KIND FILE", 2, 2, ingest_options,
	  "take a catalog, and payload, into the repository", cmd_ingest },
	{ "lint", "FILE", 1, 1, lint_options, "judge a catalog without taking it anywhere",
	  cmd_lint },
	{ "diff", "A B", 2, 2, diff_options, "what one catalog has and the other has not",
	  cmd_diff },
	{ "probe", "FILE.xml.gz", 1, 1, NULL, "show the structure of a WSUS export as XML",
	  cmd_probe },
	{ "withdraw", "KIND SERIES", 2, 2, repo_options,
	  "remove a catalog from the repository and from the next bundles", cmd_withdraw },
	{ "authenticode", "FILE...", 1, CLI_OPERANDS_MAX, authenticode_options,
	  "show what the Authenticode signatures of cabinets are worth", cmd_authenticode },
	{ "plan", "CHANNEL", 1, 1, plan_options, "what a bundle would hold; writes nothing",
	  cmd_plan },
	{ "write", "CHANNEL", 1, 1, write_options, "write and sign a bundle", cmd_write },
	{ "approve", "BUNDLE", 1, 1, approve_options,
	  "read a bundle, show what is in it, and sign it", cmd_approve },
	{ "sign", "BUNDLE", 1, 1, sign_options, "take in a signature made on another machine",
	  cmd_sign },
	{ "override", "BUNDLE", 1, 1, override_options,
	  "sign the permission to import a bundle that has expired", cmd_override },
	{ "receive", "RECEIPT", 1, 1, receive_options, "record what an isolated site confirms",
	  cmd_receive },
	{ "status", NULL, 0, 0, status_options, "what the repository holds and sent", cmd_status },
	{ "query", NULL, 0, 0, query_options, "find updates, and show what belongs to them",
	  query_verb },
	{ "inventory", "CHANNEL", 1, 1, inventory_options,
	  "which files that the catalog names are here, by update", cmd_inventory },
	{ "handover", "BUNDLE-NAME", 1, 1, verb_options_handover,
	  "record that a medium changes hands", cmd_handover },
	{ "custody", NULL, 0, 0, verb_options_custody, "the way of each bundle, from the ledger",
	  cmd_custody },
	{ "ledger show", NULL, 0, 0, verb_options_ledger_show, "the records of the ledger",
	  cmd_ledger_show },
	{ "ledger check", NULL, 0, 0, repo_options, "prove the ledger", cmd_ledger_check },
	{ "log show", NULL, 0, 0, log_show_options, "the export log and its newest checkpoint",
	  cmd_log_show },
	{ "log prove", "BUNDLE-NAME", 1, 1, log_prove_options,
	  "prove that a bundle is in the export log", cmd_log_prove },
	{ "log consistency", NULL, 0, 0, log_consistency_options,
	  "prove that the export log only grew since then", cmd_log_consistency },
	{ "gc", NULL, 0, 0, verb_options_gc, "remove what nothing needs any more", cmd_gc },
	{ "scrub", NULL, 0, 0, verb_options_scrub, "read everything again, and heal it",
	  scrub_verb },
	{ "run", "JOB", 1, 1, run_options, "ingest, write and tidy up as a job says", cmd_run },
	{ "job check", "[JOB]", 0, 1, job_options, "would the jobs run", cmd_job_check },
	{ "job list", NULL, 0, 0, job_options, "the jobs that are configured", cmd_job_list },
	{ "job status", "[JOB]", 0, 1, job_options, "last run, last success, next run",
	  cmd_job_status },
	{ "job timer", "JOB", 1, 1, job_options, "drop-in for the job's systemd timer",
	  cmd_job_timer },
	{ "job service", "JOB", 1, 1, job_options, "drop-in for the job's systemd service",
	  cmd_job_service },
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
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};

static int (*const starts[])(const struct cli_args *args, struct error *err) = {
	cmd_channel_trust,
	cmd_approve,
	cmd_sign,
	cmd_override,
	cmd_receive,
	scrub_verb,
	cmd_run,
	cmd_job_check,
	cmd_job_list,
	cmd_job_status,
	cmd_job_timer,
	cmd_job_service,
	cmd_media_write,
	medium_verbs_check,
	cmd_media_revolume,
	cmd_media_image,
	cmd_media_stream,
	medium_verbs_repair,
	medium_verbs_unstream,
	NULL,
};

int main(int argc, char **argv)
{
	static const struct cli_program program = {
		.name = "gapferry-export",
		.summary = "The connected side of gapferry: packages Windows updates into signed "
			   "bundles.",
		.verbs = verbs,
		.confine = confine_exporter,
		.starts = starts,
	};

	return cli_main(&program, argc, argv);
}
