#include "verifier/confine.h"

#include "lib/base/error.h"

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

int confine_to(const struct cli_args *args, enum sandbox_role role,
	       const struct confine_option *options, struct error *err)
{
	struct places places = { .count = 0 };
	const char *values[CLI_VALUES_MAX];

	for (size_t i = 0; i < args->operand_count; i++)
		add(&places, args->operands[i], SANDBOX_READ);
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
