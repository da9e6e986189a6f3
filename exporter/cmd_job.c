#include "exporter/commands.h"
#include "exporter/job_args.h"
#include "exporter/job_check.h"
#include "exporter/job_conf.h"
#include "exporter/job_confine.h"
#include "exporter/job_due.h"
#include "exporter/job_state.h"
#include "exporter/job_unit.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static json_t *problem_json(const struct error *problem)
{
	return json_pack("{s:s, s:s, s:s}", "id", error_id_text(problem->id), "message",
			 problem->message, "next_step", error_next_step(problem->id));
}

/* The job that was named, or all. */
static int choose(const struct cli_args *args, const struct job_args *where, struct file_list *out,
		  struct error *err)
{
	if (args->operand_count == 0)
		return job_file_names(&where->dirs, out, err);
	out->names = buf_malloc(sizeof *out->names);
	out->names[0] = buf_strdup(args->operands[0]);
	out->count = 1;
	return 0;
}

/* Where things are, which jobs are meant, and the role for it. */
static int begin(const struct cli_args *args, struct job_args *where, struct file_list *names,
		 struct error *err)
{
	return job_args_get(args, where, err) < 0 || choose(args, where, names, err) < 0
		       ? -1
		       : job_confine(where, names, err);
}

/* ---- job check ---- */

struct checking {
	const char *job;
	json_t *problems;
	struct error first;
	bool text;
};

static void on_problem(void *ctx, const struct error *problem)
{
	struct checking *c = ctx;

	if (c->first.id == ERROR_NONE)
		c->first = *problem;
	if (c->text)
		printf("job %s: problem %s: %s\n  next step: %s\n", c->job,
		       error_id_text(problem->id), problem->message, error_next_step(problem->id));
	json_array_append_new(c->problems, problem_json(problem));
}

int cmd_job_check(const struct cli_args *args, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list names = { 0 };
	struct checking c = { .first = ERROR_INIT, .text = !args->json };
	struct job_args where;

	if (begin(args, &where, &names, err) < 0)
		return -1;
	json_t *all = json_array();
	for (size_t i = 0; i < names.count; i++) {
		struct error problem = ERROR_INIT;
		struct job_conf conf;

		c.job = names.names[i];
		c.problems = json_array();
		if (job_file_load(&where.dirs, c.job, &conf, &problem) < 0)
			on_problem(&c, &problem);
		else
			job_check(&conf, on_problem, &c);
		if (c.text && json_array_size(c.problems) == 0)
			printf("job %s: good\n", c.job);
		json_array_append_new(
			all, json_pack("{s:s, s:o}", "job", c.job, "problems", c.problems));
	}
	if (args->json)
		cli_print_json(json_pack("{s:o}", "jobs", all));
	else
		json_decref(all);
	return error_exit_status(c.first.class);
}

/* ---- job list ---- */

static json_t *list_row(const struct job_args *where, const char *name, bool text)
{
	struct error problem = ERROR_INIT;
	struct job_conf c;

	if (job_file_load(&where->dirs, name, &c, &problem) < 0) {
		if (text)
			printf("%s: %s: %s\n", name, error_id_text(problem.id), problem.message);
		return json_pack("{s:s, s:o}", "job", name, "problem", problem_json(&problem));
	}
	if (text)
		printf("%s: channel %s to %s, %s, %s\n", name, c.channel, c.out,
		       c.schedule[0] ? c.schedule : "no schedule", c.file);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "job", name, "channel", c.channel, "out",
			 c.out, "schedule", c.schedule, "file", c.file, "sources",
			 (json_int_t)c.source_count);
}

int cmd_job_list(const struct cli_args *args, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list names = { 0 };
	struct job_args where;
	bool problems = false;

	if (begin(args, &where, &names, err) < 0)
		return -1;
	json_t *all = json_array();
	for (size_t i = 0; i < names.count; i++) {
		json_t *row = list_row(&where, names.names[i], !args->json);

		problems |= json_object_get(row, "problem") != NULL;
		json_array_append_new(all, row);
	}
	if (args->json)
		cli_print_json(json_pack("{s:o}", "jobs", all));
	else
		json_decref(all);
	return problems ? CLI_FINDINGS : 0;
}

/* ---- job status ---- */

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : otherwise;
}

/* A run that has begun and not ended: under way, or killed. */
static bool is_alive(const json_t *running)
{
	int pid = (int)json_integer_value(json_object_get(running, "pid"));

	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static json_t *status_json(const struct job_conf *c, const struct job_state *s,
			   const struct job_due *d)
{
	json_t *running = json_object_get(s->values, "running");
	const json_t *last = job_state_last_run(s);
	json_t *out = json_pack(
		"{s:s, s:o, s:o, s:b, s:b, s:b, s:b, s:I, s:I}", "job", c->name, "last_success",
		job_state_time(job_state_number(s, "last_success", JOB_DUE_UNKNOWN)), "next_due",
		job_state_time(d->next), "due", d->due, "overdue", d->overdue, "running",
		running && is_alive(running), "killed", running && !is_alive(running),
		"outbox_bytes", (json_int_t)job_state_number(s, "outbox_bytes", 0), "runs",
		(json_int_t)json_array_size(s->history));

	json_object_set_new(out, "last_run", last ? json_deep_copy(last) : json_null());
	return out;
}

static void status_text(const json_t *row)
{
	const json_t *last = json_object_get(row, "last_run"),
		     *failure = json_object_get(last, "error");

	printf("job %s: %s\n", text_of(row, "job", ""),
	       json_is_true(json_object_get(row, "running"))   ? "running"
	       : json_is_true(json_object_get(row, "killed"))  ? "killed during its last run"
	       : json_is_true(json_object_get(row, "overdue")) ? "overdue"
							       : text_of(last, "status", "new"));
	printf("  last success %s, next due %s%s\n", text_of(row, "last_success", "never"),
	       text_of(row, "next_due", "unknown"),
	       json_is_true(json_object_get(row, "overdue")) ? ", overdue" : "");
	if (json_is_object(last))
		printf("  last run %s to %s: %s, exit status %lld, bundle %s\n",
		       text_of(last, "start", "-"), text_of(last, "end", "-"),
		       text_of(last, "status", "-"),
		       (long long)json_integer_value(json_object_get(last, "exit_status")),
		       text_of(last, "bundle", "none"));
	if (failure)
		printf("  %s: %s\n", text_of(failure, "id", "-"), text_of(failure, "message", "-"));
}

/* Overdue, killed, or failed the last time. */
static bool is_bad(const json_t *row)
{
	const char *last = text_of(json_object_get(row, "last_run"), "status", "new");

	return json_is_true(json_object_get(row, "overdue")) ||
	       json_is_true(json_object_get(row, "killed")) || strcmp(last, "failed") == 0 ||
	       strcmp(last, "interrupted") == 0 || strcmp(last, "killed") == 0;
}

static json_t *one_status(const struct job_args *where, const char *name, struct error *err)
{
	CLEANUP(job_state_clear) struct job_state s = JOB_STATE_INIT;
	struct job_conf c;
	struct job_due d;

	if (job_file_load(&where->dirs, name, &c, err) < 0 ||
	    job_state_read(where->state_root, name, &s, err) < 0 ||
	    job_due(&c, job_state_number(&s, "last_success", JOB_DUE_UNKNOWN), clock_now(), &d,
		    err) < 0)
		return NULL;
	return status_json(&c, &s, &d);
}

int cmd_job_status(const struct cli_args *args, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list names = { 0 };
	struct job_args where;
	bool bad = false;

	if (begin(args, &where, &names, err) < 0)
		return -1;
	json_t *all = json_array();
	for (size_t i = 0; i < names.count; i++) {
		json_t *row = one_status(&where, names.names[i], err);

		if (!row) {
			json_decref(all);
			return -1;
		}
		bad |= is_bad(row);
		if (!args->json)
			status_text(row);
		json_array_append_new(all, row);
	}
	if (args->json)
		cli_print_json(json_pack("{s:o}", "jobs", all));
	else
		json_decref(all);
	return bad ? CLI_FINDINGS : 0;
}

/* ---- job timer, job service ---- */

static int print_unit(const struct cli_args *args,
		      int (*make)(const struct job_conf *c, struct buf *out, struct error *err),
		      struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(8192);
	CLEANUP(file_list_clear) struct file_list names = { 0 };
	struct job_args where;
	struct job_conf c;

	if (begin(args, &where, &names, err) < 0 ||
	    job_file_load(&where.dirs, args->operands[0], &c, err) < 0 ||
	    make(&c, &text, err) < 0 || buf_append(&text, "", 1, err) < 0)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:s}", "job", c.name, "text", text.bytes));
	else
		fputs((char *)text.bytes, stdout);
	return 0;
}

int cmd_job_timer(const struct cli_args *args, struct error *err)
{
	return print_unit(args, job_unit_timer, err);
}

int cmd_job_service(const struct cli_args *args, struct error *err)
{
	return print_unit(args, job_unit_service, err);
}
