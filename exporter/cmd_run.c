#include "exporter/commands.h"
#include "exporter/job_args.h"
#include "exporter/job_conf.h"
#include "exporter/job_confine.h"
#include "exporter/job_notify.h"
#include "exporter/job_run.h"
#include "lib/base/error.h"
#include "lib/cli/progress.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void list_texts(const json_t *array, const char *what)
{
	const json_t *row;
	size_t i;

	json_array_foreach(array, i, row) printf("%s: %s\n", what, json_string_value(row));
}

static void report_text(const json_t *report)
{
	const json_t *bundle = json_object_get(report, "bundle"), *row,
		     *plan = json_object_get(report, "plan");
	size_t i;

	json_array_foreach(json_object_get(report, "sources"), i, row)
		printf("source %s: %s%s\n", text_of(row, "name"), text_of(row, "status"),
		       json_is_true(json_object_get(row, "findings")) ? ", with findings" : "");
	if (json_is_object(bundle))
		printf("bundle (%s): %s\nsequence %lld, %lld objects, %lld bytes; an approver must "
		       "sign before it can be imported\n",
		       text_of(report, "reason"), text_of(bundle, "bundle"),
		       number_of(bundle, "sequence"), number_of(bundle, "objects"),
		       number_of(bundle, "bytes"));
	else if (plan)
		printf("would write: %s (%s)\nnow in the repository: %lld objects, %lld bytes, "
		       "%lld missing\ndue: %s, next %s\n",
		       json_is_true(json_object_get(report, "would_write")) ? "yes" : "no",
		       text_of(report, "reason"), number_of(plan, "objects"),
		       number_of(plan, "bytes"), number_of(plan, "missing"),
		       json_is_true(json_object_get(report, "due")) ? "now" : "no",
		       text_of(report, "next_due"));
	else if (json_object_get(report, "sources"))
		printf("no bundle: nothing changed since the last one\n");
	list_texts(json_object_get(report, "removed"), plan ? "would remove" : "removed");
	if (json_object_get(report, "status"))
		printf("job %s: %s\n", text_of(report, "job"), text_of(report, "status"));
	if (strcmp(text_of(report, "status"), "not due") == 0)
		printf("next due: %s\n", text_of(report, "next_due"));
}

int cmd_run(const struct cli_args *args, struct error *err)
{
	struct progress progress;
	struct job_args where;
	struct job_conf c;
	json_t *report = NULL;
	const json_t *row;
	size_t i;
	/* of one, which is not ours to release */
	char name[JOB_NAME_SIZE], *names[] = { name };
	CLEANUP(sandbox_end) struct sandbox_process notifier = { .fd = -1 };

	/* From here on a signal asks us to stop at a safe point, and the run is recorded. */
	progress_begin(&progress, "job", 0);
	if (job_args_get(args, &where, err) < 0 ||
	    job_file_load(&where.dirs, args->operands[0], &c, err) < 0 ||
	    (!cli_flag(args, "dry-run") &&
	     job_notify_start(&c, where.state_root, &notifier, err) < 0))
		return -1;
	memcpy(name, c.name, sizeof name);
	if (job_confine(&where, &(struct file_list){ .names = names, .count = 1 }, err) < 0)
		return -1;
	struct job_run options = { .state_root = where.state_root,
				   .force = cli_flag(args, "force"),
				   .if_due = cli_flag(args, "if-due"),
				   .progress = &progress,
				   .notifier = &notifier };
	int status = cli_flag(args, "dry-run") ? job_run_preview(&c, &options, &report, err)
					       : job_run(&c, &options, &report, err);
	json_array_foreach(json_object_get(report, "warnings"), i, row)
		cli_note(args, "warning: %s", json_string_value(row));
	if (status >= 0 && args->json)
		cli_print_json(json_incref(report));
	else if (status >= 0)
		report_text(report);
	json_decref(report);
	return status;
}
