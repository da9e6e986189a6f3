#include "exporter/bundle.h"
#include "exporter/bundle_json.h"
#include "exporter/job_internal.h"
#include "exporter/job_print.h"
#include "exporter/job_retain.h"
#include "exporter/job_secret.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/selection.h"
#include "verifier/care/medium.h"

#include <stdlib.h>
#include <string.h>

static int64_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const struct rules *job_step_selection(const struct job_step *s)
{
	return s->conf->has_selection ? &s->conf->selection : NULL;
}

int job_step_wants_bundle(struct job_step *s, struct selection *chosen, char view[65],
			  struct error *err)
{
	const json_t *last = json_object_get(s->state.values, "bundle");
	const char *seen = json_string_value(json_object_get(last, "view"));
	int64_t age = clock_now() - number_of(last, "time");

	if (job_print_view(s->store, &s->channel, chosen, view, err) < 0)
		return -1;
	if (s->options->force)
		s->reason = "forced";
	else if (!last)
		s->reason = "first";
	else if (!seen || strcmp(seen, view) != 0 ||
		 (uint64_t)number_of(last, "sequence") != s->channel.sequence ||
		 (uint32_t)number_of(last, "epoch") != s->channel.epoch)
		s->reason = "changed";
	else if (s->conf->max_age && (age < 0 || (uint64_t)age >= s->conf->max_age))
		s->reason = "max-age";
	else
		s->reason = "unchanged";
	return strcmp(s->reason, "unchanged") != 0;
}

static int write_bundle(struct job_step *s, const char *view, struct error *err)
{
	CLEANUP(buf_wipe) struct buf passphrase = BUF_INIT(JOB_SECRET_BYTES);
	char key[JOB_SECRET_PATH];
	struct medium medium = { .serial = "" };
	struct bundle_request request = { .channel = s->conf->channel,
					  .selection = job_step_selection(s),
					  .signer.key_path = key,
					  .out = s->conf->out,
					  .volume_limit = s->conf->volume_limit,
					  .valid_seconds = (int64_t)s->conf->expires_days * 86400,
					  .min_free = s->conf->min_free,
					  .wish.full = s->conf->kind == JOB_KIND_FULL,
					  .parity = s->conf->parity == JOB_YES,
					  .spares = (unsigned)s->conf->spares,
					  .medium = &medium,
					  .incomplete = s->conf->incomplete,
					  .threads = (unsigned)s->conf->threads,
					  .progress = s->options->progress };
	struct bundle_result result;

	if (job_secret_path(s->conf->key, key, err) < 0)
		return -1;
	int given = job_secret_passphrase(s->conf, &passphrase, err);
	if (given < 0)
		return -1;
	medium_detect(&medium_here, s->conf->out, &medium);
	request.signer.passphrase =
		given ? (char *)passphrase.bytes : getenv("GAPFERRY_KEY_PASSPHRASE");
	if (bundle_write(s->store, &request, &result, err) < 0)
		return -1;
	s->written = true;
	s->bundle = bundle_json(&result);
	json_object_set_new(s->state.values, "bundle",
			    json_pack("{s:s, s:I, s:I, s:I, s:I, s:s}", "view", view, "epoch",
				      (json_int_t)result.epoch, "sequence",
				      (json_int_t)result.sequence, "bytes",
				      (json_int_t)result.bytes, "time", (json_int_t)clock_now(),
				      "path", result.path));
	return job_state_save(&s->state, err);
}

int job_step_write(struct job_step *s, struct error *err)
{
	char view[DIGEST_HEX];

	if (progress_tick(s->options->progress))
		return error_set(err, ERROR_STOPPED, "stopped before the bundle");
	CLEANUP(selection_clear) struct selection chosen = { .has = false };
	if (selection_decide(s->store, s->channel.id, job_step_selection(s), &chosen, err) < 0)
		return -1;
	int wanted = job_step_wants_bundle(s, &chosen, view, err);
	selection_clear(&chosen); /* its memory is wanted for the bundle */
	if (wanted < 0 || (wanted && write_bundle(s, view, err) < 0))
		return -1;
	struct job_retain r = { .now = clock_now(),
				.removed = s->removed,
				.warnings = s->warnings };
	struct error problem = ERROR_INIT;
	if (job_retain(s->store, &s->channel, s->conf, &r, &problem) < 0)
		job_step_warn(s, &problem);
	s->outbox_bytes = r.bytes;
	return 0;
}
