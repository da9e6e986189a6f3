#include "verifier/medium_verbs.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/trust.h"
#include "media/chunk_table.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/ustar.h"
#include "media/volume.h"
#include "verifier/confine.h"
#include "verifier/medium_check.h"
#include "verifier/medium_find.h"
#include "verifier/medium_stream.h"
#include "verifier/prover.h"
#include "verifier/repair.h"
#include "verifier/stream.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRUST                                                       \
	{                                                           \
		"trust", CLI_TEXT, "DIR", "GAPFERRY_TRUST", true,   \
			"the trust directory, obtained out of band" \
	}

const struct cli_option medium_verbs_check_options[] = { TRUST, CLI_OPTIONS_END };

const struct cli_option medium_verbs_repair_options[] = {
	TRUST,
	{ "out", CLI_TEXT, "DIR", NULL, true, "where repaired volumes go; not the bundle itself" },
	CLI_OPTIONS_END,
};

const struct cli_option medium_verbs_unstream_options[] = {
	TRUST,
	{ "to", CLI_TEXT, "DIR", NULL, true, "where the bundle goes: DIR/gapferry/NAME" },
	{ "record", CLI_TEXT, "SIZE", NULL, false, "at least the record of the tape (256K)" },
	CLI_OPTIONS_END,
};

void medium_verbs_close(struct medium_source *s)
{
	verify_close(s->bundle); /* borrows the trust root */
	trust_free(s->trust);
	prover_end(s->prover);
	*s = (struct medium_source){ 0 };
}

static int begin(const struct cli_args *args, struct medium_source *out, struct error *err)
{
	const char *path = cli_text(args, "trust");

	out->prover = confine_prover(args, err);
	if (!out->prover || args->program->confine(args, err) < 0)
		return -1;
	out->trust = trust_load_path(path, path, err);
	return out->trust ? 0 : -1;
}

static struct prover_means means_of(const struct cli_args *args, const struct medium_source *s)
{
	return (struct prover_means){ s->prover, cli_text(args, "trust"), s->trust };
}

int medium_verbs_open(const struct cli_args *args, const char *const *places, size_t count,
		      struct medium_source *out, struct error *err)
{
	if (begin(args, out, err) < 0)
		return -1;
	const struct prover_means means = means_of(args, out);

	out->bundle = medium_find_open(places, count, &means, err);
	return out->bundle ? 0 : -1;
}

int medium_verbs_record(const struct cli_args *args, size_t *out, struct error *err)
{
	const char *text = cli_text(args, "record");
	uint64_t size = MEDIUM_STREAM_RECORD;

	if (text && (!str_to_size(text, &size) || size % USTAR_BLOCK != 0 ||
		     size > MEDIUM_STREAM_RECORD_MAX))
		return error_set(err, ERROR_STREAM_RECORD, "--record %s: no such record", text);
	*out = (size_t)size;
	return 0;
}

/* ---- check ---- */

struct checking {
	const struct cli_args *args;
	json_t *damage, *missing;
};

static void checking_clear(struct checking *c)
{
	json_decref(c->damage);
	json_decref(c->missing);
}
DEFINE_CLEANUP_IN_PLACE(struct checking, checking_clear);

static void add_damage(void *ctx, const struct medium_damage *d)
{
	static const char *const remedies[] = {
		[MEDIUM_REMEDY_NONE] = "beyond repair: ",
		[MEDIUM_REMEDY_COPY] = "a good copy is at hand",
		[MEDIUM_REMEDY_PARITY] = "repairable from parity",
		[MEDIUM_REMEDY_SPARE] = "repairable from spare volumes",
	};
	struct checking *c = ctx;
	char hex[DIGEST_HEX] = "", volume[VOLUME_NAME_SIZE];

	volume_name(d->volume, volume);
	if (d->objects > 0)
		str_to_hex(d->object, DIGEST_SHA256, hex);
	json_array_append_new(
		c->damage,
		json_pack("{s:s, s:I, s:s, s:s, s:b, s:b, s:s, s:s?, s:I, s:s}", "volume", volume,
			  "chunk", (json_int_t)d->chunk, "path", d->path, "cause", d->why,
			  "other_copy", d->remedy == MEDIUM_REMEDY_COPY, "repairable",
			  d->remedy != MEDIUM_REMEDY_NONE, "remedy", medium_check_remedy(d->remedy),
			  "beyond", d->remedy == MEDIUM_REMEDY_NONE ? d->beyond.message : NULL,
			  "objects", (json_int_t)d->objects, "first_object", hex));
	if (c->args->json)
		return;
	progress_clear_line();
	printf("damaged: %s chunk %06zu in %s: %s; %zu objects, first %s; %s%s\n", volume, d->chunk,
	       d->path, d->why, d->objects, hex[0] ? hex : "none", remedies[d->remedy],
	       d->remedy == MEDIUM_REMEDY_NONE ? d->beyond.message : "");
}

/* What is on other media is no fault of these. */
static int note_missing(struct checking *c, struct verified_bundle *b, struct error *err)
{
	for (uint32_t v = 1; v <= verify_manifest(b)->volumes; v++) {
		if (verify_volume(b, v, err) == 0)
			continue;
		if (err->id != ERROR_VOLUME_MISSING)
			return -1;
		json_array_append_new(c->missing, json_string(err->message));
		if (!c->args->json)
			printf("elsewhere: %s\n", err->message);
		error_clear(err);
	}
	return 0;
}

int medium_verbs_check(const struct cli_args *args, struct error *err)
{
	CLEANUP(medium_verbs_close) struct medium_source s = { 0 };
	CLEANUP(checking_clear)
	struct checking c = { .args = args, .damage = json_array(), .missing = json_array() };
	struct progress progress;

	if (medium_verbs_open(args, args->operands, args->operand_count, &s, err) < 0 ||
	    note_missing(&c, s.bundle, err) < 0)
		return -1;
	struct medium_check check = {
		.bundle = s.bundle, .progress = &progress, .damage = add_damage, .ctx = &c
	};
	progress_begin(&progress, "checking", 0);
	int failed = medium_check_run(&check, err);
	progress_end(&progress);
	if (failed)
		return -1;
	if (args->json)
		cli_print_json(json_pack(
			"{s:s, s:I, s:I, s:I, s:O, s:O}", "bundle", verify_path(s.bundle), "chunks",
			(json_int_t)check.chunks, "damaged", (json_int_t)check.damaged, "beyond",
			(json_int_t)check.beyond, "damage", c.damage, "missing", c.missing));
	else
		printf("%s: %llu chunks read, %llu damaged, %llu of them beyond repair\n",
		       verify_path(s.bundle), (unsigned long long)check.chunks,
		       (unsigned long long)check.damaged, (unsigned long long)check.beyond);
	return check.damaged ? error_exit_status(ERROR_CLASS_INTEGRITY) : 0;
}

/* ---- repair ---- */

struct repairing {
	const struct cli_args *args;
	json_t *repaired, *volumes;
};

static void repairing_clear(struct repairing *r)
{
	json_decref(r->repaired);
	json_decref(r->volumes);
}
DEFINE_CLEANUP_IN_PLACE(struct repairing, repairing_clear);

static void add_repaired(void *ctx, const struct repair_found *f)
{
	struct repairing *r = ctx;
	char damage[DAMAGE_TEXT], text[DAMAGE_TEXT + 80];

	damage_describe(&f->damage, damage);
	snprintf(text, sizeof text, "vol-%04u.tar chunk %06zu: repaired from %s: %s", f->volume,
		 f->chunk, f->from_spare ? "spare volumes" : "parity", damage);
	json_array_append_new(r->repaired, json_string(text));
	if (r->args->json)
		return;
	progress_clear_line();
	printf("%s\n", text);
}

/* 1 when every chunk of the volume is at hand and good, 0, or -1 when stopped. */
static int is_sound(struct verified_bundle *b, uint32_t volume, struct progress *progress,
		    struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);
	struct error problem = ERROR_INIT;
	size_t len;

	if (verify_volume(b, volume, &problem) < 0)
		return 0;
	for (size_t i = 0; i < chunk_table_count(verify_chunks(b), volume); i++) {
		if (verify_read_chunk(b, volume, i, buffer, &len, &problem) < 0)
			return 0;
		if (progress_add(progress, len))
			return error_set(err, ERROR_STOPPED, "stopped");
	}
	return 1;
}

static int repair_all(struct repairing *c, struct verified_bundle *b, struct repair *r,
		      struct progress *progress, struct error *err)
{
	const char *out = cli_text(c->args, "out");

	for (uint32_t v = 1; v <= verify_manifest(b)->volumes; v++) {
		char name[VOLUME_NAME_SIZE];
		int sound = is_sound(b, v, progress, err);

		if (sound < 0 || (sound == 0 && repair_volume(r, v, out, err) < 0))
			return -1;
		if (sound == 1)
			continue;
		volume_name(v, name);
		json_array_append_new(c->volumes, json_string(name));
		if (!c->args->json)
			printf("%s/%s: whole and as signed\n", out, name);
	}
	return 0;
}

int medium_verbs_repair(const struct cli_args *args, struct error *err)
{
	CLEANUP(medium_verbs_close) struct medium_source s = { 0 };
	CLEANUP(repairing_clear)
	struct repairing c = { .args = args, .repaired = json_array(), .volumes = json_array() };
	struct progress progress;

	if (medium_verbs_open(args, args->operands, args->operand_count, &s, err) < 0 ||
	    file_make_dirs(cli_text(args, "out"), err) < 0)
		return -1;
	progress_begin(&progress, "repairing", stream_total(s.bundle));
	CLEANUP(repair_close)
	struct repair *r = repair_open(&(struct repair_options){ .bundle = s.bundle,
								 .found = add_repaired,
								 .ctx = &c,
								 .tick = progress_tick,
								 .tick_ctx = &progress });
	int failed = repair_all(&c, s.bundle, r, &progress, err);
	progress_end(&progress);
	if (failed)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:O, s:O}", "bundle", verify_path(s.bundle),
					 "volumes", c.volumes, "repaired", c.repaired));
	else if (json_array_size(c.volumes) == 0)
		printf("every volume is whole and as signed; nothing to repair\n");
	return 0;
}

/* ---- unstream ---- */

int medium_verbs_unstream(const struct cli_args *args, struct error *err)
{
	const char *name = args->operands[0];
	bool standard = strcmp(name, "-") == 0;
	struct progress progress;
	struct medium_unstream u = { .fd = STDIN_FILENO,
				     .name = standard ? "standard input" : name,
				     .to = cli_text(args, "to"),
				     .progress = &progress };
	CLEANUP(medium_verbs_close) struct medium_source s = { 0 };
	CLEANUP(file_close) int fd = -1;

	/* The directory is there before the process that may read it. */
	if (medium_verbs_record(args, &u.record, err) < 0 || file_make_dirs(u.to, err) < 0 ||
	    begin(args, &s, err) < 0)
		return -1;
	u.means = means_of(args, &s);
	if (!standard) {
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open", name);
		u.fd = fd;
	}
	progress_begin(&progress, "reading", 0);
	int failed = medium_unstream_read(&u, err);
	progress_end(&progress);
	if (failed)
		return -1;
	if (args->json)
		cli_print_json(json_pack("{s:s, s:I}", "bundle", u.path, "damaged_chunks",
					 (json_int_t)u.damaged));
	else
		printf("bundle: %s\n", u.path);
	if (u.damaged == 0)
		return 0;
	cli_note(args, "%llu damaged chunks, first vol-%04u.tar chunk %06llu",
		 (unsigned long long)u.damaged, u.bad_volume, (unsigned long long)u.bad_chunk);
	return error_exit_status(ERROR_CLASS_INTEGRITY);
}
