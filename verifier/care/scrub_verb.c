#include "verifier/care/scrub_verb.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/store/scrub.h"
#include "lib/store/store.h"
#include "media/object_table.h"
#include "verifier/care/heal.h"
#include "verifier/confine.h"
#include "verifier/prover.h"

#include <stdio.h>
#include <unistd.h>

enum { SOURCES_MAX = 64 };

struct totals {
	size_t healed, lost;
};

static struct totals count(const struct scrub_result *r)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < r->count; i++)
		t.healed += r->damages[i].healed;
	t.lost = r->count - t.healed;
	return t;
}

static void print_json(const struct scrub_result *r)
{
	struct totals t = count(r);
	json_t *damaged = json_array();

	for (size_t i = 0; i < r->count; i++) {
		const struct scrub_damage *d = &r->damages[i];
		char hex[DIGEST_HEX];

		str_to_hex(d->object.sha256, DIGEST_SHA256, hex);
		json_array_append_new(
			damaged, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:b, s:s}", "sha256",
					   hex, "size", (json_int_t)d->object.size, "kind",
					   object_kind_name(d->object.kind), "name", d->object.name,
					   "id", error_id_text(d->what.id), "message",
					   d->what.message, "healed", d->healed, "from", d->from));
	}
	cli_print_json(json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:o}", "objects", (json_int_t)r->objects, "bytes",
		(json_int_t)r->bytes, "not_reached", (json_int_t)(r->due - r->objects), "healed",
		(json_int_t)t.healed, "lost", (json_int_t)t.lost, "damaged", damaged));
}

static void print_text(const struct scrub_result *r)
{
	struct totals t = count(r);

	for (size_t i = 0; i < r->count; i++) {
		const struct scrub_damage *d = &r->damages[i];

		printf("%s: %s\n", error_id_text(d->what.id), d->what.message);
		if (d->healed)
			printf("  healed from %s\n", d->from);
		else
			printf("  next step: %s\n", error_next_step(d->what.id));
	}
	printf("%llu objects, %llu bytes checked: %zu damaged, %zu healed, %zu lost\n",
	       (unsigned long long)r->objects, (unsigned long long)r->bytes, r->count, t.healed,
	       t.lost);
	if (r->due > r->objects)
		printf("%llu objects are left for the next run\n",
		       (unsigned long long)(r->due - r->objects));
}

static int read_options(const struct cli_args *args, struct scrub_options *out, struct error *err)
{
	const char *size = cli_text(args, "max-bytes");
	uint64_t threads, days;

	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0 ||
	    cli_number(args, "older-than", 0, 36500, 0, &days, err) < 0)
		return -1;
	if (size && !str_to_size(size, &out->max_bytes))
		return error_set(err, ERROR_USAGE, "--max-bytes %s: not a size", size);
	out->threads = (unsigned)threads;
	out->now = clock_now();
	/* One second ahead: without the option everything is due, also what was stored just now. */
	out->before = out->now + 1 - (int64_t)days * 86400;
	return 0;
}

/* Told before the work begins, not hours later. */
static int check_sources(const char *const *paths, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (access(paths[i], R_OK | X_OK) < 0)
			return error_set_errno(err, ERROR_SCRUB_SOURCE, "%s: cannot open directory",
					       paths[i]);
	return 0;
}

static int scrub(const struct cli_args *args, struct prover *prover, struct error *err)
{
	CLEANUP(scrub_clear) struct scrub_result result = { 0 };
	struct scrub_options options = { .tick = progress_tick };
	const char *paths[SOURCES_MAX];
	size_t path_count = cli_list(args, "heal-from", paths, SOURCES_MAX);
	struct progress progress;
	uint64_t total;

	if (path_count > SOURCES_MAX)
		return error_set(err, ERROR_USAGE, "--heal-from: at most %d places", SOURCES_MAX);
	if (read_options(args, &options, err) < 0 || check_sources(paths, path_count, err) < 0)
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), true, err);
	if (!s || scrub_total(s, &options, &total, err) < 0)
		return -1;
	options.done = &progress.done;
	options.ctx = &progress;
	progress_begin(&progress, "scrubbing", total);
	int failed = scrub_run(s, &options, &result, err);
	progress_end(&progress);
	if (failed)
		return -1;
	for (size_t i = 0; i < path_count && count(&result).lost > 0; i++) {
		struct error problem = ERROR_INIT;

		/* A source that is no help leaves the damage what it is; the status says so. */
		if (heal_from(&(struct heal_request){ s, cli_text(args, "repo"), paths[i],
						      options.threads, prover },
			      &result, &problem) < 0)
			cli_note(args, "%s: %s", error_id_text(problem.id), problem.message);
	}
	if (scrub_settle(s, &result, options.now, err) < 0)
		return -1;
	if (args->json)
		print_json(&result);
	else
		print_text(&result);
	if (count(&result).lost > 0)
		return error_exit_status(ERROR_CLASS_INTEGRITY);
	return result.count > 0 ? CLI_FINDINGS : 0;
}

int scrub_verb(const struct cli_args *args, struct error *err)
{
	CLEANUP(prover_end) struct prover *prover = confine_prover(args, err);

	return !prover || args->program->confine(args, err) < 0 ? -1 : scrub(args, prover, err);
}
