#include "importer/partial.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = DIGEST_HEX + 8, RECORD_MAX = 4 << 20 };

struct range {
	uint64_t first, end;
};

struct partial {
	int dir, fd;
	unsigned char sha256[DIGEST_SHA256];
	uint64_t size;
	char name[NAME_SIZE], record[NAME_SIZE];
	struct range *ranges; /* ascending, with gaps between them */
	size_t count, capacity;
	bool changed;
};

void partial_free(struct partial *p)
{
	if (!p)
		return;
	file_close(p->fd);
	free(p->ranges);
	free(p);
}

/* ---- ranges ---- */

bool partial_has(const struct partial *p, uint64_t first, uint64_t len)
{
	for (size_t i = 0; i < p->count; i++)
		if (first >= p->ranges[i].first && first + len <= p->ranges[i].end)
			return true;
	return len == 0;
}

/* Join what touches the new range into it. */
static void add_range(struct partial *p, struct range r)
{
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct range old = p->ranges[i];

		if (old.end < r.first) {
			at = kept + 1;
		} else if (old.first <= r.end) {
			r.first = old.first < r.first ? old.first : r.first;
			r.end = old.end > r.end ? old.end : r.end;
			continue;
		}
		p->ranges[kept++] = old;
	}
	p->count = kept;
	p->ranges = buf_grow(p->ranges, &p->capacity, p->count, sizeof *p->ranges);
	memmove(p->ranges + at + 1, p->ranges + at, (p->count - at) * sizeof *p->ranges);
	p->ranges[at] = r;
	p->count++;
}

/* ---- the record: one line "<first> <end>" per range ---- */

static bool parse_line(const char *line, size_t len, uint64_t size, struct range *out)
{
	const char *space = memchr(line, ' ', len);

	return space && str_to_u64(line, (size_t)(space - line), size, &out->first) &&
	       str_to_u64(space + 1, len - (size_t)(space + 1 - line), size, &out->end) &&
	       out->first < out->end;
}

/* A record that makes no sense is as good as none: everything is read again. */
static int load_record(struct partial *p, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t len = 0;

	if (file_load(p->dir, p->record, RECORD_MAX, &bytes, &len, err) < 0)
		return -1;
	for (size_t at = 0; at < len;) {
		const unsigned char *end = memchr(bytes + at, '\n', len - at);
		struct range r;

		if (!end ||
		    !parse_line((const char *)bytes + at, (size_t)(end - bytes) - at, p->size,
				&r) ||
		    (p->count > 0 && r.first <= p->ranges[p->count - 1].end)) {
			p->count = 0;
			return 0;
		}
		p->ranges = buf_grow(p->ranges, &p->capacity, p->count, sizeof *p->ranges);
		p->ranges[p->count++] = r;
		at = (size_t)(end - bytes) + 1;
	}
	return 0;
}

struct partial *partial_open(int dir, const unsigned char sha256[32], uint64_t size, bool create,
			     struct error *err)
{
	CLEANUP(partial_free) struct partial *p = buf_calloc(1, sizeof *p);
	char hex[DIGEST_HEX];

	p->dir = dir;
	p->size = size;
	memcpy(p->sha256, sha256, sizeof p->sha256);
	str_to_hex(sha256, DIGEST_SHA256, hex);
	snprintf(p->name, sizeof p->name, "%s", hex);
	snprintf(p->record, sizeof p->record, "%s.have", hex);
	p->fd = openat(dir, p->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (p->fd < 0 && errno == ENOENT && !create)
		return NULL;
	if (p->fd < 0 && errno == ENOENT) {
		/* A record from before speaks of another file. */
		(void)unlinkat(dir, p->record, 0);
		p->fd = openat(dir, p->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	}
	if (p->fd < 0) {
		error_set_errno(err, ERROR_FILE_WRITE, "partial/%s: cannot open", p->name);
		return NULL;
	}
	if (create && ftruncate(p->fd, (off_t)size) < 0) {
		error_set_errno(err, ERROR_FILE_WRITE, "partial/%s: cannot make room", p->name);
		return NULL;
	}
	return load_record(p, err) < 0 ? NULL : STEAL(p);
}

uint64_t partial_bytes(int dir, const unsigned char sha256[32], uint64_t size)
{
	char hex[DIGEST_HEX];
	struct stat st;

	str_to_hex(sha256, DIGEST_SHA256, hex);
	if (fstatat(dir, hex, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	uint64_t bytes = (uint64_t)st.st_blocks * 512;
	return bytes < size ? bytes : size;
}

int partial_write(struct partial *p, const void *bytes, uint64_t first, size_t len,
		  struct error *err)
{
	if (file_write_at(p->fd, p->name, bytes, len, first, err) < 0)
		return -1;
	add_range(p, (struct range){ first, first + len });
	p->changed = true;
	return 0;
}

int partial_save(struct partial *p, struct error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(RECORD_MAX);

	if (!p->changed)
		return 0;
	for (size_t i = 0; i < p->count; i++)
		if (buf_printf(&text, err, "%llu %llu\n", (unsigned long long)p->ranges[i].first,
			       (unsigned long long)p->ranges[i].end) < 0)
			return -1;
	if (file_sync(p->fd, p->name, err) < 0 ||
	    file_save(p->dir, p->record, text.bytes, text.len, 0644, err) < 0)
		return -1;
	p->changed = false;
	return 0;
}

bool partial_is_complete(const struct partial *p)
{
	return partial_has(p, 0, p->size);
}

int partial_finish(struct partial *p, const struct store *s, struct error *err)
{
	int failed = content_adopt(s, p->dir, p->name, p->sha256, err);

	if (failed && err->id != ERROR_CONTENT_DIGEST)
		return -1;
	if (failed)
		(void)unlinkat(p->dir, p->name, 0); /* the digest is the failure to report */
	/* Without its file the record is garbage, and it goes with the directory. */
	(void)unlinkat(p->dir, p->record, 0);
	return failed;
}
