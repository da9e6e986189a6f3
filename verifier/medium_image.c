#include "verifier/medium_image.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/progress.h"
#include "media/manifest.h"
#include "media/volume.h"
#include "verifier/medium_image_check.h"
#include "verifier/medium_tool.h"
#include "verifier/verify.h"
#include "verifier/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

void medium_image_label(const char *bundle, uint32_t index, uint32_t count,
			char out[MEDIUM_IMAGE_LABEL])
{
	char number[16] = "";
	size_t len = strlen(bundle), used = 0;

	if (count > 1)
		snprintf(number, sizeof number, "_%u", index + 1);
	size_t room = MEDIUM_IMAGE_LABEL - 1 - strlen(number);
	for (size_t i = len > room ? len - room : 0; i < len; i++) {
		char c = bundle[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		out[used++] = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
	}
	snprintf(out + used, MEDIUM_IMAGE_LABEL - used, "%s", number);
}

/* ---- the command line ---- */

static int add_file(struct medium_tool *t, const char *from, const char *to, const char *name,
		    const char *file, struct error *err)
{
	char source[PATH_SIZE], target[PATH_SIZE];

	if ((size_t)snprintf(source, sizeof source, "%s/%s", from, file) >= sizeof source ||
	    (size_t)snprintf(target, sizeof target, "/gapferry/%s/%s", to, name) >= sizeof target)
		return error_set(err, ERROR_FILE_NAME, "%.100s: path too long", file);
	medium_tool_add(t, (const char *const[]){ "-map", source, target, NULL });
	return 0;
}

static int add_piece(struct medium_tool *t, struct medium_job *job,
		     const struct medium_piece *piece, const char *to, struct error *err)
{
	char source[PATH_SIZE], target[PATH_SIZE], name[MEDIUM_COPY_NAME], offset[24], bytes[24];
	uint64_t at;

	medium_copy_name(job->bundle, piece, name);
	if (!volumes_source(verify_places(job->bundle), piece->volume, piece->chunk * VOLUME_CHUNK,
			    piece->bytes, source, sizeof source, &at))
		return error_set(err, ERROR_MEDIUM_PIECES, "%s: its bytes do not lie in one file",
				 name);
	if ((size_t)snprintf(target, sizeof target, "/gapferry/%s/%s", to, name) >= sizeof target)
		return error_set(err, ERROR_FILE_NAME, "%s: path too long", name);
	snprintf(offset, sizeof offset, "%llu", (unsigned long long)at);
	snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)piece->bytes);
	medium_tool_add(t,
			(const char *const[]){ "-cut_out", source, offset, bytes, target, NULL });
	return 0;
}

static int add_pieces(struct medium_tool *t, struct medium_job *job, const struct medium_plan *plan,
		      uint32_t index, const char *to, bool *helpers, struct error *err)
{
	struct medium_space space = plan->spaces[index];

	for (size_t i = 0; i < job->files.small_count; i++)
		if (add_file(t, verify_path(job->bundle), to, job->files.small[i].name,
			     job->files.small[i].name, err) < 0)
			return -1;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->pieces[i].medium == index &&
		    add_piece(t, job, &plan->pieces[i], to, err) < 0)
			return -1;
	for (size_t i = 0; i < job->files.helper_count; i++) {
		const struct medium_file *f = &job->files.helpers[i];

		/* xorriso wants a path: only those beside MANIFEST have one here. */
		if (job->helpers_done[i] || f->size + space.per_file > space.room ||
		    faccessat(verify_dir(job->bundle), f->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (add_file(t, verify_path(job->bundle), to, f->name, f->name, err) < 0)
			return -1;
		space.room -= f->size + space.per_file;
		job->helpers_done[i] = helpers[i] = true;
	}
	return 0;
}

/* ---- the image ---- */

/* xorriso copies bytes without knowing what they should be. */
static int prove(struct medium_job *job, const struct medium_plan *plan, uint32_t index,
		 struct error *err)
{
	CLEANUP(free) unsigned char *buffer = buf_malloc(VOLUME_CHUNK);

	for (size_t i = 0; i < plan->count; i++) {
		const struct medium_piece *p = &plan->pieces[i];
		size_t len;

		for (uint64_t c = 0; p->medium == index && c < volume_chunks(p->bytes); c++) {
			if (verify_read_chunk(job->bundle, p->volume, (size_t)(p->chunk + c),
					      buffer, &len, err) < 0)
				return -1;
			if (progress_add(job->progress, len))
				return error_set(err, ERROR_STOPPED, "stopped");
		}
	}
	return 0;
}

int medium_image_write(struct medium_job *job, const struct medium_plan *plan, uint32_t index,
		       const char *file, const char *label, struct error *err)
{
	static const char *const before[] = {
		"-compliance", "iso_9660_level=3:joliet_long_names:joliet_long_paths:deep_paths",
		"-joliet",     "on",
		"-rockridge",  "on",
		NULL
	};
	static const char *const after[] = { "-chown_r", "0",  "/",       "--",       "-chgrp_r",
					     "0",        "/",  "--",      "-chmod_r", "a-w,a+r",
					     "/",        "--", "-commit", "-end",     NULL };
	CLEANUP(medium_tool_clear) struct medium_tool t = { 0 };
	CLEANUP(free) unsigned char *helpers = buf_calloc(job->files.helper_count + 1, 1);
	char name[MANIFEST_DIRECTORY_SIZE], part[PATH_SIZE];

	if (faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, ERROR_FILE_EXISTS, "%s: exists already", file);
	if ((size_t)snprintf(part, sizeof part, "%s.part", file) >= sizeof part)
		return error_set(err, ERROR_FILE_NAME, "%.100s: path too long", file);
	if (unlink(part) < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot remove", part);
	manifest_directory(verify_manifest(job->bundle), name);
	/* Words that must come first: no configuration of others, and it ends when it is told to.
	 */
	medium_tool_add(&t,
			(const char *const[]){ "xorriso", "-no_rc", "-signal_handling", "off",
					       "-report_about", "WARNING", "-abort_on", "FAILURE",
					       "-outdev", part, "-volid", label, NULL });
	medium_tool_add(&t, before);
	if (prove(job, plan, index, err) < 0 ||
	    add_pieces(&t, job, plan, index, name, (bool *)helpers, err) < 0)
		return -1;
	medium_tool_add(&t, after);
	if (medium_tool_run(&t, job->progress, NULL, err) < 0 ||
	    medium_image_check(job, plan, index, (bool *)helpers, part, err) < 0) {
		(void)unlink(part); /* the failure is what counts */
		return -1;
	}
	if (rename(part, file) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot rename into place", file);
	return 0;
}
