#include "exporter/job_internal.h"
#include "exporter/job_metrics.h"
#include "exporter/job_notify.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/store/ledger_rows.h"
#include "media/ledger.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void job_step_warn(struct job_step *s, struct error *problem)
{
	char text[600];

	snprintf(text, sizeof text, "%s: %s", error_id_text(problem->id), problem->message);
	json_array_append_new(s->warnings, json_string(text));
	error_clear(problem);
}

static enum job_status end_of(const struct job_step *s, const struct error *failure)
{
	if (failure->id != ERROR_NONE)
		return failure->class == ERROR_CLASS_INTERRUPTED ? JOB_STATUS_INTERRUPTED
								 : JOB_STATUS_FAILED;
	if (s->findings || json_array_size(s->warnings) > 0)
		return JOB_STATUS_FINDINGS;
	return s->written ? JOB_STATUS_SUCCESS : JOB_STATUS_UNCHANGED;
}

static const char *status_of(const struct job_step *s, const struct error *failure)
{
	return job_notify_status(end_of(s, failure));
}

static int exit_status(const struct job_step *s, const struct error *failure)
{
	return failure->id != ERROR_NONE ? error_exit_status(failure->class)
					 : 2 * (end_of(s, failure) == JOB_STATUS_FINDINGS);
}

/* What report and history have in common. */
static json_t *outcome(const struct job_step *s, const struct error *failure, int64_t ended)
{
	char start[STR_TIME_SIZE], end[STR_TIME_SIZE];

	str_from_time(s->started, start);
	str_from_time(ended, end);
	json_t *out = json_pack("{s:s, s:s, s:I, s:s, s:i}", "start", start, "end", end, "seconds",
				(json_int_t)(ended - s->started), "status", status_of(s, failure),
				"exit_status", exit_status(s, failure));
	if (failure->id != ERROR_NONE)
		json_object_set_new(out, "error",
				    json_pack("{s:s, s:s, s:s}", "id", error_id_text(failure->id),
					      "message", failure->message, "next_step",
					      error_next_step(failure->id)));
	return out;
}

static json_t *history_line(const struct job_step *s, const struct error *failure, int64_t ended)
{
	static const char *const keys[] = { "bundle", "epoch", "sequence", "bytes" };
	json_t *out = outcome(s, failure, ended);

	for (size_t i = 0; s->bundle && i < sizeof keys / sizeof *keys; i++)
		json_object_set(out, keys[i], json_object_get(s->bundle, keys[i]));
	return out;
}

static json_t *make_report(const struct job_step *s, const struct error *failure, int64_t ended)
{
	json_t *out = outcome(s, failure, ended);

	json_object_set_new(out, "job", json_string(s->conf->name));
	json_object_set_new(out, "channel", json_string(s->conf->channel));
	json_object_set_new(out, "kind", json_string(job_conf_kind(s->conf)));
	json_object_set_new(out, "reason", s->reason ? json_string(s->reason) : json_null());
	json_object_set(out, "sources", s->sources);
	json_object_set(out, "removed", s->removed);
	json_object_set(out, "warnings", s->warnings);
	json_object_set_new(out, "outbox_bytes", json_integer((json_int_t)s->outbox_bytes));
	if (s->bundle)
		json_object_set(out, "bundle", s->bundle);
	else
		json_object_set_new(out, "bundle", json_null());
	return out;
}

static int64_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static int save_metrics(const struct job_step *s, const struct error *failure, int64_t ended,
			struct error *err)
{
	const json_t *bundle = json_object_get(s->state.values, "bundle");

	if (!s->conf->metrics[0])
		return 0;
	return job_metrics_save(
		&(struct job_metrics){
			.job = s->conf->name,
			.last_run = ended,
			.seconds = ended - s->started,
			.exit_status = exit_status(s, failure),
			.last_success = job_state_number(&s->state, "last_success", 0),
			.bundle_written = number_of(bundle, "time"),
			.bundle_sequence = (uint64_t)number_of(bundle, "sequence"),
			.bundle_bytes = (uint64_t)number_of(bundle, "bytes"),
			.outbox_bytes = (uint64_t)job_state_number(&s->state, "outbox_bytes", 0),
			.max_age = s->conf->max_age },
		s->conf->metrics, err);
}

static int save_report(const struct job_step *s, const json_t *report, struct error *err)
{
	char *text = json_dumps(report, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	int failed = text ? file_save(s->state.dir, "report.json", text, strlen(text), 0644, err)
			  : error_set(err, ERROR_JOB_STATE, "report.json: cannot be written");

	free(text);
	return failed;
}

/* Remember the end of the run; last of all that it is not under way any more. */
static int record(struct job_step *s, const struct error *failure, int64_t ended, struct error *err)
{
	if (failure->id == ERROR_NONE) {
		json_object_set_new(s->state.values, "last_success", json_integer(ended));
		json_object_set_new(s->state.values, "outbox_bytes",
				    json_integer((json_int_t)s->outbox_bytes));
	}
	if (job_state_add_run(&s->state, history_line(s, failure, ended), err) < 0)
		return -1;
	json_object_del(s->state.values, "running");
	return job_state_save(&s->state, err);
}

/* A run that never came as far as the repository is in the history alone. */
static int add_record(const struct job_step *s, const struct error *failure, int64_t ended,
		      struct error *err)
{
	char name[CHANNEL_NAME_SIZE + 32] = "";
	struct ledger_body body;

	if (!s->store)
		return 0;
	if (s->written)
		snprintf(name, sizeof name, "%s-%lld-%lld", s->conf->channel,
			 (long long)number_of(s->bundle, "epoch"),
			 (long long)number_of(s->bundle, "sequence"));
	ledger_begin(&body, "job");
	ledger_text(&body, "bundle", name);
	ledger_text(&body, "job", s->conf->name);
	ledger_text(&body, "channel", s->conf->channel);
	ledger_text(&body, "status", status_of(s, failure));
	if (failure->id != ERROR_NONE)
		ledger_text(&body, "id", error_id_text(failure->id));
	ledger_number(&body, "seconds", (uint64_t)(ended > s->started ? ended - s->started : 0));
	return ledger_rows_add(s->store, body.text, err);
}

json_t *job_finish(struct job_step *s, const struct error *failure)
{
	int64_t ended = clock_now();
	struct error problem = ERROR_INIT;

	if (add_record(s, failure, ended, &problem) < 0)
		job_step_warn(s, &problem);
	if (record(s, failure, ended, &problem) < 0)
		job_step_warn(s, &problem);
	if (save_metrics(s, failure, ended, &problem) < 0)
		job_step_warn(s, &problem);
	json_t *report = make_report(s, failure, ended);
	size_t before = json_array_size(s->warnings);
	if (save_report(s, report, &problem) < 0 ||
	    job_notify(s->options->notifier, end_of(s, failure), &problem) < 0)
		job_step_warn(s, &problem);
	if (json_array_size(s->warnings) > before) {
		json_decref(report);
		report = make_report(s, failure, ended);
	}
	return report;
}
