#include "lib/cli/cli.h"

#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the verb saw, as text: "key new|name=v|list=a,b|number=7|flag|op1,op2". */
static char seen[1024];

static int run(const struct cli_args *args, struct error *err)
{
	const char *list[8], *name = cli_text(args, "name");
	size_t count = cli_list(args, "list", list, 8), n;
	uint64_t number;

	if (cli_number(args, "number", 5, 1000, 7, &number, err) < 0)
		return -1;
	n = (size_t)snprintf(seen, sizeof seen, "%s|%s|", args->verb->name, name ? name : "-");
	for (size_t i = 0; i < count && i < 8; i++)
		n += (size_t)snprintf(seen + n, sizeof seen - n, "%s%s", i ? "," : "", list[i]);
	n += (size_t)snprintf(seen + n, sizeof seen - n, "|%llu|%s%s|", (unsigned long long)number,
			      cli_flag(args, "flag") ? "flag" : "", args->json ? "json" : "");
	for (size_t i = 0; i < args->operand_count; i++)
		n += (size_t)snprintf(seen + n, sizeof seen - n, "%s%s", i ? "," : "",
				      args->operands[i]);
	return 0;
}

static int run_find(const struct cli_args *args, struct error *err)
{
	(void)args, (void)err;
	return CLI_FINDINGS;
}

static int run_fail(const struct cli_args *args, struct error *err)
{
	uint64_t id;

	if (cli_number(args, "number", 1, ERROR_IDS_ - 1, 1, &id, err) < 0)
		return -1;
	return error_set(err, (enum error_id)id, "as asked");
}

static const struct cli_option common[] = {
	{ "repo", CLI_TEXT, "DIR", "GAPFERRY_TEST_REPO", false, "where" },
	{ .name = NULL },
};

static const struct cli_option options[] = {
	{ "name", CLI_TEXT, "NAME", "GAPFERRY_TEST_NAME", false, "a name" },
	{ "number", CLI_TEXT, "N", NULL, false, "a number" },
	{ "list", CLI_LIST, "FILE", NULL, false, "files" },
	{ "flag", CLI_FLAG, NULL, NULL, false, "a flag" },
	{ .name = NULL },
};

static const struct cli_option needed[] = {
	{ "name", CLI_TEXT, "NAME", "GAPFERRY_TEST_NAME", true, "a name" },
	{ .name = NULL },
};

static const struct cli_verb verbs[] = {
	{ "key new", NULL, 0, 0, options, "two words", run },
	{ "key", "WHAT", 1, 1, options, "one word", run },
	{ "one", "[A [B]]", 0, 2, options, "one", run },
	{ "many", "A...", 0, CLI_OPERANDS_MAX, options, "as many as there can be", run },
	{ "must", NULL, 0, 0, needed, "needs a name", run },
	{ "find", NULL, 0, 0, NULL, "finds", run_find },
	{ "fail", NULL, 0, 0, options, "fails", run_fail },
	{ .name = NULL },
};

static const struct cli_program program = {
	.name = "tool", .summary = "does things", .options = common, .verbs = verbs
};
static const struct cli_program single = {
	.name = "tool",
	.summary = "does one thing",
	.options = common,
	.verbs = verbs + 2,
	.single = true,
};

/* Standard output and error go to files while the program runs. */
struct captured {
	char out[4096], err[4096];
};

static void capture(int fd, int *saved, FILE **file)
{
	*file = tmpfile();
	*saved = dup(fd);
	assert_int_equal(dup2(fileno(*file), fd), fd);
}

static void release(int fd, int saved, FILE *file, char *text, size_t size)
{
	fflush(NULL);
	assert_int_equal(dup2(saved, fd), fd);
	close(saved);
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

/* Runs the words of line, separated by '|'; '~' is an empty word. */
static int run_line(const struct cli_program *p, const char *line, struct captured *c)
{
	char text[4096], name[] = "tool", empty[] = "", *argv[512] = { name };
	int argc = 1, saved_out, saved_err;
	FILE *out, *err;

	snprintf(text, sizeof text, "%s", line);
	for (char *at = text; *at && argc < 512; argc++) {
		char *end = strchr(at, '|');

		argv[argc] = strcmp(at, "~") == 0 ? empty : at;
		if (end)
			*end = '\0';
		if (strcmp(at, "~") == 0)
			argv[argc] = empty;
		at = end ? end + 1 : at + strlen(at);
	}
	seen[0] = '\0';
	capture(1, &saved_out, &out);
	capture(2, &saved_err, &err);
	int status = cli_main(p, argc, argv);
	release(1, saved_out, out, c->out, sizeof c->out);
	release(2, saved_err, err, c->err, sizeof c->err);
	return status;
}

static void lines_reach_their_verb(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "one", "one|-||7||" },
		{ "one|a|b", "one|-||7||a,b" },
		{ "key|new", "key new|-||7||" },
		{ "key|old", "key|-||7||old" },
		{ "--name|v|key|new", "key new|v||7||" },
		{ "key|new|--name|v", "key new|v||7||" },
		{ "one|--name=v=w|x", "one|v=w||7||x" },
		{ "one|--name=|x", "one|||7||x" },
		{ "one|--name|--flag", "one|--flag||7||" /* a value may look like an option */ },
		{ "one|--list|a|b|--flag|x", "one|-|a,b|7|flag|x" },
		{ "one|--list|a|--list|b|c", "one|-|a,b,c|7||" },
		{ "one|--list=a|x", "one|-|a|7||x" },
		{ "one|x|--list|a", "one|-|a|7||x" },
		{ "one|--number|5", "one|-||5||" },
		{ "one|--number|1000", "one|-||1000||" },
		{ "--json|one", "one|-||7|json|" },
		{ "one|x|--json|y", "one|-||7|json|x,y" },
		{ "--repo|key|one|x", "one|-||7||x" /* the value of an option is no verb */ },
		{ "one|~", "one|-||7||" },
		{ "many|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16",
		  "many|-||7||1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct captured c;

		if (run_line(&program, rows[i].line, &c) != 0 || strcmp(seen, rows[i].want) != 0)
			fail_msg("%s: \"%s\" %s", rows[i].line, seen, c.err);
	}
}

static void wrong_lines_are_refused(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "", "no verb given" },
		{ "--json", "no verb given" },
		{ "what", "unknown verb 'what'" },
		{ "key", "missing argument: WHAT" },
		{ "key|a|b", "unexpected argument 'b'" },
		{ "key|new|x", "unexpected argument 'x'" },
		{ "one|a|b|c", "unexpected argument 'c'" },
		{ "many|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17", "too many arguments" },
		{ "one|--", "unknown option --" },
		{ "one|--nam", "unknown option --nam" },
		{ "one|--names", "unknown option --names" },
		{ "one|--nam=e", "unknown option --nam" },
		{ "one|--=x", "unknown option --" },
		{ "one|--flag=1", "--flag takes no value" },
		{ "one|--flag|--flag", "--flag given twice" },
		{ "one|--name|a|--name|b", "--name given twice" },
		{ "one|--name", "--name needs a value" },
		{ "one|--list", "--list needs a value" },
		{ "must", "missing option --name NAME" },
		{ "find|--name|x", "unknown option --name" },
		{ "one|--number|4", "--number 4: not a number from 5 to 1000" },
		{ "one|--number|1001", "not a number" },
		{ "one|--number|010", "not a number" },
		{ "one|--number|+10", "not a number" },
		{ "one|--number|-10", "not a number" },
		{ "one|--number|10 ", "not a number" },
		{ "one|--number|0x10", "not a number" },
		{ "one|--number=", "not a number" },
		{ "one|--number|18446744073709551626", "not a number" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct captured c;
		int status = run_line(&program, rows[i].line, &c);

		if (status != 1 || !strstr(c.err, rows[i].want) || *seen)
			fail_msg("%s: exit %d, \"%s\"", rows[i].line, status, c.err);
		assert_non_null(strstr(c.err, "tool: GF-10"));
		assert_non_null(strstr(c.err, "tool: next step: "));
	}
}

static void too_many_values_are_refused(void **state)
{
	char line[4096] = "one|--list";
	struct captured c;

	(void)state;
	for (int i = 0; i < CLI_VALUES_MAX; i++)
		memcpy(line + strlen(line), "|a", 3);
	assert_int_equal(run_line(&program, line, &c), 0);
	memcpy(line + strlen(line), "|a", 3);
	assert_int_equal(run_line(&program, line, &c), 1);
	assert_non_null(strstr(c.err, "more than 256 option values"));
}

static void the_environment_stands_in_for_options(void **state)
{
	struct captured c;

	(void)state;
	assert_int_equal(setenv("GAPFERRY_TEST_NAME", "env", 1), 0);
	assert_int_equal(run_line(&program, "one", &c), 0);
	assert_string_equal(seen, "one|env||7||");
	assert_int_equal(run_line(&program, "one|--name|flag", &c), 0);
	assert_string_equal(seen, "one|flag||7||");
	assert_int_equal(run_line(&program, "must", &c), 0);
	assert_int_equal(setenv("GAPFERRY_TEST_NAME", "", 1), 0); /* empty is absent */
	assert_int_equal(run_line(&program, "must", &c), 1);
	assert_int_equal(unsetenv("GAPFERRY_TEST_NAME"), 0);
}

static void every_failure_has_its_status(void **state)
{
	(void)state;
	for (int id = 1; id < ERROR_IDS_; id++) {
		struct error want = ERROR_INIT;
		struct captured c;
		char line[64];

		error_set(&want, (enum error_id)id, "x");
		snprintf(line, sizeof line, "--json|fail|--number|%d", id);
		assert_int_equal(run_line(&program, line, &c), error_exit_status(want.class));
		json_t *document = json_loads(c.out, 0, NULL);
		const char *name, *message;
		int status;
		assert_int_equal(json_unpack(document, "{s:{s:s, s:s, s:i}}", "error", "id", &name,
					     "message", &message, "exit_status", &status),
				 0);
		assert_string_equal(name, error_id_text((enum error_id)id));
		assert_string_equal(message, "as asked");
		assert_int_equal(status, error_exit_status(want.class));
		json_decref(document);
	}
	struct captured c;
	assert_int_equal(run_line(&program, "find", &c), 2);
	assert_string_equal(c.out, "");
}

static void help_and_version_answer_on_stdout(void **state)
{
	struct captured c;

	(void)state;
	assert_int_equal(run_line(&program, "--help", &c), 0);
	assert_non_null(strstr(c.out, "key new"));
	assert_non_null(strstr(c.out, "GAPFERRY_TEST_REPO"));
	assert_int_equal(run_line(&program, "key|new|--help", &c), 0);
	assert_non_null(strstr(c.out, "usage: tool key new"));
	assert_non_null(strstr(c.out, "--list FILE..."));
	assert_int_equal(run_line(&program, "must|--help", &c), 0); /* though --name is missing */
	assert_int_equal(run_line(&program, "--version", &c), 0);
	assert_non_null(strstr(c.out, "tool " VERSION));
	assert_string_equal(c.err, "");
}

static void a_single_program_has_no_verb_word(void **state)
{
	struct captured c;

	(void)state;
	assert_int_equal(run_line(&single, "a|--name|v|b", &c), 0);
	assert_string_equal(seen, "one|v||7||a,b");
	assert_int_equal(run_line(&single, "", &c), 0);
	assert_string_equal(seen, "one|-||7||");
	assert_int_equal(run_line(&single, "--help", &c), 0);
	assert_non_null(strstr(c.out, "usage: tool [A [B]] [options]"));
	/* Further verbs have one. */
	assert_int_equal(run_line(&single, "many|a|--name|v", &c), 0);
	assert_string_equal(seen, "many|v||7||a");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_reach_their_verb),
		cmocka_unit_test(wrong_lines_are_refused),
		cmocka_unit_test(too_many_values_are_refused),
		cmocka_unit_test(the_environment_stands_in_for_options),
		cmocka_unit_test(every_failure_has_its_status),
		cmocka_unit_test(help_and_version_answer_on_stdout),
		cmocka_unit_test(a_single_program_has_no_verb_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
