/*
 * crash: what a disk may show after the power went while a command of gapferry ran.
 *
 *   crash --shim FILE --base DIR --work DIR --repo NAME [--count N] [--restarts N] [--skip MASK]
 *         [--seed N] [--grain BYTES] [--list]
 *         COMMAND
 *
 * COMMAND runs once below the shim, which records each change below the repository and each flush.
 * Then, for every point between two changes, states of the disk are made up (disk.h): all of them
 * where few pieces are not flushed, else those that lack or have one piece or a run of them, and
 * random ones.  Pieces are --grain bytes, 512 or 4096.
 *
 * In each state SQLite itself recovers the database, in memory (memvfs.h).  What it then shows must
 * be what was there before COMMAND or what is there after it; the new one for good once it was
 * durable without any luck, and when COMMAND had ended; and each object that a row names must be
 * there, with its SHA-256.  A state that was seen is not looked at again, nor is a view of the
 * database that was read once.  A sample is written out, and COMMAND must complete there and end as
 * it did.
 *
 * --skip: flushes that the shim leaves out (FAULT_SKIP_*): then something must be found.
 */
#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "tests/fault/disk.h"
#include "tests/fault/memvfs.h"
#include "tests/fault/run.h"
#include "tests/fault/state.h"

#include <errno.h>
#include <getopt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* FEW: pieces of which every subset is taken.  SHOWN: faults that are printed. */
enum { COMMAND = 4096, FEW = 12, SHOWN = 5, OBJECTS = 4096 };

static void free_pieces(struct disk_piece *p)
{
	free(p);
}
DEFINE_CLEANUP(struct disk_piece *, free_pieces);

enum view { VIEW_NONE, VIEW_OLD, VIEW_NEW, VIEW_WRONG };

struct table {
	uint64_t *keys;
	unsigned char *values;
	size_t size, used;
};

struct objects {
	char names[OBJECTS][65];
	size_t count;
};

struct crash {
	struct run run;
	struct disk disk;
	struct memvfs vfs;
	sqlite3 *db;
	sqlite3_stmt *touch;
	const char *base, *work, *repo;
	char command[COMMAND], repository[COMMAND];
	uint64_t count, restarts, seed;
	unsigned skip;
	size_t grain;
	bool list;
	struct state before, rows, once, twice; /* rows: those of once */
	struct state mask;                      /* what no two runs do alike: signatures */
	struct objects old_objects, new_objects;
	uint64_t content;
	struct table states, views, whole;
	bool *applied;
	bool committed; /* the new state is durable */
	size_t point;
	/* results */
	uint64_t enumerated, distinct, opened, as_before, as_after, restarted, points;
	uint64_t corrupt, lost, rollback, unfinished;
};

static uint64_t random_next(struct crash *c)
{
	c->seed = disk_mix(c->seed, 0x5851f42d4c957f2du);
	return c->seed;
}

/* The value of a key; a new key gets 0 and *is_new. */
static unsigned char *table_at(struct table *t, uint64_t key, bool *is_new)
{
	if (t->used * 2 >= t->size) {
		struct table grown = { .size = t->size ? t->size * 2 : 1 << 16 };

		grown.keys = buf_calloc(grown.size, sizeof *grown.keys);
		grown.values = buf_calloc(grown.size, 1);
		for (size_t i = 0; i < t->size; i++)
			if (t->keys[i])
				*table_at(&grown, t->keys[i], is_new) = t->values[i];
		free(t->keys);
		free(t->values);
		*t = grown;
	}
	key = key ? key : 1;
	size_t i = (size_t)(disk_mix(key, 7) & (t->size - 1));
	while (t->keys[i] && t->keys[i] != key)
		i = (i + 1) & (t->size - 1);
	*is_new = t->keys[i] == 0;
	t->used += *is_new;
	t->keys[i] = key;
	return &t->values[i];
}

/* ---- judging ---- */

static void wrong(struct crash *c, uint64_t *counter, const char *what)
{
	if ((*counter)++ < SHOWN)
		printf("  point %zu of %zu: %s\n", c->point, c->disk.op_count, what);
}

static bool is_whole(struct crash *c, const struct disk_file *f, const char *name)
{
	unsigned char digest[DIGEST_SHA256];
	char hex[DIGEST_HEX];
	bool is_new;
	uint64_t key = disk_mix(f->hash ^ f->inode, f->size);
	unsigned char *value = table_at(&c->whole, key, &is_new);

	if (is_new) {
		digest_sha256(f->bytes, f->size, digest);
		str_to_hex(digest, sizeof digest, hex);
		*value = strcmp(hex, name) == 0;
	}
	return *value;
}

static bool has_objects(struct crash *c, const struct objects *o)
{
	for (size_t i = 0; i < o->count; i++) {
		char dir[3] = { o->names[i][0], o->names[i][1], '\0' };
		uint64_t inode =
			disk_lookup(&c->disk, disk_lookup(&c->disk, c->content, dir), o->names[i]);
		const struct disk_file *f = inode ? disk_find(&c->disk, inode) : NULL;

		if (!f || !is_whole(c, f, o->names[i]))
			return false;
	}
	return true;
}

/* The view that SQLite has: a number for all pages that it would read. */
static uint64_t view_key(struct crash *c, const struct disk_file *db, const struct disk_file *wal)
{
	uint32_t checksum[2], pages;
	uint32_t frames = memvfs_frames(&c->vfs, checksum, &pages);
	static _Thread_local unsigned char seen[1 << 16];
	uint64_t h = disk_mix(db->hash, db->size);

	if (frames == 0)
		return h;
	h = db->hash;
	memset(seen, 0, sizeof seen);
	for (uint32_t i = 0; i < frames; i++) {
		const unsigned char *head = wal->bytes + 32 + (size_t)i * (4096 + 24);
		size_t page = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 |
			      head[3];

		if (page < 1 || page > sizeof seen || seen[page - 1]++)
			continue;
		h ^= disk_page_hash(db, page - 1);
	}
	/* Pages beyond the end that the log states are not read. */
	for (size_t p = pages; p * 4096 < db->size; p++)
		if (p >= sizeof seen || !seen[p])
			h ^= disk_page_hash(db, p);
	return disk_mix(h ^ ((uint64_t)checksum[0] << 32 | checksum[1]),
			(uint64_t)frames << 32 | pages);
}

static enum view read_view(struct crash *c)
{
	struct state now = { 0 };
	char where[STATE_KEY] = "";
	enum view v = VIEW_WRONG;

	c->opened++;
	if (!state_add_rows(&now, c->db))
		v = VIEW_WRONG;
	else if (state_compare(&now, &c->before, NULL, where) == 0)
		v = VIEW_OLD;
	else if (state_compare(&now, &c->rows, NULL, where) == 0)
		v = VIEW_NEW;
	state_clear(&now);
	return v;
}

static enum view view_of(struct crash *c)
{
	static struct disk_file none;
	const struct disk_file *db, *wal;
	uint64_t inode = disk_lookup(&c->disk, c->disk.root, "catalog.db");
	bool is_new;

	db = inode ? disk_find(&c->disk, inode) : NULL;
	inode = disk_lookup(&c->disk, c->disk.root, "catalog.db-wal");
	wal = inode ? disk_find(&c->disk, inode) : &none;
	if (!db || disk_lookup(&c->disk, c->disk.root, "catalog.db-journal"))
		return VIEW_WRONG;
	c->vfs.db = (struct memvfs_file){ db->bytes, db->size };
	c->vfs.wal = (struct memvfs_file){ wal->bytes, wal->size };
	memvfs_forget(&c->vfs, c->db);
	int rc = sqlite3_step(c->touch);
	sqlite3_reset(c->touch);
	if (rc != SQLITE_ROW)
		return VIEW_WRONG;
	unsigned char *value = table_at(&c->views, view_key(c, db, wal), &is_new);
	if (is_new)
		*value = (unsigned char)read_view(c);
	return *value;
}

static void judge(struct crash *c)
{
	enum view v = view_of(c);

	c->as_before += v == VIEW_OLD;
	c->as_after += v == VIEW_NEW;
	if (v == VIEW_WRONG)
		wrong(c, &c->corrupt, "the database is corrupt, or neither old nor new");
	else if (!has_objects(c, v == VIEW_NEW ? &c->new_objects : &c->old_objects))
		wrong(c, &c->lost, "an object that a row names is not there");
	else if (v == VIEW_OLD && c->committed)
		wrong(c, &c->rollback, "the old state, after the new one was durable");
}

/* ---- a sample, for the program itself ---- */

static void restart(struct crash *c)
{
	struct state now = { 0 };
	char where[STATE_KEY] = "", other[STATE_KEY] = "", text[400];

	state_remove_tree(c->work);
	if (!state_copy_tree(c->base, c->work))
		return;
	state_remove_tree(c->repository);
	c->restarted++;
	run_clear(&c->run);
	bool good = disk_write_out(&c->disk, c->repository);
	int status = good ? run_command(&c->run, c->command) : -1;
	if ((status != 0 && status != 2) || !state_load(&now, c->repository) || now.wrong > 0) {
		run_text(c->run.err_path, text, sizeof text);
		wrong(c, &c->unfinished, "the same command again does not complete:");
		if (c->unfinished <= SHOWN)
			printf("    %d %s\n", status, text);
	} else if (state_compare(&now, &c->once, &c->mask, where) > 0 &&
		   state_compare(&now, &c->twice, &c->mask, other) > 0) {
		wrong(c, &c->unfinished, "the same command again ends otherwise:");
		printf("    %s; %s\n", where, other);
	}
	state_clear(&now);
}

/* ---- states ---- */

/* chosen: as many bytes as there are pieces. */
static void consider(struct crash *c, const struct disk_piece *pieces, size_t count,
		     const unsigned char *chosen, uint64_t restart_each)
{
	bool is_new;

	for (size_t i = 0; i < count; i++)
		if (chosen[i])
			disk_apply(&c->disk, &pieces[i]);
	c->enumerated++;
	table_at(&c->states, disk_mix(disk_hash(&c->disk), c->committed), &is_new);
	if (is_new) {
		c->distinct++;
		judge(c);
		if (restart_each > 0 && c->restarted < c->restarts &&
		    random_next(c) % restart_each == 0)
			restart(c);
	}
	disk_go_back(&c->disk);
}

/* What there is to try when not everything can be: one piece, all but one, up to one, from one on.
 */
static void choose(struct crash *c, uint64_t n, size_t count, unsigned char *chosen)
{
	size_t i = (size_t)(n / 4);

	if (i < count) {
		for (size_t j = 0; j < count; j++)
			chosen[j] = n % 4 == 0   ? j == i
				    : n % 4 == 1 ? j != i
				    : n % 4 == 2 ? j <= i
						 : j > i;
		return;
	}
	/* Few, half, most; in every third state nothing beyond some place. */
	uint64_t density = random_next(c) % 255 + 1;
	size_t end = random_next(c) % 3 == 0 ? (size_t)(random_next(c) % (count + 1)) : count;
	for (size_t j = 0; j < count; j++)
		chosen[j] = j < end && (random_next(c) & 255) < density;
}

/* Everything that is durable at this point, for good. */
static void settle(struct crash *c, size_t end, const struct disk_piece *pieces, size_t count)
{
	size_t next = 0;

	for (size_t i = 0; i < end; i++) {
		while (next < count && pieces[next].op < i)
			next++;
		if (c->applied[i] || (next < count && pieces[next].op == i))
			continue;
		struct disk_piece whole = disk_whole(&c->disk, i);

		disk_apply(&c->disk, &whole);
		c->applied[i] = true;
	}
	disk_mark(&c->disk);
}

static void at_point(struct crash *c, size_t end, size_t grain, uint64_t quota)
{
	CLEANUP(free_pieces) struct disk_piece *pieces = NULL;
	size_t count = disk_pending(&c->disk, end, grain, &pieces);
	CLEANUP(free) unsigned char *chosen = buf_calloc(count, 1);
	uint64_t each = c->restarts == 0 ? 0 : c->count / (c->restarts * 2) + 1;

	c->point = end;
	c->points++;
	settle(c, end, pieces, count);
	if (!c->committed)
		c->committed = view_of(c) == VIEW_NEW;
	/* COMMAND has ended: it said so. */
	if (end == c->disk.op_count)
		c->committed = true;
	if (count <= FEW) {
		for (uint64_t n = 0; n < (uint64_t)1 << count; n++) {
			for (size_t i = 0; i < count; i++)
				chosen[i] = n >> i & 1;
			consider(c, pieces, count, chosen, each);
		}
		return;
	}
	for (uint64_t n = 0; n < quota; n++) {
		choose(c, n, count, chosen);
		consider(c, pieces, count, chosen, each);
	}
}

static void enumerate(struct crash *c, size_t grain, uint64_t count)
{
	uint64_t small = 0, large = 0;

	for (size_t end = 0; end <= c->disk.op_count; end++) {
		CLEANUP(free_pieces) struct disk_piece *pieces = NULL;
		size_t n = disk_pending(&c->disk, end, grain, &pieces);

		if (n <= FEW)
			small += (uint64_t)1 << n;
		else
			large++;
	}
	uint64_t quota = large > 0 && count > small ? (count - small) / large + 1 : 0;
	for (size_t end = 0; end <= c->disk.op_count; end++)
		at_point(c, end, grain, quota);
}

/* ---- recording ---- */

static bool list_objects(const char *repository, struct objects *out)
{
	char path[COMMAND + 16];
	sqlite3 *db;
	sqlite3_stmt *q = NULL;

	snprintf(path, sizeof path, "%s/catalog.db", repository);
	bool good = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
		    sqlite3_prepare_v2(db, "SELECT lower(hex(sha256)) FROM object", -1, &q, NULL) ==
			    SQLITE_OK;
	while (good && sqlite3_step(q) == SQLITE_ROW && out->count < OBJECTS)
		snprintf(out->names[out->count++], 65, "%s",
			 (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	sqlite3_close(db);
	return good;
}

/* Rows alone, as a view has nothing else. */
static void keep_rows(const struct state *s, struct state *rows)
{
	for (size_t i = 0; i < s->count; i++)
		if (strncmp(s->entries[i].key, "rows ", 5) == 0)
			state_add(rows, &s->entries[i]);
}

static bool run_again(struct crash *c, struct state *out)
{
	run_clear(&c->run);
	int status = run_command(&c->run, c->command);
	return (status == 0 || status == 2) && state_load(out, c->repository);
}

static bool record(struct crash *c)
{
	struct state once = { 0 }, twice = { 0 };
	struct stat st;

	state_remove_tree(c->work);
	if (!state_copy_tree(c->base, c->work) || !state_load_rows(&c->before, c->repository) ||
	    !list_objects(c->repository, &c->old_objects) || !disk_load(&c->disk, c->repository) ||
	    stat(c->repository, &st) < 0)
		return false;
	c->content = disk_lookup(&c->disk, c->disk.root, "content");
	run_clear(&c->run);
	c->run.page->record = 1;
	c->run.page->device = st.st_dev;
	c->run.page->skip = c->skip;
	int status = run_command(&c->run, c->command);
	if ((status != 0 && status != 2) || c->run.page->overflow ||
	    !state_load(&c->once, c->repository) || !list_objects(c->repository, &c->new_objects))
		return false;
	keep_rows(&c->once, &c->rows);
	uint64_t len = c->run.page->logged;
	unsigned char *log = buf_malloc(len);
	memcpy(log, c->run.log, len);
	disk_read_log(&c->disk, log, len);
	c->applied = buf_calloc(c->disk.op_count, sizeof *c->applied);
	if (!run_again(c, &c->twice))
		return false;
	state_remove_tree(c->work);
	if (!state_copy_tree(c->base, c->work) || !run_again(c, &once) || !run_again(c, &twice))
		return false;
	state_mask(&c->twice, &twice, &c->mask);
	state_clear(&once);
	state_clear(&twice);
	return true;
}

static void print(const struct crash *c)
{
	printf("%zu changes and flushes, %llu points; %llu states enumerated, %llu distinct; %llu "
	       "as"
	       " before, %llu as after; %llu views of the database read; %llu restarted\n",
	       c->disk.op_count, (unsigned long long)c->points, (unsigned long long)c->enumerated,
	       (unsigned long long)c->distinct, (unsigned long long)c->as_before,
	       (unsigned long long)c->as_after, (unsigned long long)c->opened,
	       (unsigned long long)c->restarted);
	printf("%llu lost, %llu corrupt, %llu rolled back, %llu not completed\n",
	       (unsigned long long)c->lost, (unsigned long long)c->corrupt,
	       (unsigned long long)c->rollback, (unsigned long long)c->unfinished);
}

static void list(const struct crash *c)
{
	static const char *const names[] = { "create", "mkdir",  "data", "size",  "move",
					     "link",   "remove", "sync", "syncfs" };

	for (size_t i = 0; i < c->disk.op_count; i++) {
		const struct disk_op *o = &c->disk.ops[i];

		printf("%zu %s inode %llu dir %llu %s %s %u at %llu\n", i, names[o->record->op],
		       (unsigned long long)o->record->inode, (unsigned long long)o->record->dir,
		       o->first, o->second, o->record->length,
		       (unsigned long long)o->record->offset);
	}
}

static uint64_t number(const char *text, uint64_t otherwise)
{
	uint64_t n = otherwise;

	if (text && !str_to_u64(text, strlen(text), 10000000000, &n)) {
		fprintf(stderr, "crash: %s: not a number\n", text);
		exit(1);
	}
	return n;
}

static void parse(struct crash *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "shim", 1, NULL, 's' }, { "base", 1, NULL, 'b' },  { "work", 1, NULL, 'w' },
		{ "repo", 1, NULL, 'r' }, { "count", 1, NULL, 'c' }, { "restarts", 1, NULL, 'n' },
		{ "skip", 1, NULL, 'k' }, { "seed", 1, NULL, 'x' },  { "grain", 1, NULL, 'g' },
		{ "list", 0, NULL, 'l' }, { NULL, 0, NULL, 0 },
	};
	const char *texts[128] = { 0 };
	size_t at = 0;

	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == '?')
			exit(1);
		texts[o] = optarg ? optarg : "";
	}
	if (optind != argc - 1 || !texts['s'] || !texts['b'] || !texts['w'] || !texts['r']) {
		fprintf(stderr, "crash: see the head of crash.c\n");
		exit(1);
	}
	c->run.shim = texts['s'];
	c->base = texts['b'];
	c->work = texts['w'];
	c->repo = texts['r'];
	c->count = number(texts['c'], 100000);
	c->restarts = number(texts['n'], 20);
	c->skip = (unsigned)number(texts['k'], 0);
	c->seed = number(texts['x'], 1);
	c->list = texts['l'] != NULL;
	c->grain = (size_t)number(texts['g'], 512);
	snprintf(c->repository, sizeof c->repository, "%s/%s", c->work, c->repo);
	for (const char *t = argv[optind]; *t && at + strlen(c->work) + 1 < COMMAND; t++) {
		if (*t == '@')
			at += (size_t)snprintf(c->command + at, COMMAND - at, "%s", c->work);
		else
			c->command[at++] = *t;
	}
}

int main(int argc, char **argv)
{
	struct crash *c = buf_calloc(1, sizeof *c);
	char dir[COMMAND], text[400];

	parse(c, argc, argv);
	snprintf(dir, sizeof dir, "%s.d", c->work);
	if ((mkdir(dir, 0700) < 0 && errno != EEXIST) || !run_open(&c->run, c->run.shim, dir) ||
	    !record(c)) {
		run_text(c->run.err_path, text, sizeof text);
		printf("crash: undisturbed, it does not work: %s\n", text);
		return 1;
	}
	c->db = memvfs_open(&c->vfs);
	/* Begins to read, and so recovers, without a look at the schema. */
	if (!c->db ||
	    sqlite3_prepare_v2(c->db, "PRAGMA schema_version", -1, &c->touch, NULL) != SQLITE_OK) {
		printf("crash: SQLite does not start\n");
		return 1;
	}
	if (c->list)
		list(c);
	enumerate(c, c->grain, c->count);
	print(c);
	bool found = c->lost + c->corrupt + c->rollback + c->unfinished > 0;
	state_remove_tree(c->work);
	state_remove_tree(dir);
	return found ? 3 : 0;
}
