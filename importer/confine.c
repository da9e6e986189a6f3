#include "importer/confine.h"

#include "verifier/confine.h"

#include <stdbool.h>
#include <string.h>

/* Keys in tokens are used by code that others wrote, and through files and sockets of theirs. */
static bool uses_token(const struct cli_args *args)
{
	static const char *const options[] = { "key", "receipt-key" };

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *key = cli_text(args, options[i]);

		if (key && strncmp(key, "pkcs11:", 7) == 0)
			return true;
	}
	return false;
}

int confine_importer(const struct cli_args *args, struct error *err)
{
	static const struct confine_option paths[] = {
		{ "repo", SANDBOX_WRITE },
		{ "receipt-out", SANDBOX_WRITE },
		{ "out", SANDBOX_WRITE },
		{ "to", SANDBOX_WRITE },
		{ "output", SANDBOX_WRITE },
		{ "html", SANDBOX_WRITE },
		{ "trust", SANDBOX_READ },
		{ "receipt-key", SANDBOX_READ },
		{ "key", SANDBOX_READ },
		{ "override", SANDBOX_READ },
		{ "microsoft-roots", SANDBOX_READ },
		{ "with", SANDBOX_READ },
		{ "heal-from", SANDBOX_READ },
		{ NULL, SANDBOX_READ },
	};

	return confine_to(args, uses_token(args) ? SANDBOX_SIGN : SANDBOX_STORE, paths, err);
}
