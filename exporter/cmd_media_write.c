#include "exporter/commands.h"
#include "exporter/media_left.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/store/store.h"
#include "media/manifest.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/care/medium.h"
#include "verifier/care/medium_note.h"
#include "verifier/medium_verbs.h"
#include "verifier/medium_write.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
	const struct cli_args *args;
	struct medium_job job;
	const char *roots[CLI_VALUES_MAX];
	size_t root_count;
	bool attended;
	bool changed; /* the medium in roots[0] is not the one that the options describe */
	struct progress progress;
	json_t *media;
};

static void run_clear(struct run *r)
{
	medium_write_clear(&r->job);
	json_decref(r->media);
}
DEFINE_CLEANUP_IN_PLACE(struct run, run_clear);

/* --volume 3 or --volume vol-0003.tar */
static int mark_volumes(const struct cli_args *args, uint32_t count, bool *only, struct error *err)
{
	const char *volumes[CLI_VALUES_MAX];
	size_t given = cli_list(args, "volume", volumes, CLI_VALUES_MAX);

	for (size_t i = 0; i < given; i++) {
		uint64_t number = 0;
		uint32_t named = 0;

		if (volume_number(volumes[i], strlen(volumes[i]), &named))
			number = named;
		else if (!str_to_u64(volumes[i], strlen(volumes[i]), LIMIT_VOLUMES, &number))
			number = 0;
		if (number < 1 || number > count)
			return error_set(err, ERROR_USAGE, "--volume %s: no volume of this bundle",
					 volumes[i]);
		only[number - 1] = true;
	}
	return given > 0;
}

/* ---- the medium, for the ledger ---- */

static int check_options(const struct run *r, struct error *err)
{
	static const char *const names[] = { "serial", "label", "seal", "carrier" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!cli_text(r->args, names[i]))
			continue;
		if (!cli_text(r->args, "repo"))
			return error_set(err, ERROR_USAGE,
					 "--%s: it is recorded in a ledger, so --repo is needed",
					 names[i]);
		if (i < 2 && r->root_count > 1)
			return error_set(err, ERROR_USAGE, "--%s: for one medium at a time",
					 names[i]);
	}
	return 0;
}

static int read_medium(const struct run *r, const char *root, struct medium *out, struct error *err)
{
	if (!r->changed)
		return medium_read(r->args, &medium_here, root, out, err);
	*out = (struct medium){ .seal = cli_text(r->args, "seal"),
				.carrier = cli_text(r->args, "carrier") };
	medium_detect(&medium_here, root, out);
	return 0;
}

/* A wrong serial number is seen before anything is written. */
static int check_media(const struct run *r, struct error *err)
{
	struct medium ignored;

	for (size_t i = 0; i < r->root_count; i++)
		if (read_medium(r, r->roots[i], &ignored, err) < 0)
			return -1;
	return 0;
}

static int record(const struct run *r, const char *root, const struct file_list *files,
		  struct error *err)
{
	const char *repo = cli_text(r->args, "repo");
	struct medium medium;

	if (!repo)
		return 0;
	if (read_medium(r, root, &medium, err) < 0)
		return -1;
	/* Opened for the record alone: others may write to the repository meanwhile. */
	CLEANUP(store_close) struct store *s = store_open(repo, true, err);
	return s ? medium_note_write(s, r->job.bundle, root, files, &medium, err) : -1;
}

/* What the ledger knows is on other media helps who looks for the next one. */
static void show_known(const struct run *r)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1u << 20);
	struct error ignored = ERROR_INIT; /* it is only a help */
	const char *repo = cli_text(r->args, "repo");
	char name[MANIFEST_DIRECTORY_SIZE], *rest, *line;

	if (!repo)
		return;
	manifest_directory(verify_manifest(r->job.bundle), name);
	CLEANUP(store_close) struct store *s = store_open(repo, false, &ignored);
	if (!s || medium_note_known(s, name, &text, &ignored) < 0 ||
	    buf_append(&text, "", 1, &ignored) < 0)
		return;
	rest = (char *)text.bytes;
	while ((line = strsep(&rest, "\n")) && line[0])
		cli_note(r->args, "already written: %s", line);
}

/* ---- the result ---- */

static int report(struct run *r, const char *root, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	char name[MANIFEST_DIRECTORY_SIZE], path[4096];
	json_t *files = json_array();

	manifest_directory(verify_manifest(r->job.bundle), name);
	snprintf(path, sizeof path, "%s/gapferry/%s", root, name);
	json_array_append_new(r->media, json_pack("{s:s, s:o}", "path", path, "volumes", files));
	CLEANUP(file_close) int dir = file_open_dir(path, err);
	if (dir < 0 || file_list_load(dir, LIMIT_MEDIUM_FILES, &list, err) < 0)
		return -1;
	if (!r->args->json)
		printf("%s:", path);
	for (size_t i = 0; i < list.count; i++) {
		const char *file = list.names[i];

		if (strncmp(file, "vol-", 4) != 0 && strncmp(file, "par-", 4) != 0)
			continue;
		json_array_append_new(files, json_string(file));
		if (!r->args->json)
			printf(" %s", file);
	}
	if (!r->args->json)
		printf(json_array_size(files) ? "\n" : " small files only\n");
	return record(r, root, &list, err);
}

/* ---- one set of media ---- */

static int check_space(const struct run *r, const struct medium_plan *plan, struct error *err)
{
	uint64_t bytes = 0;
	char name[MEDIUM_COPY_NAME];

	if (plan->left_count == 0 || r->attended)
		return 0;
	for (size_t i = 0; i < plan->left_count; i++)
		bytes += plan->left[i].bytes;
	medium_copy_name(r->job.bundle, &plan->left[0], name);
	return error_set(err, ERROR_MEDIUM_FULL, "%llu MiB do not fit on these media, first %s",
			 (unsigned long long)((bytes >> 20) + 1), name);
}

static int make_plan(const struct run *r, struct medium_plan *plan, struct error *err)
{
	struct medium_space spaces[CLI_VALUES_MAX];
	struct medium_request request = { .wanted = r->job.wanted,
					  .wanted_count = r->job.wanted_count,
					  .spaces = spaces,
					  .space_count = r->root_count,
					  .cut = !r->attended };

	for (size_t i = 0; i < r->root_count; i++)
		if (medium_write_space(&r->job, r->roots[i], &spaces[i], err) < 0)
			return -1;
	medium_plan_make(&request, plan);
	/* On a terminal the next medium may have room for a whole volume, unless none ever has. */
	if (plan->count == 0 && plan->left_count > 0 && r->attended) {
		medium_plan_clear(plan);
		request.cut = true;
		medium_plan_make(&request, plan);
	}
	return check_space(r, plan, err);
}

/* 1 when another medium is needed. */
static int write_media(struct run *r, struct error *err)
{
	CLEANUP(medium_plan_clear) struct medium_plan plan = { 0 };

	if (check_media(r, err) < 0 || make_plan(r, &plan, err) < 0)
		return -1;
	for (size_t i = 0; i < r->root_count; i++)
		if (medium_write_target(&r->job, &plan, (uint32_t)i, r->roots[i], err) < 0)
			return -1;
	progress_clear_line();
	for (size_t i = 0; i < r->root_count; i++)
		if (report(r, r->roots[i], err) < 0)
			return -1;
	r->job.wanted_count = 0;
	for (size_t i = 0; i < plan.left_count; i++)
		r->job.wanted[r->job.wanted_count++] = plan.left[i];
	return plan.left_count > 0;
}

/* Ask for the next medium at the last place. */
static int next_medium(struct run *r, struct error *err)
{
	char line[256], name[MEDIUM_COPY_NAME];

	r->roots[0] = r->roots[r->root_count - 1];
	r->root_count = 1;
	r->changed = true;
	medium_copy_name(r->job.bundle, &r->job.wanted[0], name);
	show_known(r);
	cli_note(r->args, "%llu MiB to go, next %s",
		 (unsigned long long)((medium_write_wanted(&r->job) >> 20) + 1), name);
	cli_note(r->args, "change the medium at %s and press Enter (or end with Ctrl-C)",
		 r->roots[0]);
	if (fgets(line, sizeof line, stdin))
		return 0;
	return error_set(err, ERROR_STOPPED, "stopped while waiting for a medium");
}

static int write_all(struct run *r, struct error *err)
{
	int more;

	if (medium_write_resume(&r->job, r->roots, r->root_count, err) < 0)
		return -1;
	while ((more = write_media(r, err)) == 1)
		if (next_medium(r, err) < 0)
			return -1;
	return more;
}

int cmd_media_write(const struct cli_args *args, struct error *err)
{
	CLEANUP(medium_verbs_close) struct medium_source s = { 0 };
	CLEANUP(run_clear) struct run r = { .args = args, .media = json_array() };

	r.root_count = cli_list(args, "to", r.roots, CLI_VALUES_MAX);
	r.attended = !args->json && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (check_options(&r, err) < 0 ||
	    medium_verbs_open(args, args->operands, args->operand_count, &s, err) < 0)
		return -1;
	uint32_t volumes = verify_manifest(s.bundle)->volumes;
	CLEANUP(free) unsigned char *only = buf_calloc(volumes + 1, sizeof(bool));
	int some = mark_volumes(args, volumes, (bool *)only, err);
	if (some < 0 ||
	    medium_write_begin(&r.job, s.bundle, some ? (bool *)only : NULL, &r.progress, err) < 0)
		return -1;
	progress_begin(&r.progress, "writing", 2 * medium_write_wanted(&r.job));
	int failed = write_all(&r, err);
	progress_end(&r.progress);
	if (failed)
		return -1;
	json_t *left = media_left_report(args, &r.job);
	if (args->json)
		cli_print_json(json_pack("{s:s, s:O, s:O}", "bundle", verify_path(s.bundle),
					 "media", r.media, "left_out", left));
	else
		printf("everything was read back and is as signed\n");
	json_decref(left);
	return 0;
}
