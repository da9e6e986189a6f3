#include "lib/store/ledger_rows.h"

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file_name[] = "ledger", first_body[] = "ledger format=1";

/* ---- rows ---- */

int ledger_rows_head(struct store *s, uint64_t *number, unsigned char digest[32], struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT number, digest FROM ledger ORDER BY number DESC LIMIT 1", err);

	*number = 0;
	memset(digest, 0, DIGEST_SHA256);
	if (!q)
		return -1;
	int row = db_step(q, err);
	if (row == 1) {
		*number = (uint64_t)db_int(q, 0);
		db_copy(q, 1, digest, DIGEST_SHA256);
		db_reset(q);
	}
	return row < 0 ? -1 : 0;
}

static int insert(struct store *s, const char *body, struct error *err)
{
	unsigned char head[DIGEST_SHA256], digest[DIGEST_SHA256];
	char line[LIMIT_LEDGER_LINE], time[STR_TIME_SIZE], hex[DIGEST_HEX];
	uint64_t number;

	if (ledger_rows_head(s, &number, head, err) < 0)
		return -1;
	str_from_time(clock_now(), time);
	size_t len = (size_t)snprintf(line, sizeof line, "%llu %s %s",
				      (unsigned long long)number + 1, time, body);
	digest_link(head, line, len, digest);
	str_to_hex(digest, sizeof digest, hex);
	snprintf(line + len, sizeof line - len, " %s", hex);
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "INSERT INTO ledger(number, line, digest) VALUES(?,?,?)", err);
	if (!q)
		return -1;
	db_bind_int(q, 1, (int64_t)number + 1);
	db_bind_text(q, 2, line);
	db_bind_blob(q, 3, digest, sizeof digest);
	return db_execute(q, err);
}

int ledger_rows_append(struct store *s, const char *body, struct error *err)
{
	unsigned char head[DIGEST_SHA256];
	uint64_t number;

	if (ledger_rows_head(s, &number, head, err) < 0 ||
	    (number == 0 && insert(s, first_body, err) < 0))
		return -1;
	return insert(s, body, err);
}

int ledger_rows_add(struct store *s, const char *body, struct error *err)
{
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	if (db_begin(scope.db, err) < 0 || ledger_rows_append(s, body, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}

int ledger_rows_each(struct store *s, uint64_t after,
		     int (*each)(void *ctx, const char *line, size_t len, struct error *err),
		     void *ctx, struct error *err)
{
	CLEANUP(db_finalize)
	struct db_statement *q = db_prepare(
		store_db(s), "SELECT line || char(10) FROM ledger WHERE number>? ORDER BY number",
		err);
	int row;

	if (!q)
		return -1;
	db_bind_int(q, 1, (int64_t)after);
	while ((row = db_step(q, err)) == 1) {
		const char *line = db_text(q, 0);

		if (each(ctx, line, strlen(line), err) < 0)
			return -1;
	}
	return row;
}

/* ---- the text file ---- */

struct mirror {
	int fd;
	uint64_t size;   /* of its complete lines */
	uint64_t torn;   /* bytes after them */
	uint64_t number; /* of the last complete line; 0 when there is none */
	struct buf more; /* lines to append */
};

static void mirror_clear(struct mirror *m)
{
	file_close(m->fd);
	buf_clear(&m->more);
}
DEFINE_CLEANUP_IN_PLACE(struct mirror, mirror_clear);

static int changed(struct error *err)
{
	return error_set(err, ERROR_LEDGER_FILE,
			 "%s: its last line is not the one the database holds", file_name);
}

/* Is the line (without LF) the database's record of that number? */
static int check_line(struct store *s, struct mirror *m, const char *line, size_t len,
		      struct error *err)
{
	const char *space = memchr(line, ' ', len);
	uint64_t number;

	if (!space || !str_to_u64(line, (size_t)(space - line), INT64_MAX, &number))
		return changed(err);
	CLEANUP(db_finalize)
	struct db_statement *q =
		db_prepare(store_db(s), "SELECT line FROM ledger WHERE number=?", err);
	if (!q)
		return -1;
	db_bind_int(q, 1, (int64_t)number);
	int row = db_step(q, err);
	if (row < 0)
		return -1;
	bool same =
		row == 1 && strlen(db_text(q, 0)) == len && memcmp(db_text(q, 0), line, len) == 0;
	db_reset(q);
	m->number = number;
	return same ? 0 : changed(err);
}

/* Where the complete lines of the file end, and which record that is. */
static int look(struct store *s, struct mirror *m, struct error *err)
{
	char tail[2 * LIMIT_LEDGER_LINE + 2];
	struct stat st;

	if (fstat(m->fd, &st) < 0)
		return error_set_errno(err, ERROR_FILE_READ, "%s: cannot examine", file_name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_FILE_NAME, "%s: not a regular file", file_name);
	uint64_t size = (uint64_t)st.st_size;
	size_t len = size < sizeof tail ? (size_t)size : sizeof tail;
	if (file_read_at(m->fd, file_name, tail, len, size - len, err) < 0)
		return -1;
	const char *last = memrchr(tail, '\n', len);
	m->torn = last ? (uint64_t)(tail + len - last - 1) : len;
	m->size = size - m->torn;
	if (!last)
		return size == len ? 0 : changed(err);
	const char *before = memrchr(tail, '\n', (size_t)(last - tail));
	if (!before && len < size)
		return changed(err);
	const char *line = before ? before + 1 : tail;
	return check_line(s, m, line, (size_t)(last - line), err);
}

static int collect(void *ctx, const char *line, size_t len, struct error *err)
{
	struct mirror *m = ctx;

	return buf_append(&m->more, line, len, err);
}

static int note_torn(struct store *s, const struct mirror *m, struct error *err)
{
	char body[64];

	snprintf(body, sizeof body, "healed torn-bytes=%llu", (unsigned long long)m->torn);
	return ledger_rows_add(s, body, err);
}

int ledger_rows_mirror(struct store *s, struct error *err)
{
	CLEANUP(mirror_clear)
	struct mirror m = { .fd = -1, .more = BUF_INIT(LIMIT_LEDGER_BYTES) };
	unsigned char head[DIGEST_SHA256];
	uint64_t number;

	m.fd = openat(store_dir(s), file_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (m.fd < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot open", file_name);
	if (look(s, &m, err) < 0 || (m.torn > 0 && note_torn(s, &m, err) < 0) ||
	    ledger_rows_head(s, &number, head, err) < 0)
		return -1;
	if (number == m.number && m.torn == 0)
		return 0;
	if (ledger_rows_each(s, m.number, collect, &m, err) < 0)
		return -1;
	/* Cut first: a longer left-over must not outlive a shorter line written over it. */
	if (m.torn > 0 && ftruncate(m.fd, (off_t)m.size) < 0)
		return error_set_errno(err, ERROR_FILE_WRITE, "%s: cannot cut", file_name);
	if (file_write_at(m.fd, file_name, m.more.bytes, m.more.len, m.size, err) < 0)
		return -1;
	return file_sync(m.fd, file_name, err);
}
