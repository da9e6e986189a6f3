/*
 * The command line of every program: a table of verbs, options in any order,
 * one place that prints results and failures and chooses the exit status.
 *
 * Results go to stdout (text, or one JSON document with --json), everything
 * else to stderr.  DESIGN: flag, then GAPFERRY_* environment, then default.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum cli_kind {
	CLI_FLAG, /* present or not */
	CLI_TEXT, /* one value, given at most once */
	CLI_LIST, /* one or more values, up to the next option; may be repeated */
};

struct cli_option {
	const char *name; /* without the dashes */
	enum cli_kind kind;
	const char *value;       /* what the value is called in the help; NULL for flags */
	const char *environment; /* GAPFERRY_X consulted when the option is absent, or NULL */
	bool required;
	const char *help;
};

/* The last row of a table of options. */
#define CLI_OPTIONS_END      \
	{                    \
		.name = NULL \
	}

enum { CLI_VALUES_MAX = 256, CLI_OPERANDS_MAX = 16 };

/* A parsed command line.  Borrowed by the verb for the length of its run. */
struct cli_args {
	const struct cli_program *program;
	const struct cli_verb *verb;
	const char *operands[CLI_OPERANDS_MAX];
	size_t operand_count;
	struct {
		const struct cli_option *option;
		const char *value;
	} values[CLI_VALUES_MAX];
	size_t value_count;
	bool json;
};

struct cli_verb {
	const char *name;     /* one or two words: "import", "key new" */
	const char *operands; /* as shown in the help: "CHANNEL" */
	size_t operands_min, operands_max;
	const struct cli_option *options; /* ends with a row whose name is NULL; may be NULL */
	const char *help;
	/* Returns an exit status (0, or CLI_FINDINGS), or -1 with err set. */
	int (*run)(const struct cli_args *args, struct error *err);
};

/* Exit status 2: done, with findings that need attention (docs/OPERATIONS.md). */
enum { CLI_FINDINGS = 2 };

struct cli_program {
	const char *name;
	const char *summary;
	const struct cli_option *options; /* valid with every verb; may be NULL */
	const struct cli_verb *verbs;     /* ends with a row whose name is NULL */
	bool single;                      /* the first verb needs no word: it is the program */
	/*
	 * Called with the complete command line before the verb, or by the verb itself when it is
	 * in starts; may be NULL.  -1 with err set when the verb must not run.
	 */
	int (*confine)(const struct cli_args *args, struct error *err);
	/* run() of the verbs that start processes before they call confine(); ends with NULL. */
	int (*const *starts)(const struct cli_args *args, struct error *err);
};

/* Parses, runs the verb, prints a failure once; the result is for main() to return. */
int cli_main(const struct cli_program *program, int argc, char **argv) __attribute__((nonnull));

/* The value of an option, from the command line or its environment variable; NULL when absent. */
const char *cli_text(const struct cli_args *args, const char *option) __attribute__((nonnull));
bool cli_flag(const struct cli_args *args, const char *option) __attribute__((nonnull));

/* The values of a CLI_LIST option: writes up to max pointers, returns how many there are. */
size_t cli_list(const struct cli_args *args, const char *option, const char **out, size_t max)
	__attribute__((nonnull));

/* A number in [low, high]; fallback when the option is absent; -1 with USAGE when malformed. */
int cli_number(const struct cli_args *args, const char *option, uint64_t low, uint64_t high,
	       uint64_t fallback, uint64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Print a JSON document and a newline on stdout, sorted keys, and release it. */
void cli_print_json(json_t *document) __attribute__((nonnull));

/* A line for the person at the terminal, on stderr, prefixed with the program name. */
void cli_note(const struct cli_args *args, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(1, 2)));

#endif
