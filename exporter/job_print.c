#include "exporter/job_print.h"

#include "exporter/folder.h"
#include "exporter/job_conf.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/rows.h"
#include "lib/store/selection.h"
#include "lib/store/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static void final_hex(struct digest *d, char out[65])
{
	unsigned char sha256[DIGEST_SHA256];

	digest_final(d, sha256);
	str_to_hex(sha256, sizeof sha256, out);
}

static void time_text(const struct stat *st, char out[48])
{
	snprintf(out, 48, "%lld.%09ld", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

/* Files that vanish meanwhile change the fingerprint, too. */
static int print_folder(const char *path, char out[65], struct error *err)
{
	CLEANUP(folder_clear) struct folder f = { .dir = -1 };
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);

	if (folder_scan(path, &f, err) < 0)
		return -1;
	for (size_t i = 0; i < f.count; i++) {
		char when[48] = "-", size[32];
		struct stat st;

		if (fstatat(f.dir, f.files[i].path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			time_text(&st, when);
		int len = snprintf(size, sizeof size, "%llu", (unsigned long long)f.files[i].size);
		digest_update(d, f.files[i].path, strlen(f.files[i].path) + 1);
		digest_update(d, size, (size_t)len + 1);
		digest_update(d, when, strlen(when) + 1);
	}
	final_hex(d, out);
	return 0;
}

json_t *job_print_source(const struct job_source *source, struct error *err)
{
	char when[48], content[DIGEST_HEX] = "";
	struct stat st;

	if (stat(source->file, &st) < 0) {
		error_set_errno(err, ERROR_JOB_SOURCE, "source %s: %s", source->name, source->file);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		error_set(err, ERROR_JOB_SOURCE, "source %s: %s: not a file", source->name,
			  source->file);
		return NULL;
	}
	if (source->content[0] && print_folder(source->content, content, err) < 0) {
		error_wrap(err, "source %s", source->name);
		return NULL;
	}
	time_text(&st, when);
	return json_pack("{s:s, s:I, s:s, s:s}", "file", source->file, "size",
			 (json_int_t)st.st_size, "time", when, "content", content);
}

int job_print_file(const char *path, char out[65], struct error *err)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	CLEANUP(free) unsigned char *piece = buf_malloc(PIECE);
	CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot open", path);
	while ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			digest_update(d, piece, (size_t)n);
	if (n < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot read", path);
	final_hex(d, out);
	return 0;
}

/* ---- the repository ---- */

struct objects {
	unsigned char (*sha256)[DIGEST_SHA256];
	size_t count, capacity;
};

static void objects_clear(struct objects *o)
{
	free(o->sha256);
}
DEFINE_CLEANUP_IN_PLACE(struct objects, objects_clear);

static int on_file(void *ctx, const struct rows_file *f, struct error *err)
{
	struct objects *o = ctx;

	(void)err;
	if (f->object->id == 0)
		return 0;
	o->sha256 = buf_grow(o->sha256, &o->capacity, o->count, sizeof *o->sha256);
	memcpy(o->sha256[o->count++], f->object->sha256, DIGEST_SHA256);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST_SHA256);
}

int job_print_view(struct store *s, const struct channel *c, struct selection *chosen, char out[65],
		   struct error *err)
{
	const struct rows_filter filter = { selection_wants, chosen };
	CLEANUP(objects_clear) struct objects o = { 0 };
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	unsigned char root[DIGEST_SHA256];
	char text[CHANNEL_NAME_SIZE + CHANNEL_AUDIENCE_SIZE + 48];

	/* Cabinets and documents are in the root; how documents are packed does not matter. */
	if (rows_root(s, root, err) < 0 || rows_each_file(s, &filter, on_file, &o, err) < 0)
		return -1;
	if (o.count > 0)
		qsort(o.sha256, o.count, sizeof *o.sha256, compare);
	int len = snprintf(text, sizeof text, "%s %s %u %u", c->name, c->audience, c->epoch,
			   c->trust_version);
	digest_update(d, text, (size_t)len + 1);
	digest_update(d, root, sizeof root);
	if (chosen->has)
		digest_update(d, chosen->digest, sizeof chosen->digest);
	digest_update(d, o.sha256, o.count * sizeof *o.sha256);
	final_hex(d, out);
	return 0;
}
