/* gapferry-import: the isolated side.  Opens no socket. */
#include "importer/commands.h"

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
	{ "microsoft-roots", CLI_TEXT, "PEM", "GAPFERRY_MICROSOFT_ROOTS", false,
	  "pinned roots: check the Authenticode signatures of cabinets" },
	{ "threads", CLI_TEXT, "N", "GAPFERRY_THREADS", false, "workers (default: processors)" },
	CLI_OPTIONS_END,
};

static const struct cli_option findings_options[] = {
	REPO,
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

static const struct cli_verb verbs[] = {
	{ "init", NULL, 0, 0, init_options, "make an empty repository for one channel", cmd_init },
	{ "import", "BUNDLE", 1, 1, import_options, "verify a bundle and load it", cmd_import },
	{ "status", NULL, 0, 0, repo_options, "what was imported last and what is here",
	  cmd_status },
	{ "findings", NULL, 0, 0, findings_options, "what is wrong with the catalogs that are here",
	  cmd_findings },
	{ "updates", NULL, 0, 0, updates_options, "the updates that are here", cmd_updates },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct cli_program program = {
		.name = "gapferry-import",
		.summary = "The isolated side of gapferry: verifies bundles and loads the local "
			   "repository.",
		.verbs = verbs,
	};

	return cli_main(&program, argc, argv);
}
