#include "lib/cli/cli.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"

#include <assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct cli_option common_options[] = {
	{ "json", CLI_FLAG, NULL, NULL, false, "print the result as one JSON document" },
	{ "help", CLI_FLAG, NULL, NULL, false, "show this help" },
	{ "version", CLI_FLAG, NULL, NULL, false, "show the version" },
	CLI_OPTIONS_END,
};

static const struct cli_option *find(const struct cli_option *options, const char *name, size_t len)
{
	for (; options && options->name; options++)
		if (strlen(options->name) == len && memcmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

/* An option by name, among those of the verb (may be NULL), the program and everybody. */
static const struct cli_option *lookup(const struct cli_program *program,
				       const struct cli_verb *verb, const char *name, size_t len)
{
	const struct cli_option *o = verb ? find(verb->options, name, len) : NULL;

	if (!o)
		o = find(program->options, name, len);
	return o ? o : find(common_options, name, len);
}

/* ---- help ---- */

static void print_options(const struct cli_option *options)
{
	for (; options && options->name; options++) {
		char left[64];

		snprintf(left, sizeof left, "--%s%s%s%s", options->name, options->value ? " " : "",
			 options->value ? options->value : "",
			 options->kind == CLI_LIST ? "..." : "");
		printf("  %-28s %s%s", left, options->help, options->required ? " (required)" : "");
		if (options->environment)
			printf(" [%s]", options->environment);
		printf("\n");
	}
}

static void print_verbs(const struct cli_verb *verbs)
{
	for (const struct cli_verb *v = verbs; v->name; v++) {
		char left[64];

		snprintf(left, sizeof left, "%s%s%s", v->name, v->operands ? " " : "",
			 v->operands ? v->operands : "");
		printf("  %-36s %s\n", left, v->help);
	}
}

static void print_verb_help(const struct cli_program *program, const struct cli_verb *verb)
{
	bool named = !program->single || verb != program->verbs;

	printf("usage: %s%s%s%s%s [options]\n\n%s\n\n", program->name, named ? " " : "",
	       named ? verb->name : "", verb->operands ? " " : "",
	       verb->operands ? verb->operands : "", verb->help);
	print_options(verb->options);
}

static void print_help(const struct cli_program *program, const struct cli_verb *verb)
{
	if (verb) {
		print_verb_help(program, verb);
	} else if (program->single) {
		print_verb_help(program, program->verbs);
	} else {
		printf("usage: %s [options] VERB ...\n\n%s\n\n", program->name, program->summary);
		print_verbs(program->verbs);
		printf("\n%s VERB --help tells more.  Options of every verb:\n", program->name);
	}
	print_options(program->options);
	print_options(common_options);
	if (!verb && program->single && program->verbs[1].name) {
		printf("\nor, as the first word (%s VERB --help tells more):\n\n", program->name);
		print_verbs(program->verbs + 1);
	}
}

/* ---- parsing ---- */

static int add_value(struct cli_args *args, const struct cli_option *option, const char *value,
		     struct error *err)
{
	if (option->kind != CLI_LIST)
		for (size_t i = 0; i < args->value_count; i++)
			if (args->values[i].option == option)
				return error_set(err, ERROR_USAGE, "--%s given twice",
						 option->name);
	if (args->value_count == CLI_VALUES_MAX)
		return error_set(err, ERROR_USAGE, "more than %d option values", CLI_VALUES_MAX);
	args->values[args->value_count].option = option;
	args->values[args->value_count++].value = value;
	return 0;
}

/*
 * One option at argv[*i].  Leaves *i at the last word it used.
 */
static int parse_option(const struct cli_program *program, struct cli_args *args, int argc,
			char **argv, int *i, struct error *err)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct cli_option *option = lookup(program, args->verb, name, len);

	if (!option)
		return error_set(err, ERROR_USAGE, "unknown option --%.*s", (int)len, name);
	if (option->kind == CLI_FLAG) {
		if (equals)
			return error_set(err, ERROR_USAGE, "--%s takes no value", option->name);
		return add_value(args, option, "", err);
	}
	if (equals)
		return add_value(args, option, equals + 1, err);
	if (*i + 1 >= argc)
		return error_set(err, ERROR_USAGE, "--%s needs a value", option->name);
	if (add_value(args, option, argv[++*i], err) < 0)
		return -1;
	while (option->kind == CLI_LIST && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
		if (add_value(args, option, argv[++*i], err) < 0)
			return -1;
	return 0;
}

/* The verb whose one or two words stand first among the operands, or NULL. */
static const struct cli_verb *match_verb(const struct cli_program *program,
					 const struct cli_args *args)
{
	for (const struct cli_verb *v = program->verbs + program->single; v->name; v++) {
		const char *space = strchr(v->name, ' ');
		size_t words = space ? 2 : 1;
		size_t first = space ? (size_t)(space - v->name) : strlen(v->name);

		if (args->operand_count < words || strlen(args->operands[0]) != first ||
		    memcmp(args->operands[0], v->name, first) != 0)
			continue;
		if (!space || strcmp(args->operands[1], space + 1) == 0)
			return v;
	}
	return program->single ? program->verbs : NULL;
}

/* How many words of the command line name the verb. */
static size_t verb_words(const struct cli_program *program, const struct cli_verb *verb)
{
	if (program->single && verb == program->verbs)
		return 0;
	return strchr(verb->name, ' ') ? 2 : 1;
}

/* An option of whichever verb knows it: good enough to tell whether a value follows. */
static const struct cli_option *lookup_anywhere(const struct cli_program *program, const char *name,
						size_t len)
{
	const struct cli_option *o = lookup(program, NULL, name, len);

	for (const struct cli_verb *v = program->verbs; !o && v->name; v++)
		o = find(v->options, name, len);
	return o;
}

/*
 * Which verb the words name decides which options exist, and options may stand
 * before the verb: so the verb is found first, taking every word that is not an
 * option and not the value of one.
 */
static int find_verb(const struct cli_program *program, struct cli_args *args, int argc,
		     char **argv, struct error *err)
{
	for (int i = 1; i < argc && args->operand_count < 2; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			args->operands[args->operand_count++] = argv[i];
			continue;
		}
		if (args->operand_count > 0)
			break;
		const char *equals = strchr(argv[i], '=');
		const struct cli_option *o = lookup_anywhere(program, argv[i] + 2,
							     equals ? (size_t)(equals - argv[i] - 2)
								    : strlen(argv[i] + 2));
		if (o && o->kind != CLI_FLAG && !equals)
			i++;
	}
	if (args->operand_count == 0 && !program->single)
		return error_set(err, ERROR_USAGE, "no verb given");
	args->verb = match_verb(program, args);
	assert(args->verb || args->operands[0]); /* a single program always has one */
	if (!args->verb)
		return error_set(err, ERROR_USAGE, "unknown verb '%s'", args->operands[0]);
	args->operand_count = 0;
	return 0;
}

static int parse(const struct cli_program *program, struct cli_args *args, int argc, char **argv,
		 struct error *err)
{
	assert(args->verb); /* find_verb() found one */
	size_t words = verb_words(program, args->verb);

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) == 0) {
			if (parse_option(program, args, argc, argv, &i, err) < 0)
				return -1;
		} else if (words > 0) {
			words--;
		} else {
			if (args->operand_count == CLI_OPERANDS_MAX)
				return error_set(err, ERROR_USAGE, "too many arguments");
			args->operands[args->operand_count++] = argv[i];
		}
	}
	return 0;
}

/* Results repeat what was given as JSON, which is UTF-8. */
static int check_text(const struct cli_args *args, struct error *err)
{
	for (size_t i = 0; i < args->operand_count + args->value_count; i++) {
		const char *text = i < args->operand_count
					   ? args->operands[i]
					   : args->values[i - args->operand_count].value;
		json_t *probe = json_string(text);

		if (!probe)
			return error_set(err, ERROR_USAGE, "argument '%s' is not UTF-8", text);
		json_decref(probe);
	}
	return 0;
}

static int check_complete(const struct cli_program *program, const struct cli_args *args,
			  struct error *err)
{
	const struct cli_option *tables[] = { args->verb->options, program->options };

	if (args->operand_count < args->verb->operands_min)
		return error_set(err, ERROR_USAGE, "missing argument: %s", args->verb->operands);
	if (args->operand_count > args->verb->operands_max)
		return error_set(err, ERROR_USAGE, "unexpected argument '%s'",
				 args->operands[args->verb->operands_max]);
	for (size_t t = 0; t < 2; t++)
		for (const struct cli_option *o = tables[t]; o && o->name; o++)
			if (o->required && !cli_text(args, o->name))
				return error_set(err, ERROR_USAGE, "missing option --%s %s",
						 o->name, o->value);
	return 0;
}

/* ---- values ---- */

static const struct cli_option *environment_option(const struct cli_args *args, const char *name)
{
	const struct cli_option *o = find(args->verb->options, name, strlen(name));

	return o ? o : find(args->program->options, name, strlen(name));
}

const char *cli_text(const struct cli_args *args, const char *option)
{
	for (size_t i = 0; i < args->value_count; i++)
		if (strcmp(args->values[i].option->name, option) == 0)
			return args->values[i].value;
	const struct cli_option *o = environment_option(args, option);
	const char *value = o && o->environment ? getenv(o->environment) : NULL;
	return value && *value ? value : NULL;
}

bool cli_flag(const struct cli_args *args, const char *option)
{
	return cli_text(args, option) != NULL;
}

size_t cli_list(const struct cli_args *args, const char *option, const char **out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < args->value_count; i++) {
		if (strcmp(args->values[i].option->name, option) != 0)
			continue;
		if (count < max)
			out[count] = args->values[i].value;
		count++;
	}
	return count;
}

int cli_number(const struct cli_args *args, const char *option, uint64_t low, uint64_t high,
	       uint64_t fallback, uint64_t *out, struct error *err)
{
	const char *text = cli_text(args, option);

	*out = fallback;
	if (!text)
		return 0;
	if (!str_to_u64(text, strlen(text), high, out) || *out < low)
		return error_set(err, ERROR_NUMBER, "--%s %s: not a number from %llu to %llu",
				 option, text, (unsigned long long)low, (unsigned long long)high);
	return 0;
}

/* ---- output ---- */

void cli_print_json(json_t *document)
{
	json_dumpf(document, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	printf("\n");
	json_decref(document);
}

void cli_note(const struct cli_args *args, const char *fmt, ...)
{
	va_list ap;

	progress_clear_line();
	fprintf(stderr, "%s: ", args->program->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static int report_failure(const struct cli_args *args, const struct error *err)
{
	int status = error_exit_status(err->class);

	progress_clear_line();
	fprintf(stderr, "%s: %s: %s\n%s: next step: %s\n", args->program->name,
		error_id_text(err->id), err->message, args->program->name,
		error_next_step(err->id));
	if (args->json)
		cli_print_json(json_pack("{s:{s:s, s:s, s:s, s:i}}", "error", "id",
					 error_id_text(err->id), "message", err->message,
					 "next_step", error_next_step(err->id), "exit_status",
					 status));
	return status;
}

/* What the system does by itself must not end us without a message or in the middle. */
static void prepare_process(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit files;

	/* A file over the limit of the shell is a full disk: EFBIG, exit status 7. */
	(void)sigaction(SIGXFSZ, &ignore, NULL); /* cannot fail for a signal that exists */
	/* Every volume of a bundle, every connection of the server: most shells allow 1024 files.
	 */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files); /* few volumes or clients need no more */
	}
}

static bool starts(const struct cli_program *program, const struct cli_verb *verb)
{
	for (size_t i = 0; program->starts && program->starts[i]; i++)
		if (program->starts[i] == verb->run)
			return true;
	return false;
}

int cli_main(const struct cli_program *program, int argc, char **argv)
{
	struct cli_args args = { .program = program };
	struct error err = ERROR_INIT;
	bool help = argc == 2 && strcmp(argv[1], "--help") == 0;

	prepare_process();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", program->name, VERSION);
		return 0;
	}
	if (help) {
		print_help(program, NULL);
		return 0;
	}
	for (int i = 1; i < argc; i++)
		args.json |= strcmp(argv[i], "--json") == 0;
	if (find_verb(program, &args, argc, argv, &err) < 0 ||
	    parse(program, &args, argc, argv, &err) < 0 || check_text(&args, &err) < 0)
		return report_failure(&args, &err);
	if (cli_flag(&args, "help")) {
		print_help(program, args.verb);
		return 0;
	}
	if (check_complete(program, &args, &err) < 0)
		return report_failure(&args, &err);
	if (program->confine && !starts(program, args.verb) && program->confine(&args, &err) < 0)
		return report_failure(&args, &err);
	int status = args.verb->run(&args, &err);
	if (status < 0)
		return report_failure(&args, &err);
	if (fflush(stdout) != 0) {
		error_set_errno(&err, ERROR_FILE_WRITE, "standard output: cannot write the result");
		return report_failure(&args, &err);
	}
	if (ferror(stdout)) {
		error_set(&err, ERROR_FILE_WRITE, "standard output: cannot write the result");
		return report_failure(&args, &err);
	}
	return status;
}
