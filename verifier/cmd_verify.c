#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/pool.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "lib/sandbox/sandbox.h"
#include "media/chunk_table.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/accept.h"
#include "verifier/commands.h"
#include "verifier/medium_find.h"
#include "verifier/origin_report.h"
#include "verifier/prover.h"
#include "verifier/repair.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <string.h>

struct run {
	const struct cli_args *args;
	struct trust *trust;
	struct verified_bundle *bundle; /* NULL when even the signed files are wrong */
	json_t *problems;               /* in order */
	struct repair *repair;          /* once there is something to repair */
	json_t *repairs;                /* what parity could do about damaged chunks */
	uint32_t volume;                /* whose chunks are being checked */
	struct error worst;             /* the first problem: decides the exit status */
	struct progress progress;
	unsigned threads;
	bool list;           /* print the objects */
	const char *checked; /* what the verdict is about */
};

static void run_clear(struct run *r)
{
	repair_close(r->repair);
	json_decref(r->repairs);
	verify_close(r->bundle);
	trust_free(r->trust);
	json_decref(r->problems);
}
DEFINE_CLEANUP_IN_PLACE(struct run, run_clear);

static void add_problem(void *ctx, const struct error *problem)
{
	struct run *r = ctx;

	if (r->worst.id == ERROR_NONE)
		r->worst = *problem;
	json_array_append_new(r->problems,
			      json_pack("{s:s, s:s, s:s}", "id", error_id_text(problem->id),
					"message", problem->message, "next_step",
					error_next_step(problem->id)));
}

/* ---- what could be repaired ---- */

static void add_found(void *ctx, const struct repair_found *f)
{
	struct run *r = ctx;
	char damage[DAMAGE_TEXT], text[DAMAGE_TEXT + 80];

	damage_describe(&f->damage, damage);
	snprintf(text, sizeof text, "vol-%04u.tar chunk %06zu: repairable from %s: %s", f->volume,
		 f->chunk, f->from_spare ? "spare volumes" : "parity", damage);
	json_array_append_new(
		r->repairs,
		json_pack("{s:b, s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:s, s:s}", "repairable", 1,
			  "volume", (int)f->volume, "chunk", (json_int_t)f->chunk, "source",
			  f->from_spare ? "spare" : "parity", "first",
			  (json_int_t)f->damage.ranges[0].first, "last", (json_int_t)f->damage.last,
			  "bytes", (json_int_t)f->damage.bytes, "bits", (json_int_t)f->damage.bits,
			  "cause", damage_cause_name(f->damage.cause), "message", text));
}

static void add_beyond(void *ctx, const struct error *why)
{
	struct run *r = ctx;

	json_array_append_new(r->repairs,
			      json_pack("{s:b, s:s}", "repairable", 0, "message", why->message));
}

static struct repair *repair_of(struct run *r)
{
	if (!r->repair)
		r->repair = repair_open(&(struct repair_options){ .bundle = r->bundle,
								  .found = add_found,
								  .beyond = add_beyond,
								  .ctx = r,
								  .tick = progress_tick,
								  .tick_ctx = &r->progress });
	return r->repair;
}

/* A damaged object, or chunk, is a problem whatever parity can do about it. */
static int survey_object(void *ctx, size_t first, struct error *err)
{
	if (repair_survey(repair_of(ctx), first, err) < 0)
		return -1;
	return 1;
}

static int survey_chunk(void *ctx, size_t chunk, struct error *err)
{
	struct run *r = ctx;

	return repair_survey_chunk(repair_of(r), r->volume, chunk, err) < 0 ? -1 : 1;
}

/* A volume that is not there. */
static void survey_volume(struct run *r, uint32_t volume)
{
	unsigned spares = repair_spares(repair_of(r), volume);
	char text[120];

	snprintf(text, sizeof text, "vol-%04u.tar: spare volumes that could replace it: %u", volume,
		 spares);
	if (spares > 0)
		json_array_append_new(r->repairs,
				      json_pack("{s:b, s:i, s:s, s:s}", "repairable", 1, "volume",
						(int)volume, "source", "spare", "message", text));
}

/* ---- what can be checked ---- */

static struct stream_options stream_of(struct run *r)
{
	return (struct stream_options){ .threads = r->threads,
					.sink = &stream_check,
					.done = &r->progress.done,
					.tick = progress_tick,
					.tick_ctx = &r->progress,
					.problem = add_problem,
					.problem_ctx = r,
					.heal = survey_object,
					.heal_ctx = r };
}

static int check_all_chunks(struct run *r, struct error *err)
{
	struct stream_options options = stream_of(r);

	options.heal = survey_chunk;
	/* Chunks that are not at hand are a problem already. */
	for (uint32_t v = 1; v <= verify_manifest(r->bundle)->volumes; v++) {
		r->volume = v;
		if (stream_chunks(r->bundle, v, &options, err) < 0)
			return -1;
	}
	return 0;
}

/* Objects whose volume is missing or of the wrong size are not worth a problem each. */
static bool at_hand(void *ctx, const struct object_part *object)
{
	const struct run *r = ctx;

	return stream_at_hand(r->bundle, object);
}

static int check_everything(struct run *r, struct error *err)
{
	struct stream_sink sink = stream_check;
	struct stream_options options = stream_of(r);
	bool chunks = cli_flag(r->args, "chunks");
	bool complete = true;

	for (uint32_t v = 1; v <= verify_manifest(r->bundle)->volumes; v++) {
		struct error problem = ERROR_INIT;

		if (verify_volume(r->bundle, v, &problem) == 0)
			continue;
		add_problem(r, &problem);
		survey_volume(r, v);
		complete = false;
	}
	if (!complete) {
		sink.wanted = at_hand;
		sink.ctx = r;
	}
	options.sink = &sink;
	progress_begin(&r->progress, "verifying", stream_total(r->bundle) * (chunks ? 2 : 1));
	int failed = stream_volumes(r->bundle, &options, err) < 0 ||
		     (chunks && check_all_chunks(r, err) < 0);
	progress_end(&r->progress);
	r->checked = "bundle";
	return failed ? -1 : 0;
}

static int check_volumes(struct run *r, const char *const *files, size_t count, struct error *err)
{
	r->checked = "volumes";
	for (size_t i = 0; i < count; i++) {
		const char *slash = strrchr(files[i], '/'), *name = slash ? slash + 1 : files[i];
		struct stream_options options = stream_of(r);
		struct error problem = ERROR_INIT;
		uint32_t v;

		if (!volume_number(name, strlen(name), &v) ||
		    v > verify_manifest(r->bundle)->volumes)
			return error_set(err, ERROR_USAGE, "%s: no volume of this bundle",
					 files[i]);
		options.heal = survey_chunk;
		r->volume = v;
		/* A bare name is in the bundle; a path may be on another medium. */
		if ((slash ? verify_volume_at(r->bundle, v, files[i], &problem)
			   : verify_volume(r->bundle, v, &problem)) < 0) {
			add_problem(r, &problem);
			continue;
		}
		progress_begin(&r->progress, name,
			       object_table_volume_size(verify_objects(r->bundle), v));
		int failed = stream_chunks(r->bundle, v, &options, err) < 0;
		progress_end(&r->progress);
		if (failed)
			return -1;
	}
	return 0;
}

struct one {
	struct run *run;
	unsigned char sha256[DIGEST_SHA256];
};

static bool is_one(void *ctx, const struct object_part *object)
{
	const struct one *o = ctx;

	return memcmp(o->sha256, object->sha256, sizeof o->sha256) == 0;
}

static int check_object(struct run *r, const char *hex, struct error *err)
{
	const struct object_table *t = verify_objects(r->bundle);
	struct one one = { .run = r };
	struct stream_sink sink = stream_check;
	struct stream_options options = stream_of(r);
	size_t i;

	r->checked = "object";
	if (!str_from_any_hex(hex, strlen(hex), one.sha256, sizeof one.sha256))
		return error_set(err, ERROR_USAGE, "--object %s: not 64 hex digits", hex);
	if (object_table_find(t, one.sha256, &i) != 1)
		return error_set(err, ERROR_OBJECT_UNKNOWN, "object %s: not in this bundle", hex);
	do {
		struct error problem = ERROR_INIT;

		if (verify_volume(r->bundle, object_table_get(t, i).volume, &problem) < 0) {
			add_problem(r, &problem);
			return 0;
		}
	} while (object_table_next(t, &i) == 1);
	sink.wanted = is_one;
	sink.ctx = &one;
	options.sink = &sink;
	progress_begin(&r->progress, "verifying", 0);
	int failed = stream_volumes(r->bundle, &options, err);
	progress_end(&r->progress);
	return failed < 0 ? -1 : 0;
}

/* ---- output ---- */

static json_t *objects_json(const struct run *r)
{
	const struct object_table *t = verify_objects(r->bundle);
	json_t *all = json_array();

	for (size_t i = 0; i < object_table_count(t); i++) {
		struct object_part p = object_table_get(t, i);
		char hex[DIGEST_HEX];

		str_to_hex(p.sha256, DIGEST_SHA256, hex);
		json_array_append_new(
			all, json_pack("{s:s, s:I, s:s, s:i, s:I, s:I, s:I, s:s}", "sha256", hex,
				       "size", (json_int_t)p.size, "kind", object_kind_name(p.kind),
				       "volume", (int)p.volume, "offset", (json_int_t)p.offset,
				       "first", (json_int_t)p.first, "length", (json_int_t)p.length,
				       "name", p.name ? p.name : ""));
	}
	return all;
}

static void list_text(const struct run *r)
{
	const struct object_table *t = verify_objects(r->bundle);

	for (size_t i = 0; i < object_table_count(t); i++) {
		struct object_part p = object_table_get(t, i);
		char hex[DIGEST_HEX];

		str_to_hex(p.sha256, DIGEST_SHA256, hex);
		printf("%s %12llu %-8s vol-%04u.tar %s\n", hex, (unsigned long long)p.length,
		       object_kind_name(p.kind), p.volume, p.name ? p.name : "-");
	}
}

static json_t *signers_json(const struct run *r)
{
	json_t *all = json_array();

	if (!r->bundle)
		return all;
	const struct trust_verdict *v = verify_signers(r->bundle);
	for (size_t i = 0; i < v->count; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "role",
						     key_role_name(v->signers[i].role), "holder",
						     v->signers[i].holder, "key_id",
						     v->signers[i].short_id));
	return all;
}

static const char *verdict(const struct run *r)
{
	switch (r->worst.class) {
	case ERROR_CLASS_NONE:
		return "verified";
	case ERROR_CLASS_TRUST:
		return "untrusted";
	case ERROR_CLASS_REPLAY:
		return "stale";
	case ERROR_CLASS_MISSING:
		return "incomplete";
	case ERROR_CLASS_USAGE:
	case ERROR_CLASS_INTEGRITY:
	case ERROR_CLASS_SPACE:
	case ERROR_CLASS_BUSY:
	case ERROR_CLASS_INTERRUPTED:
	case ERROR_CLASS_INTERNAL:
	case ERROR_CLASSES_:
	default:
		return "damaged";
	}
}

static void print_json(const struct run *r)
{
	json_t *out = json_pack(
		"{s:s, s:s, s:s, s:o, s:O, s:O}", "verdict", verdict(r), "checked", r->checked,
		"bundle", r->bundle ? verify_path(r->bundle) : r->args->operands[0], "signers",
		signers_json(r), "problems", r->problems, "repairs", r->repairs);

	json_object_set_new(out, "landlock", json_integer(sandbox_landlock()));

	if (r->bundle) {
		const struct manifest *m = verify_manifest(r->bundle);
		char hex[DIGEST_HEX], created[STR_TIME_SIZE], expires[STR_TIME_SIZE];
		char sites[MANIFEST_SITES_SIZE];

		manifest_sites(m, sites);
		str_to_hex(verify_manifest_digest(r->bundle), DIGEST_SHA256, hex);
		str_from_time(m->created, created);
		str_from_time(m->expires, expires);
		json_object_update_missing_new(
			out,
			json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s}", "channel",
				  m->channel, "audience", sites, "epoch", (json_int_t)m->epoch,
				  "sequence", (json_int_t)m->sequence, "volumes",
				  (json_int_t)m->volumes, "objects", (json_int_t)m->objects,
				  "bytes", (json_int_t)m->object_bytes, "created", created,
				  "expires", expires, "manifest_sha256", hex));
		json_object_set_new(out, "origins", origin_report(r->bundle));
		json_object_update_missing_new(
			out,
			json_pack("{s:s, s:I, s:I, s:I}", "kind",
				  m->increment ? "increment" : "full", "base", (json_int_t)m->base,
				  "assumed_objects", (json_int_t)m->assumed, "assumed_bytes",
				  (json_int_t)m->assumed_bytes));
		if (r->list)
			json_object_set_new(out, "object_list", objects_json(r));
	} else {
		json_object_update_missing_new(out, json_pack("{s:n, s:n, s:n, s:n}", "channel",
							      "sequence", "volumes", "objects"));
	}
	cli_print_json(out);
}

static void print_text(const struct run *r)
{
	if (r->bundle) {
		const struct manifest *m = verify_manifest(r->bundle);
		const struct trust_verdict *v = verify_signers(r->bundle);
		char created[STR_TIME_SIZE], expires[STR_TIME_SIZE], sites[MANIFEST_SITES_SIZE];

		manifest_sites(m, sites);
		str_from_time(m->created, created);
		str_from_time(m->expires, expires);
		printf("channel %s to %s, epoch %u, sequence %llu, made %s, expires %s\n"
		       "%llu objects, %llu bytes in %u volumes\n",
		       m->channel, sites, m->epoch, (unsigned long long)m->sequence, created,
		       expires, (unsigned long long)m->objects, (unsigned long long)m->object_bytes,
		       m->volumes);
		if (m->increment)
			printf("increment on sequence %llu, which takes %llu objects, %llu bytes "
			       "for granted\n",
			       (unsigned long long)m->base, (unsigned long long)m->assumed,
			       (unsigned long long)m->assumed_bytes);
		for (size_t i = 0; i < m->withdrawn_count; i++)
			printf("withdraws catalog %s %s\n", m->withdrawn[i].kind,
			       m->withdrawn[i].series);
		for (size_t i = 0; i < v->count; i++)
			printf("signed by %s %s (key %s)\n", key_role_name(v->signers[i].role),
			       v->signers[i].holder, v->signers[i].short_id);
		json_t *origins = origin_report(r->bundle);
		origin_report_print(origins);
		json_decref(origins);
		if (r->list)
			list_text(r);
	}
	const json_t *row;
	size_t i;
	json_array_foreach(r->problems, i, row)
		printf("problem %s: %s\n", json_string_value(json_object_get(row, "id")),
		       json_string_value(json_object_get(row, "message")));
	json_array_foreach(r->repairs, i, row)
		printf("%s\n", json_string_value(json_object_get(row, "message")));
	if (r->worst.id != ERROR_NONE)
		printf("next step: %s\n", error_next_step(r->worst.id));
	printf("%s: %s\n", r->checked, verdict(r));
}

/* ---- the verb ---- */

/* Signatures, tables and freshness: what every verb begins with. */
static bool open_bundle(struct run *r)
{
	struct error problem = ERROR_INIT;

	r->checked = "signatures and tables";
	r->bundle =
		medium_find_open(r->args->operands, r->args->operand_count,
				 &(struct prover_means){ .trust_dir = cli_text(r->args, "trust"),
							 .trust = r->trust },
				 &problem);
	if (!r->bundle) {
		add_problem(r, &problem);
		return false;
	}
	if (accept_fresh(verify_manifest(r->bundle), clock_now(), &problem) < 0)
		add_problem(r, &problem);
	return true;
}

static int check(struct run *r, struct error *err)
{
	const char *volumes[CLI_VALUES_MAX], *object = cli_text(r->args, "object");
	size_t count = cli_list(r->args, "volume", volumes, CLI_VALUES_MAX);

	if (count > 0)
		return check_volumes(r, volumes, count, err);
	if (object)
		return check_object(r, object, err);
	return check_everything(r, err);
}

enum depth { TABLES, TABLES_AND_LIST, CONTENTS };

static int run_verb(const struct cli_args *args, enum depth depth, struct error *err)
{
	CLEANUP(run_clear)
	struct run r = { .args = args, .problems = json_array(), .repairs = json_array() };
	uint64_t threads;

	r.list = depth == TABLES_AND_LIST;
	if (cli_number(args, "threads", 1, 64, pool_default_threads(), &threads, err) < 0)
		return -1;
	r.threads = (unsigned)threads;
	r.trust = trust_load_path(cli_text(args, "trust"), cli_text(args, "trust"), err);
	if (!r.trust || (open_bundle(&r) && depth == CONTENTS && check(&r, err) < 0))
		return -1;
	if (args->json)
		print_json(&r);
	else
		print_text(&r);
	return error_exit_status(r.worst.class);
}

int cmd_verify(const struct cli_args *args, struct error *err)
{
	return run_verb(args, CONTENTS, err);
}

int cmd_list(const struct cli_args *args, struct error *err)
{
	return run_verb(args, TABLES_AND_LIST, err);
}

int cmd_show(const struct cli_args *args, struct error *err)
{
	return run_verb(args, TABLES, err);
}
