/* media revolume and media image: a bundle in the sizes of other media, without a new export. */
#include "exporter/commands.h"
#include "exporter/media_left.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "media/manifest.h"
#include "media/profile.h"
#include "verifier/medium_image.h"
#include "verifier/medium_plan.h"
#include "verifier/medium_verbs.h"
#include "verifier/medium_write.h"
#include "verifier/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A profile of a whole medium, a size, or a limit for files on media of any size. */
static int media_of(const char *text, uint64_t *capacity, uint64_t *file_max, struct error *err)
{
	*file_max = UINT64_MAX;
	for (size_t i = 0; profile_at(i); i++)
		if (strcmp(profile_at(i)->name, text) == 0) {
			*capacity = profile_at(i)->capacity;
			if (*capacity == 0) {
				*capacity = UINT64_MAX;
				*file_max = profile_at(i)->volume_limit;
			}
			return 0;
		}
	if (str_to_size(text, capacity))
		return 0;
	return profile_volume_limit(text, capacity, err);
}

static int make_plan(const struct cli_args *args, const struct medium_job *job,
		     struct medium_plan *plan, struct error *err)
{
	uint64_t capacity, file_max;

	if (media_of(cli_text(args, "media"), &capacity, &file_max, err) < 0)
		return -1;
	const struct medium_space fresh = medium_write_capacity(job, capacity, file_max);
	/* A bundle without volumes still needs one medium. */
	medium_plan_make(&(struct medium_request){ .wanted = job->wanted,
						   .wanted_count = job->wanted_count,
						   .spaces = &fresh,
						   .space_count = 1,
						   .fresh = &fresh,
						   .cut = true },
			 plan);
	if (plan->left_count == 0)
		return 0;
	return error_set(err, ERROR_MEDIUM_FULL,
			 "%s: no room for a chunk of 4 MiB beside the small files",
			 cli_text(args, "media"));
}

static json_t *pieces_json(const struct medium_job *job, const struct medium_plan *plan,
			   uint32_t medium)
{
	json_t *names = json_array();

	for (size_t i = 0; i < plan->count; i++) {
		char name[MEDIUM_COPY_NAME];

		if (plan->pieces[i].medium != medium)
			continue;
		medium_copy_name(job->bundle, &plan->pieces[i], name);
		json_array_append_new(names, json_string(name));
	}
	return names;
}

static void report(const struct cli_args *args, const struct medium_job *job,
		   const struct medium_plan *plan, uint32_t medium, const char *path, json_t *media)
{
	json_t *names = pieces_json(job, plan, medium), *name;
	size_t i;

	json_array_append_new(media, json_pack("{s:s, s:o}", "path", path, "volumes", names));
	if (args->json)
		return;
	progress_clear_line();
	printf("%s:", path);
	json_array_foreach(names, i, name) printf(" %s", json_string_value(name));
	printf("\n");
}

static int write_folder(struct medium_job *job, const struct medium_plan *plan, uint32_t medium,
			const char *to, char *path, size_t size, struct error *err)
{
	if ((size_t)snprintf(path, size, "%s/medium-%02u", to, medium + 1) >= size)
		return error_set(err, ERROR_FILE_NAME, "%.100s: path too long", to);
	return file_make_dirs(path, err) < 0 ? -1
					     : medium_write_target(job, plan, medium, path, err);
}

/* FILE.iso, or FILE-01.iso and so on. */
static int write_image(struct medium_job *job, const struct medium_plan *plan, uint32_t medium,
		       const char *out, char *path, size_t size, struct error *err)
{
	const char *dot = strrchr(out, '.');
	char label[MEDIUM_IMAGE_LABEL], name[MANIFEST_DIRECTORY_SIZE];
	uint32_t count = (uint32_t)plan->space_count;
	int stem = dot && !strchr(dot, '/') ? (int)(dot - out) : (int)strlen(out), n;

	if (count == 1)
		n = snprintf(path, size, "%s", out);
	else
		n = snprintf(path, size, "%.*s-%02u%s", stem, out, medium + 1, out + stem);
	if (n < 0 || (size_t)n >= size)
		return error_set(err, ERROR_FILE_NAME, "%.100s: path too long", out);
	manifest_directory(verify_manifest(job->bundle), name);
	medium_image_label(name, medium, count, label);
	return medium_image_write(job, plan, medium, path, label, err);
}

static int run_verb(const struct cli_args *args, bool image, struct error *err)
{
	CLEANUP(medium_verbs_close) struct medium_source s = { 0 };
	CLEANUP(medium_write_clear) struct medium_job job = { 0 };
	CLEANUP(medium_plan_clear) struct medium_plan plan = { 0 };
	struct progress progress = { 0 };
	json_t *media = json_array();
	int failed = 0;

	if (medium_verbs_open(args, args->operands, args->operand_count, &s, err) < 0 ||
	    medium_write_begin(&job, s.bundle, NULL, &progress, err) < 0 ||
	    make_plan(args, &job, &plan, err) < 0)
		failed = -1;
	if (!failed)
		progress_begin(&progress, "writing", 2 * medium_write_wanted(&job));
	for (uint32_t i = 0; !failed && i < plan.space_count; i++) {
		char path[4096];

		failed = image ? write_image(&job, &plan, i, cli_text(args, "out"), path,
					     sizeof path, err)
			       : write_folder(&job, &plan, i, cli_text(args, "to"), path,
					      sizeof path, err);
		if (!failed)
			report(args, &job, &plan, i, path, media);
	}
	progress_end(&progress);
	json_t *left = failed ? NULL : media_left_report(args, &job);
	if (!failed && args->json)
		cli_print_json(json_pack("{s:s, s:O, s:O}", "bundle", verify_path(s.bundle),
					 "media", media, "left_out", left));
	json_decref(left);
	json_decref(media);
	return failed;
}

int cmd_media_revolume(const struct cli_args *args, struct error *err)
{
	return run_verb(args, false, err);
}

int cmd_media_image(const struct cli_args *args, struct error *err)
{
	return run_verb(args, true, err);
}
