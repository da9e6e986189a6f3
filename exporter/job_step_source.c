#include "exporter/ingest.h"
#include "exporter/job_internal.h"
#include "exporter/job_print.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/gather.h"
#include "lib/store/rows.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* What state.json says about a source; made when absent. */
static json_t *known_sources(struct job_step *s)
{
	json_t *all = json_object_get(s->state.values, "sources");

	if (!json_is_object(all)) {
		all = json_object();
		json_object_set_new(s->state.values, "sources", all);
	}
	return all;
}

/* Is the catalog that state.json names the one in the repository?  1, 0, -1. */
static int is_stored(struct job_step *s, const json_t *known, struct error *err)
{
	struct rows_source r = { 0 };
	char cabinet[DIGEST_HEX];
	int row;

	while ((row = rows_next_source(s->store, &r, err)) == 1) {
		str_to_hex(r.source.cabinet, DIGEST_SHA256, cabinet);
		if (strcmp(r.source.kind, text_of(known, "kind")) == 0 &&
		    strcmp(r.source.series, text_of(known, "series")) == 0 &&
		    strcmp(cabinet, text_of(known, "cabinet")) == 0)
			return 1;
	}
	return row;
}

int job_step_source_changed(struct job_step *s, const struct job_source *source, json_t **print,
			    struct error *err)
{
	const json_t *known = json_object_get(known_sources(s), source->name);
	const json_t *before = json_object_get(known, "print");
	char cabinet[DIGEST_HEX];

	*print = job_print_source(source, err);
	if (!*print)
		return -1;
	if (!known)
		return 1;
	int stored = is_stored(s, known, err);
	if (stored <= 0)
		return stored < 0 ? -1 : 1;
	if (json_equal(before, *print))
		return 0;
	/* Another time or path alone is no change. */
	if (strcmp(text_of(before, "content"), text_of(*print, "content")) != 0)
		return 1;
	if (job_print_file(source->file, cabinet, err) < 0)
		return -1;
	return strcmp(cabinet, text_of(known, "cabinet")) != 0;
}

/* Two sources of one series would replace each other in every run. */
static int check_series(struct job_step *s, const struct job_source *source,
			const struct ingest *in, struct error *err)
{
	const struct listing_source *got = &in->catalog.gather->source;

	for (size_t i = 0; i < s->conf->source_count; i++) {
		const char *name = s->conf->sources[i].name;
		const json_t *other = json_object_get(known_sources(s), name);

		if (strcmp(name, source->name) == 0 || strcmp(text_of(other, "kind"), got->kind) ||
		    strcmp(text_of(other, "series"), got->series))
			continue;
		return error_set(err, ERROR_JOB_SERIES,
				 "sources %s and %s are catalogs of the same series, %s %s", name,
				 source->name, got->kind, got->series);
	}
	return 0;
}

static int ingest(struct job_step *s, const struct job_source *source, json_t *print,
		  struct error *err)
{
	CLEANUP(ingest_clear) struct ingest in = { 0 };
	struct ingest_request request = { .kind = source->kind,
					  .file = source->file,
					  .content = source->content[0] ? source->content : NULL,
					  .accept_shrink = source->accept_shrink,
					  .threads = (unsigned)s->conf->threads,
					  .progress = s->options->progress };
	CLEANUP(authenticode_roots_free) struct authenticode_roots *roots = NULL;
	const char *path = source->roots;
	char cabinet[DIGEST_HEX];

	if (*path && !(roots = authenticode_roots_open(&path, 1, err)))
		return error_wrap(err, "source %s", source->name);
	request.roots = roots;
	if (ingest_source(s->store, &request, &in, err) < 0)
		return error_wrap(err, "source %s", source->name);
	if (check_series(s, source, &in, err) < 0)
		return -1;
	const struct listing_source *got = &in.catalog.gather->source;
	bool findings = ingest_needs_attention(&in);
	str_to_hex(got->cabinet, DIGEST_SHA256, cabinet);
	s->findings |= findings;
	json_object_set_new(known_sources(s), source->name,
			    json_pack("{s:O, s:s, s:s, s:s}", "print", print, "kind", got->kind,
				      "series", got->series, "cabinet", cabinet));
	json_array_append_new(s->sources, json_pack("{s:s, s:s, s:b, s:o}", "name", source->name,
						    "status", "ingested", "findings", findings,
						    "result", ingest_json(&in)));
	return job_state_save(&s->state, err);
}

static int take(struct job_step *s, const struct job_source *source, struct error *err)
{
	json_t *print = NULL;
	int changed = job_step_source_changed(s, source, &print, err);
	int failed = changed < 0 ? -1 : 0;

	if (changed == 1) {
		failed = ingest(s, source, print, err);
	} else if (changed == 0) {
		json_object_set(json_object_get(known_sources(s), source->name), "print", print);
		json_array_append_new(s->sources, json_pack("{s:s, s:s}", "name", source->name,
							    "status", "unchanged"));
	}
	json_decref(print);
	return failed;
}

/* Sources that the job has no more. */
static void forget_others(struct job_step *s)
{
	json_t *all = known_sources(s), *value;
	const char *name;
	void *next;

	json_object_foreach_safe(all, next, name, value)
	{
		bool here = false;

		for (size_t i = 0; i < s->conf->source_count; i++)
			here |= strcmp(s->conf->sources[i].name, name) == 0;
		if (!here)
			json_object_del(all, name);
	}
}

int job_step_sources(struct job_step *s, struct error *err)
{
	forget_others(s);
	for (size_t i = 0; i < s->conf->source_count; i++) {
		if (progress_tick(s->options->progress))
			return error_set(err, ERROR_STOPPED, "stopped before source %s",
					 s->conf->sources[i].name);
		if (take(s, &s->conf->sources[i], err) < 0)
			return -1;
	}
	return job_state_save(&s->state, err);
}
