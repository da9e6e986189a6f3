#include "verifier/medium_image_check.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/cli/progress.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/manifest.h"
#include "media/volume.h"
#include "verifier/medium_tool.h"
#include "verifier/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 2048, LINE_MAX_BYTES = 512 };

/* Of a file: one, or several of 4 GiB at most. */
struct extent {
	char name[SUM_NAME_SIZE]; /* below the bundle's directory */
	uint64_t number, block, blocks, size;
};

struct image {
	const char *file; /* for messages */
	int fd;
	struct extent *extents; /* by name and number */
	size_t count, capacity;
	unsigned char *buffer;
};

static void image_clear(struct image *m)
{
	file_close(m->fd);
	free(m->extents);
	free(m->buffer);
}
DEFINE_CLEANUP_IN_PLACE(struct image, image_clear);

/* ---- what xorriso tells: "File data lba:  0 ,  57 ,  1465 ,  3000000 , '/gapferry/x/a'" ---- */

static bool next_number(const char **at, uint64_t *out)
{
	const char *begin = *at + strspn(*at, " ");
	size_t len = strspn(begin, "0123456789");

	if (!str_to_u64(begin, len, UINT64_MAX, out))
		return false;
	begin += len;
	begin += strspn(begin, " ");
	if (*begin != ',')
		return false;
	*at = begin + 1;
	return true;
}

static bool parse_line(const char *line, const char *prefix, struct extent *e)
{
	static const char head[] = "File data lba:";
	size_t len = strlen(prefix);

	if (strncmp(line, head, sizeof head - 1) != 0)
		return false;
	line += sizeof head - 1;
	if (!next_number(&line, &e->number) || !next_number(&line, &e->block) ||
	    !next_number(&line, &e->blocks) || !next_number(&line, &e->size))
		return false;
	line += strspn(line, " ");
	if (strncmp(line, prefix, len) != 0)
		return false;
	line += len;
	size_t name = strcspn(line, "'");
	if (name >= sizeof e->name || line[name] != '\'' || line[name + 1] != '\0')
		return false;
	snprintf(e->name, sizeof e->name, "%.*s", (int)name, line);
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	if (by_name != 0)
		return by_name;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int parse(struct image *m, char *text, const char *prefix, struct error *err)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		struct extent e;

		if (!line[0] || strncmp(line, "Report layout:", 14) == 0)
			continue;
		if (!parse_line(line, prefix, &e))
			return error_set(err, ERROR_MEDIUM_READBACK,
					 "%s: not understood, or a file that should not be there: "
					 "%.200s",
					 m->file, line);
		m->extents = buf_grow(m->extents, &m->capacity, m->count, sizeof *m->extents);
		m->extents[m->count++] = e;
	}
	if (m->count > 0)
		qsort(m->extents, m->count, sizeof *m->extents, compare);
	return 0;
}

static int load(struct image *m, struct medium_job *job, struct error *err)
{
	CLEANUP(medium_tool_clear) struct medium_tool tool = { 0 };
	CLEANUP(buf_clear)
	struct buf text = BUF_INIT((size_t)LIMIT_MEDIUM_FILES * LINE_MAX_BYTES);
	char name[MANIFEST_DIRECTORY_SIZE], prefix[MANIFEST_DIRECTORY_SIZE + 16];

	manifest_directory(verify_manifest(job->bundle), name);
	snprintf(prefix, sizeof prefix, "'/gapferry/%s/", name);
	medium_tool_add(&tool, (const char *const[]){ "xorriso", "-no_rc", "-signal_handling",
						      "off", "-report_about", "WARNING", "-indev",
						      m->file, "-find", "/", "-type", "f", "-exec",
						      "report_lba", "--", "-end", NULL });
	if (medium_tool_run(&tool, job->progress, &text, err) < 0 ||
	    buf_append(&text, "", 1, err) < 0)
		return -1;
	return parse(m, (char *)text.bytes, prefix, err);
}

/* ---- reading through it ---- */

static int wrong(const struct image *m, const char *name, const char *what, struct error *err)
{
	return error_set(err, ERROR_MEDIUM_READBACK, "%s: %s: %s", m->file, name, what);
}

static int find(const struct image *m, const char *name, uint64_t size, const struct extent **out,
		struct error *err)
{
	struct extent want = { .number = 0 };

	snprintf(want.name, sizeof want.name, "%s", name);
	*out = m->count ? bsearch(&want, m->extents, m->count, sizeof want, compare) : NULL;
	if (!*out)
		return wrong(m, name, "not in the image", err);
	return (*out)->size == size ? 0 : wrong(m, name, "has another size in the image", err);
}

/* len bytes from byte `at` of the file whose first extent this is. */
static int read_file(const struct image *m, const struct extent *e, unsigned char *out, size_t len,
		     uint64_t at, struct error *err)
{
	const struct extent *first = e, *end = m->extents + m->count;

	while (len > 0) {
		while (e < end && strcmp(e->name, first->name) == 0 && at >= e->blocks * BLOCK) {
			at -= e->blocks * BLOCK;
			e++;
		}
		if (e == end || strcmp(e->name, first->name) != 0)
			return wrong(m, first->name, "ends early in the image", err);
		uint64_t left = e->blocks * BLOCK - at;
		size_t n = left < len ? (size_t)left : len;

		if (file_read_at(m->fd, m->file, out, n, e->block * BLOCK + at, err) < 0)
			return -1;
		out += n;
		at += n;
		len -= n;
	}
	return 0;
}

static int check_piece(struct image *m, struct medium_job *job, const struct medium_piece *piece,
		       struct error *err)
{
	char name[MEDIUM_COPY_NAME];
	const struct extent *e;

	medium_copy_name(job->bundle, piece, name);
	if (find(m, name, piece->bytes, &e, err) < 0)
		return -1;
	for (uint64_t i = 0; i < volume_chunks(piece->bytes); i++) {
		size_t chunk = (size_t)(piece->chunk + i), len;
		unsigned char actual[DIGEST_SHA256];

		(void)verify_chunk_span(job->bundle, piece->volume, chunk, &len);
		if (read_file(m, e, m->buffer, len, i * VOLUME_CHUNK, err) < 0)
			return -1;
		digest_sha256(m->buffer, len, actual);
		if (memcmp(actual,
			   chunk_table_digest(verify_chunks(job->bundle), piece->volume, chunk),
			   sizeof actual) != 0)
			return wrong(m, name, "does not read back as it was written", err);
		if (progress_add(job->progress, len))
			return error_set(err, ERROR_STOPPED, "stopped");
	}
	return 0;
}

static int check_file(struct image *m, struct medium_job *job, const struct medium_file *file,
		      struct error *err)
{
	CLEANUP(free) unsigned char *original = buf_malloc(VOLUME_CHUNK);
	CLEANUP(file_close) int fd = -1;
	const struct extent *e;

	if (medium_copy_open(job->bundle, file, &fd, err) < 0 ||
	    find(m, file->name, file->size, &e, err) < 0)
		return -1;
	for (uint64_t at = 0; at < file->size; at += VOLUME_CHUNK) {
		uint64_t left = file->size - at;
		size_t n = left < VOLUME_CHUNK ? (size_t)left : VOLUME_CHUNK;

		if (file_read_at(fd, file->name, original, n, at, err) < 0 ||
		    read_file(m, e, m->buffer, n, at, err) < 0)
			return -1;
		if (memcmp(original, m->buffer, n) != 0)
			return wrong(m, file->name, "does not read back as it was written", err);
		if (progress_tick(job->progress))
			return error_set(err, ERROR_STOPPED, "stopped");
	}
	return 0;
}

int medium_image_check(struct medium_job *job, const struct medium_plan *plan, uint32_t index,
		       const bool *helpers, const char *file, struct error *err)
{
	CLEANUP(image_clear)
	struct image m = { .file = file, .fd = -1, .buffer = buf_malloc(VOLUME_CHUNK) };
	size_t files = 0, have = 0;

	m.fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (m.fd < 0)
		return error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open", file);
	if (file_sync(m.fd, file, err) < 0)
		return -1;
	(void)posix_fadvise(m.fd, 0, 0, POSIX_FADV_DONTNEED); /* a hint */
	if (load(&m, job, err) < 0)
		return -1;
	for (size_t i = 0; i < job->files.small_count; i++, files++)
		if (check_file(&m, job, &job->files.small[i], err) < 0)
			return -1;
	for (size_t i = 0; i < job->files.helper_count; i++) {
		if (helpers[i] && check_file(&m, job, &job->files.helpers[i], err) < 0)
			return -1;
		files += helpers[i];
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->pieces[i].medium != index)
			continue;
		if (check_piece(&m, job, &plan->pieces[i], err) < 0)
			return -1;
		files++;
	}
	for (size_t i = 0; i < m.count; i++)
		have += m.extents[i].number == 0;
	return have == files ? 0 : wrong(&m, "the image", "has files that it should not have", err);
}
