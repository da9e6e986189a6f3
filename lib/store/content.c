#include "lib/store/content.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 2 + 1 + DIGEST_HEX, CHECK_BUFFER = 1 << 20 };

struct content_writer {
	const struct store *store;
	struct digest *sha256, *sha1;
	uint64_t written;
	unsigned char sha256_value[DIGEST_SHA256], sha1_value[DIGEST_SHA1];
	bool digested;
	int fd;
	char temporary[32];
};

static void object_name(const unsigned char sha256[32], char out[NAME_SIZE])
{
	char hex[DIGEST_HEX];

	str_to_hex(sha256, DIGEST_SHA256, hex);
	snprintf(out, NAME_SIZE, "%.2s/%s", hex, hex);
}

struct content_writer *content_begin(const struct store *s, bool with_sha1, struct error *err)
{
	/* A name of its own for every writer of this process; the lock keeps other processes out.
	 */
	static _Atomic unsigned long counter;
	CLEANUP(content_abandon) struct content_writer *w = buf_calloc(1, sizeof *w);

	w->store = s;
	snprintf(w->temporary, sizeof w->temporary, "object-%lu", counter++);
	w->fd = openat(store_tmp_dir(s), w->temporary,
		       O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0444);
	if (w->fd < 0) {
		error_set_errno(err, ERROR_FILE_WRITE, "tmp/%s: cannot create", w->temporary);
		return NULL;
	}
	w->sha256 = digest_new(DIGEST_KIND_SHA256);
	if (with_sha1)
		w->sha1 = digest_new(DIGEST_KIND_SHA1);
	return STEAL(w);
}

int content_write(struct content_writer *w, const void *bytes, size_t len, struct error *err)
{
	digest_update(w->sha256, bytes, len);
	if (w->sha1)
		digest_update(w->sha1, bytes, len);
	if (file_write_at(w->fd, "content store", bytes, len, w->written, err) < 0)
		return -1;
	w->written += len;
	return 0;
}

void content_digests(struct content_writer *w, unsigned char sha256[32], unsigned char *sha1)
{
	if (!w->digested) {
		digest_final(w->sha256, w->sha256_value);
		if (w->sha1)
			digest_final(w->sha1, w->sha1_value);
		w->digested = true;
	}
	memcpy(sha256, w->sha256_value, DIGEST_SHA256);
	if (sha1)
		memcpy(sha1, w->sha1_value, DIGEST_SHA1);
}

int content_commit(struct content_writer *w, const unsigned char *expected, struct error *err)
{
	CLEANUP(content_abandon) struct content_writer *mine = w;
	unsigned char sha256[DIGEST_SHA256];
	char name[NAME_SIZE];

	content_digests(w, sha256, NULL);
	if (expected && memcmp(sha256, expected, DIGEST_SHA256) != 0) {
		char want[DIGEST_HEX], have[DIGEST_HEX];

		str_to_hex(expected, DIGEST_SHA256, want);
		str_to_hex(sha256, DIGEST_SHA256, have);
		return error_set(err, ERROR_CONTENT_DIGEST, "object %s: its bytes have SHA-256 %s",
				 want, have);
	}
	object_name(sha256, name);
	int known = faccessat(store_content_dir(w->store), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	/* Replacing an equal object is harmless, and heals one that was damaged on disk. */
	if (renameat(store_tmp_dir(w->store), w->temporary, store_content_dir(w->store), name) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE,
				       "content/%s: cannot rename into place", name);
	w->temporary[0] = '\0';
	return known;
}

void content_forget(const struct store *s, const unsigned char sha256[32])
{
	char name[NAME_SIZE];

	object_name(sha256, name);
	(void)unlinkat(store_content_dir(s), name, 0); /* see the header */
}

int content_set_aside(const struct store *s, const unsigned char sha256[32], struct error *err)
{
	CLEANUP(file_close) int damaged = file_open_subdir(store_dir(s), "damaged", true, err);
	char name[NAME_SIZE];

	if (damaged < 0)
		return -1;
	object_name(sha256, name);
	if (renameat(store_content_dir(s), name, damaged, name + 3) < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILE_WRITE, "content/%s: cannot move to damaged/",
				       name);
	return 0;
}

void content_abandon(struct content_writer *w)
{
	if (!w)
		return;
	/* Left-overs are removed by the next writer, so a failure here does not matter. */
	if (w->temporary[0])
		(void)unlinkat(store_tmp_dir(w->store), w->temporary, 0);
	file_close(w->fd);
	digest_free(w->sha256);
	digest_free(w->sha1);
	free(w);
}

int content_put(const struct store *s, const void *bytes, size_t len, unsigned char sha256[32],
		struct error *err)
{
	CLEANUP(content_abandon) struct content_writer *w = content_begin(s, false, err);

	if (!w || content_write(w, bytes, len, err) < 0)
		return -1;
	content_digests(w, sha256, NULL);
	return content_commit(STEAL(w), NULL, err);
}

int content_sync(const struct store *s, struct error *err)
{
	if (syncfs(store_content_dir(s)) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE,
				       "content store: cannot flush to disk");
	return 0;
}

int content_open(const struct store *s, const unsigned char sha256[32], int *fd, uint64_t *size,
		 struct error *err)
{
	char name[NAME_SIZE];

	object_name(sha256, name);
	return file_open_read(store_content_dir(s), name, fd, size, err);
}

int content_link(const struct store *s, const unsigned char sha256[32], int dirfd, const char *name,
		 struct error *err)
{
	char object[NAME_SIZE];

	object_name(sha256, object);
	if (linkat(store_content_dir(s), object, dirfd, name, 0) == 0)
		return 1;
	if (errno == EXDEV || errno == EMLINK || errno == EPERM || errno == ENOENT ||
	    errno == EOPNOTSUPP)
		return 0;
	return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot link", name);
}

int content_load(const struct store *s, const unsigned char sha256[32], size_t max,
		 unsigned char **out, size_t *len, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	unsigned char actual[DIGEST_SHA256];
	char name[NAME_SIZE];

	object_name(sha256, name);
	int found = file_load(store_content_dir(s), name, max, &bytes, len, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_CONTENT_ABSENT, "content/%s: not in the content store",
				 name);
	digest_sha256(bytes, *len, actual);
	if (memcmp(actual, sha256, sizeof actual) != 0)
		return error_set(err, ERROR_CONTENT_DIGEST,
				 "content/%s: bytes do not have this SHA-256", name);
	*out = STEAL(bytes);
	return 0;
}

static int hash_file(int fd, uint64_t size, unsigned char out[DIGEST_SHA256], struct error *err)
{
	CLEANUP(digest_free) struct digest *d = digest_new(DIGEST_KIND_SHA256);
	CLEANUP(free) unsigned char *buffer = buf_malloc(CHECK_BUFFER);

	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < CHECK_BUFFER ? (size_t)(size - at) : CHECK_BUFFER;

		if (file_read_at(fd, "content store", buffer, n, at, err) < 0)
			return -1;
		digest_update(d, buffer, n);
		at += n;
	}
	digest_final(d, out);
	return 0;
}

int content_check(const struct store *s, const unsigned char sha256[32], uint64_t size,
		  struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	unsigned char actual[DIGEST_SHA256];
	uint64_t have;
	int found = content_open(s, sha256, &fd, &have, err);

	if (found <= 0 || have != size)
		return found < 0 ? -1 : 0;
	if (hash_file(fd, size, actual, err) < 0)
		return -1;
	return memcmp(actual, sha256, sizeof actual) == 0;
}

int content_adopt(const struct store *s, int dirfd, const char *name,
		  const unsigned char sha256[32], struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	unsigned char actual[DIGEST_SHA256];
	char object[NAME_SIZE];
	uint64_t size;
	int found = file_open_read(dirfd, name, &fd, &size, err);

	if (found < 0)
		return -1;
	object_name(sha256, object);
	if (found == 0 || hash_file(fd, size, actual, err) < 0)
		return found ? -1 : error_set(err, ERROR_CONTENT_ABSENT, "%s: not there", name);
	if (memcmp(actual, sha256, sizeof actual) != 0)
		return error_set(err, ERROR_CONTENT_DIGEST, "%s: bytes do not have this SHA-256",
				 name);
	if (fchmod(fd, 0444) < 0 || renameat(dirfd, name, store_content_dir(s), object) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE,
				       "content/%s: cannot rename into place", object);
	return 0;
}
