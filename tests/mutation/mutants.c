/*
 * mutants bundle|permission DIR TRUST EVERY FIRST: change the small files of a bundle, or of the
 * permission for one, one at a time and in every way: every bit flipped, cut off at every byte,
 * every line deleted, doubled, and swapped with the next.  None may be accepted.  Of all mutants,
 * counted through, those from FIRST on in steps of EVERY are tried: 1 0 is all of them, and several
 * processes can share them.  Every one is a file that is written to DIR, which is put back.
 *
 * Prints a line per file, and one of totals; exit status 1 when a mutant was accepted.
 */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/trust.h"
#include "verifier/override.h"
#include "verifier/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

struct run {
	const char *path;
	bool permission;
	int dir;
	struct trust *trust;
	unsigned char manifest[32]; /* of the permission */
	uint64_t every, first, seen;
	/* of the file at hand */
	const char *name;
	int fd;
	const unsigned char *good;
	size_t len;
	uint64_t tried, by_id[ERROR_IDS_];
	/* of all */
	uint64_t total, accepted;
};

static void die(const char *what, const struct error *err)
{
	fprintf(stderr, "mutants: %s: %s\n", what, err->message);
	exit(2);
}

static void put(struct run *r, const unsigned char *bytes, size_t len)
{
	struct error err = ERROR_INIT;

	if ((len > 0 && file_write_at(r->fd, r->name, bytes, len, 0, &err) < 0) ||
	    (ftruncate(r->fd, (off_t)len) < 0 &&
	     error_set_errno(&err, ERROR_FILE_WRITE, "%s", r->name) < 0))
		die("write", &err);
}

/* True when what lies there is accepted; *id says why not. */
static bool is_accepted(const struct run *r, enum error_id *id)
{
	struct error err = ERROR_INIT;
	bool good;

	if (r->permission) {
		CLEANUP(override_clear) struct override_proof p = { .people = 0 };
		int64_t now = 0;

		/* The certificates count from when they were made; a permission ends later. */
		now = r->trust->created;
		good = override_load(r->dir, r->trust, now, &p, &err) == 1 &&
		       override_check(&p, r->manifest, now, &err) == 0;
	} else {
		CLEANUP(verify_close)
		struct verified_bundle *b = verify_open(r->path, r->trust, VERIFY_COMPLETE, &err);
		good = b != NULL;
	}
	*id = err.id;
	return good;
}

static void attempt(struct run *r, const unsigned char *bytes, size_t len, const char *what,
		    size_t where)
{
	enum error_id id;

	if (len == r->len && memcmp(bytes, r->good, len) == 0)
		return; /* swapped equal lines: no mutant */
	if (r->seen++ % r->every != r->first)
		return;
	put(r, bytes, len);
	r->tried++;
	if (is_accepted(r, &id)) {
		r->accepted++;
		fprintf(stderr, "mutants: ACCEPTED: %s: %s %zu\n", r->name, what, where);
	}
	r->by_id[id]++;
}

static void flip(struct run *r, unsigned char *work)
{
	for (size_t bit = 0; bit < r->len * 8; bit++) {
		work[bit / 8] ^= (unsigned char)(1u << bit % 8);
		attempt(r, work, r->len, "flipped bit", bit);
		work[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
}

static size_t line_end(const struct run *r, size_t at)
{
	const unsigned char *lf = memchr(r->good + at, '\n', r->len - at);

	return lf ? (size_t)(lf - r->good) + 1 : r->len;
}

/* work has room for twice the file. */
static void change_lines(struct run *r, unsigned char *work)
{
	size_t number = 1;

	for (size_t at = 0, end; at < r->len; at = end, number++) {
		end = line_end(r, at);
		memcpy(work, r->good, at);
		memcpy(work + at, r->good + end, r->len - end);
		attempt(r, work, r->len - (end - at), "deleted line", number);
		memcpy(work, r->good, end);
		memcpy(work + end, r->good + at, r->len - at);
		attempt(r, work, r->len + (end - at), "doubled line", number);
		if (end == r->len)
			break;
		size_t next = line_end(r, end);
		memcpy(work, r->good, r->len);
		memcpy(work + at, r->good + end, next - end);
		memcpy(work + at + (next - end), r->good + at, end - at);
		attempt(r, work, r->len, "swapped line", number);
	}
}

static void report(struct run *r)
{
	printf("%s: %llu mutants:", r->name, (unsigned long long)r->tried);
	for (int id = 0; id < ERROR_IDS_; id++)
		if (r->by_id[id])
			printf(" %s %llu",
			       id == ERROR_NONE ? "ACCEPTED" : error_id_text((enum error_id)id),
			       (unsigned long long)r->by_id[id]);
	printf("\n");
	r->total += r->tried;
	r->tried = 0;
	memset(r->by_id, 0, sizeof r->by_id);
}

static void mutate_file(struct run *r, const char *name)
{
	CLEANUP(free) unsigned char *good = NULL;
	struct error err = ERROR_INIT;
	enum error_id id;

	r->name = name;
	if (file_load(r->dir, name, FILE_MAX, &good, &r->len, &err) != 1)
		die(name, &err);
	CLEANUP(free) unsigned char *work = buf_malloc(2 * r->len + 1);
	CLEANUP(file_close) int fd = openat(r->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		error_set_errno(&err, ERROR_FILE_OPEN, "%s", name);
		die("open", &err);
	}
	r->fd = fd;
	r->good = good;
	memcpy(work, good, r->len);
	flip(r, work);
	for (size_t len = 0; len < r->len; len++)
		attempt(r, good, len, "cut off at", len);
	change_lines(r, work);
	put(r, good, r->len);
	report(r);
	if (!is_accepted(r, &id))
		die("the good one is not accepted any more", &err);
}

static void mutate_folder(struct run *r, const char *folder)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int dir = openat(r->dir, folder ? folder : ".", O_RDONLY | O_DIRECTORY);

	if (dir < 0 || file_list_load(dir, 4096, &list, &err) < 0)
		die(folder ? folder : r->path, &err);
	for (size_t i = 0; i < list.count; i++) {
		char name[512];
		struct stat st;

		snprintf(name, sizeof name, "%s%s%s", folder ? folder : "", folder ? "/" : "",
			 list.names[i]);
		/* Volumes and their parity are not signed files: they are swept elsewhere. */
		if (strncmp(name, "vol-", 4) == 0 || strncmp(name, "par-", 4) == 0 ||
		    fstatat(r->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			mutate_folder(r, name);
		else
			mutate_file(r, name);
	}
}

static void begin(struct run *r, const char *trust)
{
	struct error err = ERROR_INIT;
	CLEANUP(file_close) int dir = file_open_dir(trust, &err);
	CLEANUP(override_clear) struct override_proof p = { .people = 0 };
	enum error_id id;

	r->trust = dir < 0 ? NULL : trust_load(dir, trust, &err);
	r->dir = r->trust ? file_open_dir(r->path, &err) : -1;
	if (r->dir < 0)
		die(r->path, &err);
	if (r->permission) {
		if (override_load(r->dir, r->trust, r->trust->created, &p, &err) != 1)
			die(r->path, &err);
		memcpy(r->manifest, p.said.manifest, sizeof r->manifest);
	}
	if (!is_accepted(r, &id)) {
		error_set(&err, id, "the good one is refused (%s)", error_id_text(id));
		die(r->path, &err);
	}
}

int main(int argc, char **argv)
{
	struct run *r = buf_calloc(1, sizeof *r);

	if (argc == 6)
		r->permission = strcmp(argv[1], "permission") == 0;
	if (argc != 6 || (!r->permission && strcmp(argv[1], "bundle") != 0) ||
	    !str_to_u64(argv[4], strlen(argv[4]), 1u << 30, &r->every) || r->every == 0 ||
	    !str_to_u64(argv[5], strlen(argv[5]), r->every - 1, &r->first)) {
		fprintf(stderr, "usage: mutants bundle|permission DIR TRUST EVERY FIRST\n");
		free(r);
		return 2;
	}
	r->path = argv[2];
	begin(r, argv[3]);
	mutate_folder(r, NULL);
	printf("mutants: %llu of %llu tried, %llu accepted\n", (unsigned long long)r->total,
	       (unsigned long long)r->seen, (unsigned long long)r->accepted);
	int status = r->accepted > 0;
	file_close(r->dir);
	trust_free(r->trust);
	free(r);
	return status;
}
