#include "lib/clients/clients.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/clients/clients_internal.h"
#include "lib/store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- opening ---- */

/* An empty file that nobody else can read, before SQLite makes one that others can. */
static int make_private(const char *where, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_dir(where, err);

	if (dir < 0)
		return -1;
	CLEANUP(file_close)
	int fd = openat(dir, "clients.db", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s/clients.db: cannot create",
				       where);
	return 0;
}

static int make_identity(struct clients *c, struct error *err)
{
	unsigned char bytes[CLIENTS_GUID + CLIENTS_KEY];
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	int64_t there;

	if (db_begin(c->db, err) < 0)
		return -1;
	int row = clients_number(c, "SELECT 1 FROM setting", &there, err);
	if (row != 0)
		return row < 0 ? -1 : 0;
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return error_set_errno(err, ERROR_FILE_READ, "random numbers: cannot read");
	/* RFC 9562: version 4, variant 1 */
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	struct db_statement *s =
		clients_prepared(c, "INSERT INTO setting VALUES(1, ?1, ?2, ?3, ?3, 0, 1, 0)", err);
	if (!s)
		return -1;
	db_bind_blob(s, 1, bytes, CLIENTS_GUID);
	db_bind_blob(s, 2, bytes + CLIENTS_GUID, CLIENTS_KEY);
	db_bind_int(s, 3, clock_now());
	return db_execute(s, err) < 0 ? -1 : db_commit(c->db, err);
}

static int load_identity(struct clients *c, struct error *err)
{
	if (make_identity(c, err) < 0)
		return -1;
	struct db_statement *s =
		clients_prepared(c, "SELECT server_id, cookie_key FROM setting", err);
	if (!s || db_step(s, err) < 0)
		return -1;
	bool sound = db_copy(s, 0, c->server_id, sizeof c->server_id) &&
		     db_copy(s, 1, c->cookie_key, sizeof c->cookie_key);
	db_reset(s);
	return sound ? 0
		     : error_set(err, ERROR_CLIENTS_CORRUPT,
				 "clients.db: server id and key are not what they should be");
}

struct clients *clients_open(const char *dir, enum clients_use use, struct error *err)
{
	CLEANUP(clients_close) struct clients *c = buf_calloc(1, sizeof *c);

	if (make_private(dir, err) < 0)
		return NULL;
	c->lock = lock_new();
	c->db = db_open(dir, "clients.db", true, err);
	if (!c->db || clients_schema(c->db, err) < 0 || load_identity(c, err) < 0)
		return NULL;
	/* A commit of the server waits for no disk; a verb's does. */
	if (use == CLIENTS_SERVER && db_run(c->db, "PRAGMA synchronous=NORMAL", err) < 0)
		return NULL;
	return STEAL(c);
}

void clients_close(struct clients *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->prepared_count; i++)
		db_finalize(c->prepared[i].statement);
	db_close(c->db);
	lock_free(c->lock);
	explicit_bzero(c->cookie_key, sizeof c->cookie_key);
	free(c);
}

/* ---- for this component ---- */

struct db_statement *clients_prepared(struct clients *c, const char *sql, struct error *err)
{
	for (size_t i = 0; i < c->prepared_count; i++)
		if (c->prepared[i].sql == sql) {
			db_reset(c->prepared[i].statement);
			return c->prepared[i].statement;
		}
	struct db_statement *s = db_prepare(c->db, sql, err);
	if (!s)
		return NULL;
	assert(c->prepared_count < CLIENTS_STATEMENTS); /* there are fewer constants */
	c->prepared[c->prepared_count].sql = sql;
	c->prepared[c->prepared_count++].statement = s;
	return s;
}

int clients_number(struct clients *c, const char *sql, int64_t *out, struct error *err)
{
	struct db_statement *s = clients_prepared(c, sql, err);

	if (!s)
		return -1;
	int row = db_step(s, err);
	if (row == 1) {
		*out = db_int(s, 0);
		db_reset(s);
	}
	return row;
}

int clients_changed(struct clients *c, struct error *err)
{
	struct db_statement *s = clients_prepared(c, "UPDATE setting SET version=version+1", err);

	return s ? db_execute(s, err) : -1;
}

int clients_change_time(struct clients *c, int64_t now, int64_t *out, struct error *err)
{
	struct db_statement *s = clients_prepared(
		c, "UPDATE setting SET approval_change=max(?1, approval_change+1)", err);

	if (!s)
		return -1;
	db_bind_int(s, 1, now);
	if (db_execute(s, err) < 0)
		return -1;
	return clients_number(c, "SELECT approval_change FROM setting", out, err) < 0 ? -1 : 0;
}

/* ---- the rest ---- */

const unsigned char *clients_server_id(const struct clients *c)
{
	return c->server_id;
}

const unsigned char *clients_cookie_key(const struct clients *c)
{
	return c->cookie_key;
}

static int setting(struct clients *c, const char *sql, int64_t *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	int row = clients_number(c, sql, out, err);

	if (row == 0)
		return error_set(err, ERROR_CLIENTS_CORRUPT, "clients.db: no settings");
	return row < 0 ? -1 : 0;
}

int clients_config_change(struct clients *c, int64_t *out, struct error *err)
{
	return setting(c, "SELECT config_change FROM setting", out, err);
}

int clients_version(struct clients *c, int64_t *out, struct error *err)
{
	return setting(c, "SELECT version FROM setting", out, err);
}

int clients_targeting(struct clients *c, enum clients_targeting *out, struct error *err)
{
	int64_t value;

	if (setting(c, "SELECT targeting FROM setting", &value, err) < 0)
		return -1;
	*out = value == CLIENTS_TARGETING_CLIENT ? CLIENTS_TARGETING_CLIENT
						 : CLIENTS_TARGETING_SERVER;
	return 0;
}

static const char touch[] = "UPDATE setting SET config_change=max(?1, config_change+1)";

int clients_config_touch(struct clients *c, int64_t now, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	struct db_statement *s = clients_prepared(c, touch, err);

	if (!s)
		return -1;
	db_bind_int(s, 1, now);
	return db_execute(s, err);
}

int clients_set_targeting(struct clients *c, enum clients_targeting mode, int64_t now,
			  struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };

	if (db_begin(c->db, err) < 0)
		return -1;
	struct db_statement *s =
		clients_prepared(c, "UPDATE setting SET targeting=?1 WHERE targeting<>?1", err);
	if (!s)
		return -1;
	db_bind_int(s, 1, mode);
	if (db_execute(s, err) < 0)
		return -1;
	if (db_changes(c->db) == 0)
		return 0;
	s = clients_prepared(c, touch, err);
	if (!s)
		return -1;
	db_bind_int(s, 1, now);
	return db_execute(s, err) < 0 || clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}
