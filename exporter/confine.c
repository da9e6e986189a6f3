#include "exporter/confine.h"

#include "verifier/confine.h"

#include <string.h>

#define READS(option)          \
	{                      \
		.name = option \
	}
#define WRITES(option, of)                                          \
	{                                                           \
		.name = option, .access = SANDBOX_WRITE, .verb = of \
	}
#define SAVES(option, of)                                                                    \
	{                                                                                    \
		.name = option, .access = SANDBOX_WRITE, .verb = of, .reach = CONFINE_BESIDE \
	}

int confine_exporter(const struct cli_args *args, struct error *err)
{
	static const struct confine_option paths[] = {
		WRITES("repo", NULL),
		WRITES("out", NULL),
		SAVES("out", "log"),
		SAVES("out", "media image"),
		WRITES("to", "override"),
		{ .name = "to", .access = SANDBOX_WRITE, .verb = "media", .reach = CONFINE_MEDIUM },
		WRITES("", "approve"), /* sigs/ of the bundle */
		WRITES("", "sign"),
		SAVES("export-tbs", NULL),
		SAVES("html", NULL),
		WRITES("trust", "trust"),
		READS("trust"),
		READS("key"),
		READS("certificate"),
		READS("root"),
		READS("builder"),
		READS("approver"),
		READS("importer"),
		READS("add-root"),
		READS("add-builder"),
		READS("add-approver"),
		READS("add-importer"),
		READS("base"),
		READS("content"),
		READS("microsoft-roots"),
		READS("selection"),
		READS("with"),
		READS("heal-from"),
		READS("tbs"),
		READS("import-sig"),
		READS("need"),
		READS("checkpoint"),
		{ .name = NULL },
	};
	bool tool = strcmp(args->verb->name, "media image") == 0;

	return confine_to(args, tool ? SANDBOX_TOOL : SANDBOX_STORE, paths, err);
}
