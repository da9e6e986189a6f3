#include "verifier/care/verb_options.h"

#include "verifier/care/medium.h"

#define REPO                                                                     \
	{                                                                        \
		"repo", CLI_TEXT, "DIR", "GAPFERRY_REPO", true, "the repository" \
	}

const struct cli_option verb_options_handover[] = {
	REPO,
	{ "to", CLI_TEXT, "WHO", NULL, true, "who has the medium from now on" },
	MEDIUM_OPTIONS,
	CLI_OPTIONS_END,
};

const struct cli_option verb_options_ledger_show[] = {
	REPO,
	{ "bundle", CLI_TEXT, "NAME", NULL, false, "only records of this bundle" },
	CLI_OPTIONS_END,
};

const struct cli_option verb_options_custody[] = {
	REPO,
	{ "bundle", CLI_TEXT, "NAME", NULL, false, "only this bundle" },
	{ "with", CLI_LIST, "LEDGER", NULL, false, "ledgers of other sites, laid beside ours" },
	{ "html", CLI_TEXT, "FILE", NULL, false, "also write a page for the printer" },
	CLI_OPTIONS_END,
};

const struct cli_option verb_options_gc[] = {
	REPO,
	{ "dry-run", CLI_FLAG, NULL, NULL, false, "only tell what would go" },
	{ "keep-days", CLI_TEXT, "N", NULL, false,
	  "keep what was needed in the last N days (default 0)" },
	CLI_OPTIONS_END,
};

const struct cli_option verb_options_scrub[] = {
	REPO,
	{ "heal-from", CLI_LIST, "DIR|BUNDLE", NULL, false, "where damaged objects can be had" },
	{ "max-bytes", CLI_TEXT, "SIZE", NULL, false, "stop after this much" },
	{ "older-than", CLI_TEXT, "DAYS", NULL, false, "only what was not checked for so long" },
	{ "threads", CLI_TEXT, "N", "GAPFERRY_THREADS", false, "workers (default: processors)" },
	CLI_OPTIONS_END,
};
