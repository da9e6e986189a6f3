#include "verifier/confine.h"

#include "lib/base/error.h"
#include "lib/crypto/key.h"
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
 * it comes in its place, so the directory it is mounted in counts; where a file is saved, its
 * name is another one first.
 */
static void add_above(struct confine_places *p, const char *path, enum sandbox_access access)
{
	size_t len = path ? strlen(path) : 0;

	if (len == 0 || p->above_count == CONFINE_ABOVE_MAX)
		return;
	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	char *above = p->above[p->above_count];
	if ((size_t)snprintf(above, PATH_MAX, "%.*s.", (int)len, path) >= PATH_MAX)
		return;
	p->above_count++;
	add(p, above, access);
}

static void add_values(struct confine_places *p, const char *const *values, size_t count,
		       const struct confine_option *o, bool attended)
{
	for (size_t i = 0; i < count; i++) {
		add(p, values[i], o->access);
		if (o->reach == CONFINE_BESIDE || (o->reach == CONFINE_MEDIUM && attended))
			add_above(p, values[i], o->access);
	}
}

/* Of an option, from the command line or else its environment; NULL counts. */
static size_t values_of(const struct cli_args *args, const char *option,
			const char *values[CLI_VALUES_MAX])
{
	size_t count = cli_list(args, option, values, CLI_VALUES_MAX);

	if (count == 0)
		values[count++] = cli_text(args, option);
	return count;
}

void confine_collect(const struct cli_args *args, const struct confine_option *options,
		     bool attended, struct confine_places *out)
{
	static const struct confine_option operands = { "", SANDBOX_READ, NULL, CONFINE_MEDIUM };
	const char *values[CLI_VALUES_MAX];

	out->count = 0;
	out->above_count = 0;
	add_values(out, args->operands, args->operand_count, &operands, attended);
	for (; options->name; options++) {
		if (options->verb &&
		    strncmp(args->verb->name, options->verb, strlen(options->verb)) != 0)
			continue;
		if (!*options->name) {
			add_values(out, args->operands, args->operand_count, options, attended);
			continue;
		}
		add_values(out, values, values_of(args, options->name, values), options, attended);
	}
}

/* A key in a token is used by code that others wrote, with files and sockets of theirs. */
static bool uses_token(const struct cli_args *args)
{
	static const char *const options[] = { "key", "receipt-key" };
	const char *keys[CLI_VALUES_MAX];

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		size_t count = values_of(args, options[i], keys);

		for (size_t k = 0; k < count; k++)
			if (keys[k] && key_is_uri(keys[k]))
				return true;
	}
	return false;
}

int confine_to(const struct cli_args *args, enum sandbox_role role,
	       const struct confine_option *options, struct error *err)
{
	struct confine_places places;

	confine_collect(args, options, role == SANDBOX_STORE && isatty(STDIN_FILENO), &places);
	/* Which files the module of a token needs only its maker knows. */
	if (role == SANDBOX_STORE && uses_token(args)) {
		role = SANDBOX_SIGN;
		add(&places, "/", SANDBOX_WRITE);
	}
	return sandbox_enter(role, places.items, places.count, err);
}

/* What is looked at by a process that writes nothing. */
static void collect_to_prove(const struct cli_args *args, struct confine_places *out)
{
	static const struct confine_option paths[] = {
		{ .name = "repo" },
		{ .name = "trust" },
		{ .name = "override" },
		{ .name = "heal-from" },
		{ .name = "base" },
		{ .name = "checkpoint" },
		{ .name = "tbs" },
		{ .name = "import-sig" },
		/* what is there so far */
		{ .name = "to", .verb = "override" },
		{ .name = "to", .verb = "media unstream" },
		{ .name = NULL },
	};

	confine_collect(args, paths, isatty(STDIN_FILENO), out);
}

int confine_start(const struct cli_args *args, int (*run)(void *ctx, int fd), void *ctx,
		  struct sandbox_process *out, struct error *err)
{
	struct confine_places places;

	collect_to_prove(args, &places);
	return sandbox_start(&(struct sandbox_child){ .role = SANDBOX_PROVE,
						      .places = places.items,
						      .count = places.count,
						      .run = run,
						      .ctx = ctx },
			     out, err);
}

struct prover *confine_prover(const struct cli_args *args, struct error *err)
{
	struct confine_places places;

	collect_to_prove(args, &places);
	return prover_start(places.items, places.count, err);
}
