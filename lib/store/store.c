#include "lib/store/store.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct store {
	struct db *db;
	int dir, content, tmp, lock;
	bool ready; /* a writer that has everything it needs */
};

static const char database[] = "catalog.db";

int store_create(const char *path, struct error *err)
{
	if (file_make_dirs(path, err) < 0)
		return -1;
	CLEANUP(file_close) int dir = file_open_dir(path, err);
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	if (dir < 0 || file_list_load(dir, 16, &list, err) < 0)
		return -1;
	if (list.count > 0)
		return error_set(err, ERROR_FILE_EXISTS,
				 "%s: not empty, a repository cannot be made here", path);
	CLEANUP(file_close) int content = file_open_subdir(dir, "content", true, err);
	CLEANUP(file_close) int tmp = content < 0 ? -1 : file_open_subdir(dir, "tmp", true, err);
	if (content < 0 || tmp < 0)
		return -1;
	for (unsigned i = 0; i < 256; i++) {
		char name[3];

		snprintf(name, sizeof name, "%02x", i);
		if (mkdirat(content, name, 0777) < 0 && errno != EEXIST)
			return error_set_errno(err, ERROR_FILE_WRITE,
					       "%s/content/%s: cannot create", path, name);
	}
	CLEANUP(db_close) struct db *db = db_open(path, database, true, err);
	if (!db || schema_migrate(db, err) < 0)
		return -1;
	return file_sync(content, "content", err) < 0 || file_sync(dir, path, err) < 0 ? -1 : 0;
}

static int take_lock(struct store *s, const char *path, struct error *err)
{
	s->lock = openat(s->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (s->lock < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s/lock: cannot open", path);
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return error_set(err, ERROR_STORE_BUSY,
				 "%s: another process is writing to this repository", path);
	return error_set_errno(err, ERROR_FILE_WRITE, "%s/lock: cannot lock", path);
}

static int empty_tmp(const struct store *s, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	if (file_list_load(s->tmp, 1000000, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (file_remove_tree(s->tmp, list.names[i], err) < 0)
			return -1;
	return 0;
}

struct store *store_open(const char *path, bool writer, struct error *err)
{
	CLEANUP(store_close) struct store *s = buf_calloc(1, sizeof *s);

	s->dir = s->content = s->tmp = s->lock = -1;
	s->dir = file_open_dir(path, err);
	if (s->dir < 0)
		return NULL;
	if (faccessat(s->dir, database, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		error_set(err, ERROR_STORE_ABSENT, "%s: not a repository", path);
		return NULL;
	}
	s->content = file_open_subdir(s->dir, "content", false, err);
	if (s->content < 0)
		return NULL;
	s->tmp = file_open_subdir(s->dir, "tmp", false, err);
	if (s->tmp < 0 || (writer && take_lock(s, path, err) < 0))
		return NULL;
	s->db = db_open(path, database, writer, err);
	if (!s->db || (writer ? schema_migrate(s->db, err) : schema_check(s->db, err)) < 0)
		return NULL;
	if (writer && (empty_tmp(s, err) < 0 || ledger_rows_mirror(s, err) < 0))
		return NULL;
	s->ready = writer;
	return STEAL(s);
}

void store_close(struct store *s)
{
	struct error ignored = ERROR_INIT; /* the next writer does it, and says what is wrong */

	if (!s)
		return;
	if (s->ready && ledger_rows_mirror(s, &ignored) < 0)
		error_clear(&ignored);
	db_close(s->db);
	file_close(s->content);
	file_close(s->tmp);
	file_close(s->lock);
	file_close(s->dir);
	free(s);
}

struct db *store_db(struct store *s)
{
	return s->db;
}

int store_content_dir(const struct store *s)
{
	return s->content;
}

int store_tmp_dir(const struct store *s)
{
	return s->tmp;
}

int store_dir(const struct store *s)
{
	return s->dir;
}
