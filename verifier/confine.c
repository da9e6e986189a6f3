#include "verifier/confine.h"

#include "lib/base/error.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PLACES_MAX = CLI_VALUES_MAX + CLI_OPERANDS_MAX + 16 };

struct places {
	struct sandbox_place items[PLACES_MAX];
	size_t count;
};

static void add(struct places *p, const char *path, enum sandbox_access access)
{
	if (path && p->count < PLACES_MAX)
		p->items[p->count++] = (struct sandbox_place){ path, access };
}

/*
 * A rule holds for the directory that is there now.  Where a person is asked for the next medium
 * it comes in its place, so the directory it is mounted in counts.
 */
static void add_above(struct places *p, const char *operand, char above[PATH_MAX])
{
	size_t len = strlen(operand);

	while (len > 1 && operand[len - 1] == '/')
		len--;
	while (len > 0 && operand[len - 1] != '/')
		len--;
	if ((size_t)snprintf(above, PATH_MAX, "%.*s.", (int)len, operand) < PATH_MAX)
		add(p, above, SANDBOX_READ);
}

int confine_to(const struct cli_args *args, enum sandbox_role role,
	       const struct confine_option *options, struct error *err)
{
	struct places places = { .count = 0 };
	const char *values[CLI_VALUES_MAX];
	char above[CLI_OPERANDS_MAX][PATH_MAX];

	for (size_t i = 0; i < args->operand_count; i++)
		add(&places, args->operands[i], SANDBOX_READ);
	if (role == SANDBOX_STORE && isatty(STDIN_FILENO))
		for (size_t i = 0; i < args->operand_count; i++)
			add_above(&places, args->operands[i], above[i]);
	/* Which files the module of a token needs only its maker knows. */
	if (role == SANDBOX_SIGN)
		add(&places, "/", SANDBOX_WRITE);
	for (; options->name; options++) {
		size_t count = cli_list(args, options->name, values, CLI_VALUES_MAX);

		for (size_t i = 0; i < count; i++)
			add(&places, values[i], options->access);
		/* or its environment */
		if (count == 0)
			add(&places, cli_text(args, options->name), options->access);
	}
	return sandbox_enter(role, places.items, places.count, err);
}
