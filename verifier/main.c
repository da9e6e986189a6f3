/*
 * gapferry-verify: the auditor's program.  Reads media, writes nothing but a proof that it is asked
 * for, opens no socket.
 */
#include "verifier/commands.h"
#include "verifier/confine.h"

static const struct cli_option options[] = {
	{ "trust", CLI_TEXT, "DIR", "GAPFERRY_TRUST", true,
	  "the trust directory, obtained out of band" },
	{ "volume", CLI_LIST, "FILE", NULL, false, "check these volumes alone, by their chunks" },
	{ "object", CLI_TEXT, "SHA256", NULL, false, "check one object alone" },
	{ "chunks", CLI_FLAG, NULL, NULL, false,
	  "also check every chunk, as the auditor's card does" },
	{ "threads", CLI_TEXT, "N", "GAPFERRY_THREADS", false, "workers (default: processors)" },
	CLI_OPTIONS_END,
};

static const struct cli_option trust_options[] = {
	{ "trust", CLI_TEXT, "DIR", "GAPFERRY_TRUST", true,
	  "the trust directory, obtained out of band" },
	CLI_OPTIONS_END,
};

static const struct cli_option ledger_options[] = {
	{ "head", CLI_TEXT, "SHA256", NULL, false, "a head written down before: must be in it" },
	CLI_OPTIONS_END,
};

static const struct cli_option proof_options[] = {
	{ "trust", CLI_TEXT, "DIR", "GAPFERRY_TRUST", true,
	  "the trust directory, obtained out of band" },
	{ "make", CLI_TEXT, "FILE", NULL, false, "FILE is made, from a bundle" },
	{ "object", CLI_TEXT, "SHA256", NULL, false, "with --make: which object" },
	{ "log", CLI_TEXT, "PROOF", NULL, false,
	  "with --make: what gapferry-export log prove says of the bundle" },
	CLI_OPTIONS_END,
};

static const struct cli_verb verbs[] = {
	{ "verify", "DIR [DIR...]", 1, CLI_OPERANDS_MAX, options,
	  "Check a bundle: signatures, tables, every byte of every volume.", cmd_verify },
	{ "list", "DIR", 1, 1, trust_options,
	  "check signatures and tables and list the objects; contents are not read", cmd_list },
	{ "show", "DIR", 1, 1, trust_options,
	  "check signatures and tables and show who signed what; contents are not read", cmd_show },
	{ "proof", "FILE [OBJECT]", 1, 2, proof_options,
	  "check the proof of one object without its bundle, or make it", cmd_proof },
	{ "log", "GROWTH CHECKPOINT", 2, 2, trust_options,
	  "check that the export log only grew since an older checkpoint", cmd_log },
	{ "ledger", "FILE", 1, 1, ledger_options, "prove the chain of a ledger", cmd_ledger },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};

static int confine(const struct cli_args *args, struct error *err)
{
	static const struct confine_option paths[] = {
		{ .name = "trust" },
		{ .name = "volume" },
		{ .name = "log" },
		{ .name = "make", .access = SANDBOX_WRITE, .reach = CONFINE_BESIDE },
		{ .name = NULL },
	};

	return confine_to(args, cli_text(args, "make") ? SANDBOX_STORE : SANDBOX_READER, paths,
			  err);
}

int main(int argc, char **argv)
{
	static const struct cli_program program = {
		.name = "gapferry-verify",
		.summary = "The auditor's side of gapferry.",
		.verbs = verbs,
		.single = true,
		.confine = confine,
	};

	return cli_main(&program, argc, argv);
}
