#include "verifier/confine.h"

#include "lib/base/error.h"
#include "verifier/prover.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add(struct confine_places *p, const char *path, enum sandbox_access access)
{
	if (path && p->count < CONFINE_PLACES_MAX)
		p->items[p->count++] = (struct sandbox_place){ path, access };
}

/*
 * A rule holds for the directory that is there now.  Where a person is asked for the next medium
 * it comes in its place, so the directory it is mounted in counts.
 */
static void add_above(struct confine_places *p, const char *operand, char above[PATH_MAX])
{
	size_t len = strlen(operand);

	while (len > 1 && operand[len - 1] == '/')
		len--;
	while (len > 0 && operand[len - 1] != '/')
		len--;
	if ((size_t)snprintf(above, PATH_MAX, "%.*s.", (int)len, operand) < PATH_MAX)
		add(p, above, SANDBOX_READ);
}

void confine_collect(const struct cli_args *args, const struct confine_option *options,
		     bool attended, struct confine_places *out)
{
	const char *values[CLI_VALUES_MAX];

	out->count = 0;
	for (size_t i = 0; i < args->operand_count; i++) {
		add(out, args->operands[i], SANDBOX_READ);
		if (attended)
			add_above(out, args->operands[i], out->above[i]);
	}
	for (; options->name; options++) {
		size_t count = cli_list(args, options->name, values, CLI_VALUES_MAX);

		for (size_t i = 0; i < count; i++)
			add(out, values[i], options->access);
		/* or its environment */
		if (count == 0)
			add(out, cli_text(args, options->name), options->access);
	}
}

int confine_to(const struct cli_args *args, enum sandbox_role role,
	       const struct confine_option *options, struct error *err)
{
	struct confine_places places;

	confine_collect(args, options, role == SANDBOX_STORE && isatty(STDIN_FILENO), &places);
	/* Which files the module of a token needs only its maker knows. */
	if (role == SANDBOX_SIGN)
		add(&places, "/", SANDBOX_WRITE);
	return sandbox_enter(role, places.items, places.count, err);
}

struct prover *confine_prover(const struct cli_args *args, struct error *err)
{
	static const struct confine_option paths[] = {
		{ "repo", SANDBOX_READ },     { "trust", SANDBOX_READ },
		{ "override", SANDBOX_READ }, { "heal-from", SANDBOX_READ },
		{ "base", SANDBOX_READ },     { NULL, SANDBOX_READ },
	};
	struct confine_places places;

	confine_collect(args, paths, isatty(STDIN_FILENO), &places);
	return prover_start(places.items, places.count, err);
}
