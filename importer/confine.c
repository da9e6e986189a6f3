#include "importer/confine.h"

#include "verifier/confine.h"

int confine_importer(const struct cli_args *args, struct error *err)
{
	static const struct confine_option paths[] = {
		{ .name = "repo", .access = SANDBOX_WRITE },
		{ .name = "receipt-out", .access = SANDBOX_WRITE },
		{ .name = "out", .access = SANDBOX_WRITE },
		{ .name = "to", .access = SANDBOX_WRITE, .verb = "media unstream" },
		{ .name = "output", .access = SANDBOX_WRITE, .reach = CONFINE_BESIDE },
		{ .name = "html", .access = SANDBOX_WRITE, .reach = CONFINE_BESIDE },
		{ .name = "trust", .access = SANDBOX_READ },
		{ .name = "receipt-key", .access = SANDBOX_READ },
		{ .name = "key", .access = SANDBOX_READ },
		{ .name = "override", .access = SANDBOX_READ },
		{ .name = "microsoft-roots", .access = SANDBOX_READ },
		{ .name = "with", .access = SANDBOX_READ },
		{ .name = "heal-from", .access = SANDBOX_READ },
		{ .name = NULL },
	};

	return confine_to(args, SANDBOX_STORE, paths, err);
}
