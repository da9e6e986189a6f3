#include "lib/store/db.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

enum { NAME_SIZE = 32 };

struct db {
	sqlite3 *handle;
	char name[NAME_SIZE]; /* of the file, for messages */
};

struct db_statement {
	sqlite3_stmt *handle;
	struct db *db;
};

/* SQLite calls only some of the failures for want of room "full". */
static bool is_full(struct db *db, int code)
{
	int sys = sqlite3_system_errno(db->handle);

	if ((code & 0xff) == SQLITE_IOERR && (sys == ENOSPC || sys == EDQUOT || sys == EFBIG))
		return true;
	/* The shared-memory file of the journal is grown before anything else is written. */
	return (code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_WRITE ||
	       code == SQLITE_IOERR_SHMSIZE;
}

static int fail(struct db *db, const char *what, struct error *err)
{
	int code = sqlite3_extended_errcode(db->handle);

	if (is_full(db, code)) {
		errno = ENOSPC;
		return error_set_errno(err, ERROR_DB_FULL, "%s: %s", db->name, what);
	}
	if ((code & 0xff) == SQLITE_BUSY)
		return error_set(err, ERROR_DB_BUSY, "%s: %s: in use by another process", db->name,
				 what);
	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		return error_set(err, ERROR_DB_CORRUPT, "%s: %s: %s", db->name, what,
				 sqlite3_errmsg(db->handle));
	return error_set(err, ERROR_DB, "%s: %s: %s", db->name, what, sqlite3_errmsg(db->handle));
}

static void configure(sqlite3 *handle)
{
	static const struct {
		int option, value;
	} settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },        { SQLITE_DBCONFIG_DQS_DDL, 0 },
	}, limits[] = {
		{ SQLITE_LIMIT_LENGTH, LIMIT_DB_VALUE },     { SQLITE_LIMIT_SQL_LENGTH, 64 << 10 },
		{ SQLITE_LIMIT_COLUMN, 64 },           { SQLITE_LIMIT_EXPR_DEPTH, 50 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 5 },   { SQLITE_LIMIT_VARIABLE_NUMBER, 64 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 0 },     { SQLITE_LIMIT_ATTACHED, 0 },
	};

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		sqlite3_db_config(handle, settings[i].option, settings[i].value, NULL);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		sqlite3_limit(handle, limits[i].option, limits[i].value);
	sqlite3_busy_timeout(handle, BUSY_MS);
}

struct db *db_open(const char *dir, const char *name, bool writer, struct error *err)
{
	CLEANUP(db_close) struct db *db = buf_calloc(1, sizeof *db);
	char real[PATH_MAX], path[PATH_MAX + NAME_SIZE];
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		    (writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE);

	snprintf(db->name, sizeof db->name, "%s", name);
	/* SQLITE_OPEN_NOFOLLOW wants no link anywhere in the path. */
	if (!realpath(dir, real)) {
		error_set_errno(err, ERROR_FILE_OPEN, "%s: cannot open directory", dir);
		return NULL;
	}
	snprintf(path, sizeof path, "%s/%s", real, name);
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
		error_set(err, ERROR_DB, "%s: %s", path,
			  db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
		return NULL;
	}
	configure(db->handle);
	/*
	 * The journal stays when the last user goes, empty: a reader that may not write here could
	 * not make its files.
	 */
	int stay = 1;
	sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &stay);
	if (db_run(db,
		   "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-16384;"
		   " PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=0",
		   err) < 0)
		return NULL;
	if (writer && db_run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", err) < 0)
		return NULL;
	/* A reader of a WAL database needs the shared-memory file, so it opens read-write and
	 * forbids. */
	if (!writer && db_run(db, "PRAGMA query_only=ON", err) < 0)
		return NULL;
	return STEAL(db);
}

void db_close(struct db *db)
{
	if (!db)
		return;
	sqlite3_close_v2(db->handle);
	free(db);
}

int db_run(struct db *db, const char *sql, struct error *err)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(db, "cannot run statement", err);
	return 0;
}

int db_begin(struct db *db, struct error *err)
{
	return db_run(db, "BEGIN IMMEDIATE", err);
}

int db_commit(struct db *db, struct error *err)
{
	return db_run(db, "COMMIT", err);
}

void db_abandon(struct db *db)
{
	/* Cannot be helped if it fails: the journal rolls back at the next open. */
	if (!sqlite3_get_autocommit(db->handle))
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

void db_scope_end(struct db_scope *s)
{
	if (s->db)
		db_abandon(s->db);
}

struct db_statement *db_prepare(struct db *db, const char *sql, struct error *err)
{
	sqlite3_stmt *handle;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &handle, NULL) != SQLITE_OK) {
		fail(db, "cannot prepare statement", err);
		return NULL;
	}
	struct db_statement *s = buf_malloc(sizeof *s);
	*s = (struct db_statement){ handle, db };
	return s;
}

void db_finalize(struct db_statement *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->handle);
	free(s);
}

/* Binding fails only for a parameter number the SQL does not have: a defect of ours. */
static void check_bind(int rc)
{
	assert(rc == SQLITE_OK);
	(void)rc; /* unused when assertions are off */
}

void db_bind_int(struct db_statement *s, int i, int64_t value)
{
	check_bind(sqlite3_bind_int64(s->handle, i, value));
}

void db_bind_null(struct db_statement *s, int i)
{
	check_bind(sqlite3_bind_null(s->handle, i));
}

void db_bind_text(struct db_statement *s, int i, const char *text)
{
	check_bind(text ? sqlite3_bind_text(s->handle, i, text, -1, SQLITE_STATIC)
			: sqlite3_bind_null(s->handle, i));
}

void db_bind_blob(struct db_statement *s, int i, const void *bytes, size_t len)
{
	check_bind(bytes ? sqlite3_bind_blob64(s->handle, i, bytes, len, SQLITE_STATIC)
			 : sqlite3_bind_null(s->handle, i));
}

int db_step(struct db_statement *s, struct error *err)
{
	int rc = sqlite3_step(s->handle);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE) {
		fail(s->db, "statement failed", err);
		sqlite3_reset(s->handle);
		return -1;
	}
	sqlite3_reset(s->handle);
	return 0;
}

int db_execute(struct db_statement *s, struct error *err)
{
	int rc = db_step(s, err);

	assert(rc <= 0);
	return rc;
}

void db_reset(struct db_statement *s)
{
	sqlite3_reset(s->handle);
}

int64_t db_int(struct db_statement *s, int column)
{
	return sqlite3_column_int64(s->handle, column);
}

bool db_is_null(struct db_statement *s, int column)
{
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

const char *db_text(struct db_statement *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s->handle, column);

	return text ? (const char *)text : "";
}

const void *db_blob(struct db_statement *s, int column, size_t *len)
{
	const void *bytes = sqlite3_column_blob(s->handle, column);

	*len = (size_t)sqlite3_column_bytes(s->handle, column);
	return bytes;
}

bool db_copy(struct db_statement *s, int column, void *out, size_t size)
{
	size_t len;
	const void *bytes = db_blob(s, column, &len);

	if (!bytes || len != size)
		return false;
	memcpy(out, bytes, size);
	return true;
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}
