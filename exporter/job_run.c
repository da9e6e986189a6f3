#include "exporter/job_run.h"

#include "exporter/chosen.h"
#include "exporter/increment.h"
#include "exporter/job_due.h"
#include "exporter/job_internal.h"
#include "exporter/job_retain.h"
#include "exporter/job_secret.h"
#include "exporter/plan.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/store/selection.h"

#include <string.h>
#include <unistd.h>

static struct job_step step_begin(const struct job_conf *c, const struct job_run *options)
{
	return (struct job_step){ .conf = c,
				  .options = options,
				  .state = JOB_STATE_INIT,
				  .started = clock_now(),
				  .sources = json_array(),
				  .removed = json_array(),
				  .warnings = json_array() };
}

static void step_clear(struct job_step *s)
{
	job_state_clear(&s->state);
	store_close(s->store);
	json_decref(s->sources);
	json_decref(s->removed);
	json_decref(s->warnings);
	json_decref(s->bundle);
}
DEFINE_CLEANUP_IN_PLACE(struct job_step, step_clear);

/* Of a run that was killed nobody wrote the end: do it now. */
static int bury_killed(struct job_step *s, struct error *err)
{
	const json_t *running = json_object_get(s->state.values, "running");

	if (!running)
		return 0;
	json_t *start = json_object_get(running, "start");
	json_t *line = json_pack("{s:O?, s:n, s:n, s:s, s:n}", "start", start, "end", "seconds",
				 "status", "killed", "exit_status");
	json_object_del(s->state.values, "running");
	return job_state_add_run(&s->state, line, err) < 0 ? -1 : job_state_save(&s->state, err);
}

/* Before anything is done: durable, so that a run that is killed leaves a trace. */
static int note_running(struct job_step *s, struct error *err)
{
	json_object_set_new(
		s->state.values, "running",
		json_pack("{s:o, s:i}", "start", job_state_time(s->started), "pid", (int)getpid()));
	return job_state_save(&s->state, err);
}

/* 1 to go on, 0 with *report when it is too early, -1. */
static int check_due(struct job_step *s, json_t **report, struct error *err)
{
	int64_t last = job_state_number(&s->state, "last_success", JOB_DUE_UNKNOWN);
	struct job_due d;

	if (!s->options->if_due)
		return 1;
	if (job_due(s->conf, last, s->started, &d, err) < 0)
		return -1;
	if (d.due)
		return 1;
	if (d.next == JOB_DUE_UNKNOWN)
		return error_set(err, ERROR_JOB_SCHEDULE,
				 "job %s: nothing says when it is due: no max-age, and no schedule "
				 "that systemd-analyze could read",
				 s->conf->name);
	*report = json_pack("{s:s, s:s, s:o}", "job", s->conf->name, "status", "not due",
			    "next_due", job_state_time(d.next));
	return 0;
}

static int do_steps(struct job_step *s, struct error *err)
{
	s->store = store_open(s->conf->repo, true, err);
	if (!s->store || channel_load_sent(s->store, s->conf->channel, &s->channel, err) < 0)
		return -1;
	return job_step_sources(s, err) < 0 ? -1 : job_step_write(s, err);
}

int job_run(const struct job_conf *c, const struct job_run *options, json_t **report,
	    struct error *err)
{
	CLEANUP(step_clear) struct job_step s = step_begin(c, options);

	*report = NULL;
	if (job_state_lock(options->state_root, c->name, &s.state, err) < 0 ||
	    bury_killed(&s, err) < 0)
		return -1;
	int due = check_due(&s, report, err);
	if (due <= 0)
		return due;
	if (note_running(&s, err) < 0)
		return -1;
	struct error failure = ERROR_INIT;
	int failed = do_steps(&s, &failure);
	*report = job_finish(&s, &failure);
	if (failed) {
		*err = failure;
		return -1;
	}
	return s.findings || json_array_size(s.warnings) > 0 ? 2 : 0;
}

/* ---- dry run ---- */

static int preview_sources(struct job_step *s, bool *any, struct error *err)
{
	for (size_t i = 0; i < s->conf->source_count; i++) {
		const struct job_source *source = &s->conf->sources[i];
		json_t *print = NULL;
		int changed = job_step_source_changed(s, source, &print, err);

		json_decref(print);
		if (changed < 0)
			return -1;
		*any |= changed;
		json_array_append_new(s->sources,
				      json_pack("{s:s, s:s}", "name", source->name, "status",
						changed ? "would be ingested" : "unchanged"));
	}
	return 0;
}

int job_run_preview(const struct job_conf *c, const struct job_run *options, json_t **report,
		    struct error *err)
{
	CLEANUP(step_clear) struct job_step s = step_begin(c, options);
	const struct increment_wish wish = { .full = c->kind == JOB_KIND_FULL };
	CLEANUP(increment_clear) struct increment inc = { 0 };
	CLEANUP(plan_clear) struct plan p = { 0 };
	CLEANUP(selection_clear) struct selection chosen = { .has = false };
	char view[65], key[JOB_SECRET_PATH];
	struct job_due d;
	bool any = false;

	*report = NULL;
	if (job_state_read(options->state_root, c->name, &s.state, err) < 0)
		return -1;
	s.store = store_open(c->repo, false, err);
	if (!s.store || channel_load_sent(s.store, c->channel, &s.channel, err) < 0 ||
	    job_secret_path(c->key, key, err) < 0 || preview_sources(&s, &any, err) < 0 ||
	    chosen_load(s.store, &s.channel, job_step_selection(&s), &chosen, err) < 0 ||
	    increment_make(s.store, &s.channel, &wish, &inc, err) < 0 ||
	    plan_make(s.store, &inc, &chosen, c->volume_limit, &p, err) < 0)
		return -1;
	int wanted = job_step_wants_bundle(&s, &chosen, view, err);
	struct job_retain r = { .only_look = true,
				.coming = any || wanted > 0,
				.now = s.started,
				.removed = s.removed,
				.warnings = s.warnings };
	if (wanted < 0 || job_retain(s.store, &s.channel, c, &r, err) < 0 ||
	    job_due(c, job_state_number(&s.state, "last_success", JOB_DUE_UNKNOWN), s.started, &d,
		    err) < 0)
		return -1;
	if (any && !wanted)
		s.reason = "changed";
	*report = json_pack("{s:s, s:b, s:s, s:s, s:O, s:b, s:s, s:O, s:O, s:I, s:o, s:b}", "job",
			    c->name, "dry_run", 1, "channel", c->channel, "kind", job_conf_kind(c),
			    "sources", s.sources, "would_write", any || wanted, "reason", s.reason,
			    "removed", s.removed, "warnings", s.warnings, "outbox_bytes",
			    (json_int_t)r.bytes, "next_due", job_state_time(d.next), "due", d.due);
	json_object_set_new(*report, "plan",
			    json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "kind",
				      inc.full ? "full" : "increment", "base", (json_int_t)inc.base,
				      "assumed_objects", (json_int_t)p.assumed_count, "objects",
				      (json_int_t)p.count, "bytes", (json_int_t)p.bytes, "volumes",
				      (json_int_t)p.layout.volumes, "volume_bytes",
				      (json_int_t)p.layout.bytes, "missing",
				      (json_int_t)p.missing));
	return 0;
}
