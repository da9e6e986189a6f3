#include "tests/fault/state.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"

#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 64, BUFFER = 1 << 16 };

static struct state_entry *add(struct state *s, const char *kind, const char *a, const char *b)
{
	s->entries = buf_grow(s->entries, &s->capacity, s->count, sizeof *s->entries);
	struct state_entry *e = &s->entries[s->count++];

	snprintf(e->key, sizeof e->key, "%s %s %s", kind, a, b);
	return e;
}

void state_add(struct state *s, const struct state_entry *e)
{
	*add(s, "", "", "") = *e;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct state_entry *)a)->key, ((const struct state_entry *)b)->key);
}

static void sort(struct state *s)
{
	if (s->count > 0)
		qsort(s->entries, s->count, sizeof *s->entries, compare_entries);
}

/* ---- rows ---- */

static bool add_table(struct state *s, sqlite3 *db, const char *table)
{
	char sql[200];
	sqlite3_stmt *q;
	struct digest *columns[COLUMNS] = { NULL };

	snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
		return false;
	int count = sqlite3_column_count(q), rc;
	for (int i = 0; i < count && i < COLUMNS; i++)
		columns[i] = digest_new(DIGEST_KIND_SHA256);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		for (int i = 0; i < count && i < COLUMNS; i++) {
			int head[2] = { sqlite3_column_type(q, i), 0 };
			const void *bytes = sqlite3_column_blob(q, i);

			head[1] = sqlite3_column_bytes(q, i);
			digest_update(columns[i], head, sizeof head);
			if (bytes)
				digest_update(columns[i], bytes, (size_t)head[1]);
		}
	for (int i = 0; i < count && i < COLUMNS; i++) {
		digest_final(columns[i], add(s, "rows", table, sqlite3_column_name(q, i))->digest);
		digest_free(columns[i]);
	}
	sqlite3_finalize(q);
	return rc == SQLITE_DONE;
}

bool state_add_rows(struct state *s, struct sqlite3 *db)
{
	sqlite3_stmt *q;
	bool good = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL) == SQLITE_OK;

	if (!good)
		return false;
	good = sqlite3_step(q) == SQLITE_ROW &&
	       strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0;
	sqlite3_finalize(q);
	if (!good || sqlite3_prepare_v2(db,
					"SELECT name FROM sqlite_schema WHERE type='table' AND name"
					" NOT LIKE 'sqlite_%' ORDER BY name",
					-1, &q, NULL) != SQLITE_OK)
		return false;
	while (good && sqlite3_step(q) == SQLITE_ROW)
		good = add_table(s, db, (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	sort(s);
	return good;
}

/* ---- files ---- */

/* nftw() knows no context. */
static _Thread_local struct walk {
	struct state *state;
	size_t skip; /* bytes of the path before what is of interest */
	const char *to;
	bool failed;
} walk;

static bool digest_file(const char *path, unsigned char out[32])
{
	unsigned char *buffer = buf_malloc(BUFFER);
	struct digest *d = digest_new(DIGEST_KIND_SHA256);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, buffer, BUFFER)) > 0)
		digest_update(d, buffer, (size_t)n);
	digest_final(d, out);
	digest_free(d);
	free(buffer);
	if (fd >= 0)
		close(fd);
	return n == 0;
}

/* No two of them have a table of the same name. */
static const char *const databases[] = { "catalog.db", "clients.db" };
enum { DATABASES = sizeof databases / sizeof *databases };

static bool is_database(const char *name)
{
	for (size_t i = 0; i < DATABASES; i++)
		if (strncmp(name, databases[i], strlen(databases[i])) == 0)
			return true;
	return false;
}

static int add_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + walk.skip;
	char hex[DIGEST_HEX];

	(void)st;
	if (type != FTW_F || is_database(name) || strcmp(name, "lock") == 0 ||
	    strncmp(name, "tmp/", 4) == 0)
		return 0;
	struct state_entry *e = add(walk.state, "file", name, "");
	if (!digest_file(path, e->digest))
		walk.failed = true;
	str_to_hex(e->digest, 32, hex);
	if (strncmp(name, "content/", 8) == 0 && strcmp(hex, path + at->base) != 0)
		walk.state->wrong++;
	return 0;
}

bool state_load_rows(struct state *s, const char *repository)
{
	bool good = true;

	for (size_t i = 0; good && i < DATABASES; i++) {
		char path[4096];
		sqlite3 *db;

		snprintf(path, sizeof path, "%s/%s", repository, databases[i]);
		if (i > 0 && access(path, F_OK) != 0)
			continue; /* it comes with the first group or approval */
		good = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
		       state_add_rows(s, db);
		sqlite3_close(db);
	}
	return good;
}

bool state_load(struct state *s, const char *repository)
{
	walk = (struct walk){ .state = s, .skip = strlen(repository) + 1 };
	if (nftw(repository, add_file, 16, FTW_PHYS) != 0 || walk.failed)
		return false;
	return state_load_rows(s, repository);
}

void state_clear(struct state *s)
{
	free(s->entries);
	*s = (struct state){ 0 };
}

/* ---- comparison ---- */

static bool masked(const struct state *mask, const struct state_entry *e)
{
	/* A refusal is recorded, so a ledger with more records is right.  gapferry-verify checks
	 * it. */
	if (strncmp(e->key, "rows ledger ", 12) == 0 || strncmp(e->key, "file ledger ", 12) == 0)
		return true;
	return mask && mask->count > 0 &&
	       bsearch(e, mask->entries, mask->count, sizeof *e, compare_entries) != NULL;
}

/* Each key that differs is handed to out, or counted. */
static size_t difference(const struct state *a, const struct state *b, const struct state *mask,
			 struct state *out, char where[STATE_KEY])
{
	size_t i = 0, j = 0, count = 0;

	while (i < a->count || j < b->count) {
		const struct state_entry *x = i < a->count ? &a->entries[i] : NULL;
		const struct state_entry *y = j < b->count ? &b->entries[j] : NULL;
		int order = !x ? 1 : !y ? -1 : compare_entries(x, y);
		const struct state_entry *e = order <= 0 ? x : y;
		bool same = order == 0 && memcmp(x->digest, y->digest, sizeof x->digest) == 0;

		i += order <= 0;
		j += order >= 0;
		/* A masked file must be there all the same. */
		if (same || (order == 0 && masked(mask, e)))
			continue;
		if (count++ == 0 && where)
			memcpy(where, e->key, STATE_KEY);
		if (out)
			state_add(out, e);
	}
	return count;
}

size_t state_compare(const struct state *a, const struct state *b, const struct state *mask,
		     char where[STATE_KEY])
{
	return difference(a, b, mask, NULL, where);
}

void state_mask(const struct state *a, const struct state *b, struct state *out)
{
	difference(a, b, NULL, out, NULL);
	sort(out);
}

void state_drop_others(struct state *s, const char *prefix, const struct state *known)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (strncmp(s->entries[i].key, prefix, strlen(prefix)) != 0 ||
		    masked(known, &s->entries[i]))
			s->entries[kept++] = s->entries[i];
	s->count = kept;
}

/* ---- trees ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	if (remove(path) != 0)
		walk.failed = true;
	return 0;
}

void state_remove_tree(const char *path)
{
	walk = (struct walk){ .failed = false };
	nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

static bool copy_file(const char *from, const char *to, mode_t mode)
{
	unsigned char *buffer = buf_malloc(BUFFER);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t n = -1;

	while (in >= 0 && out >= 0 && (n = read(in, buffer, BUFFER)) > 0)
		if (write(out, buffer, (size_t)n) != n) {
			n = -1;
			break;
		}
	free(buffer);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return n == 0;
}

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	char to[4096];

	(void)at;
	snprintf(to, sizeof to, "%s%s", walk.to, path + walk.skip);
	if (type == FTW_D)
		walk.failed |= mkdir(to, 0700 | (st->st_mode & 07777)) != 0;
	else if (type == FTW_F)
		walk.failed |= !copy_file(path, to, st->st_mode & 07777);
	return 0;
}

bool state_copy_tree(const char *from, const char *to)
{
	walk = (struct walk){ .skip = strlen(from), .to = to };
	return nftw(from, copy_one, 16, FTW_PHYS) == 0 && !walk.failed;
}
