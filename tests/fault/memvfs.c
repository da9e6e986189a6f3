#include "tests/fault/memvfs.h"

#include <sqlite3.h>
#include <string.h>

/* sqlite3_vfs has pAppData for this, its files do not. */
struct handle {
	sqlite3_file base;
	struct memvfs *vfs;
	struct memvfs_file *file; /* NULL: one that holds nothing */
};

static int do_close(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static int do_read(sqlite3_file *f, void *out, int len, sqlite3_int64 at)
{
	const struct memvfs_file *m = ((struct handle *)f)->file;
	size_t size = m ? m->size : 0, want = (size_t)len, from = (size_t)at;
	size_t n = from >= size ? 0 : size - from < want ? size - from : want;

	if (n > 0)
		memcpy(out, m->bytes + from, n);
	if (n == want)
		return SQLITE_OK;
	memset((unsigned char *)out + n, 0, want - n);
	return SQLITE_IOERR_SHORT_READ;
}

static int do_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	(void)bytes;
	(void)len;
	(void)at;
	((struct handle *)f)->vfs->wrote = 1;
	return SQLITE_IOERR_WRITE;
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	(void)size;
	((struct handle *)f)->vfs->wrote = 1;
	return SQLITE_OK;
}

static int do_nothing(sqlite3_file *f, int flags)
{
	(void)f;
	(void)flags;
	return SQLITE_OK;
}

static int do_size(sqlite3_file *f, sqlite3_int64 *size)
{
	const struct memvfs_file *m = ((struct handle *)f)->file;

	*size = m ? (sqlite3_int64)m->size : 0;
	return SQLITE_OK;
}

static int do_reserved(sqlite3_file *f, int *out)
{
	(void)f;
	*out = 0;
	return SQLITE_OK;
}

static int do_control(sqlite3_file *f, int op, void *arg)
{
	(void)f;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int do_sector(sqlite3_file *f)
{
	(void)f;
	return 4096;
}

static int do_traits(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static int do_map(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
	struct memvfs *m = ((struct handle *)f)->vfs;

	(void)extend;
	if (region >= 4 || size != 32768)
		return SQLITE_IOERR_SHMMAP;
	if ((unsigned)region >= m->regions)
		m->regions = (unsigned)region + 1;
	*out = m->index[region];
	return SQLITE_OK;
}

static int do_lock(sqlite3_file *f, int offset, int n, int flags)
{
	(void)f;
	(void)offset;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void do_barrier(sqlite3_file *f)
{
	(void)f;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = do_close,
	.xRead = do_read,
	.xWrite = do_write,
	.xTruncate = do_truncate,
	.xSync = do_nothing,
	.xFileSize = do_size,
	.xLock = do_nothing,
	.xUnlock = do_nothing,
	.xCheckReservedLock = do_reserved,
	.xFileControl = do_control,
	.xSectorSize = do_sector,
	.xDeviceCharacteristics = do_traits,
	.xShmMap = do_map,
	.xShmLock = do_lock,
	.xShmBarrier = do_barrier,
	.xShmUnmap = do_nothing,
};

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct handle *h = (struct handle *)f;
	struct memvfs *m = v->pAppData;

	(void)name;
	*h = (struct handle){ .base = { &methods }, .vfs = m };
	if (flags & SQLITE_OPEN_MAIN_DB)
		h->file = &m->db;
	else if (flags & SQLITE_OPEN_WAL)
		h->file = &m->wal;
	if (out)
		*out = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync)
{
	(void)name;
	(void)sync;
	((struct memvfs *)v->pAppData)->wrote = 1;
	return SQLITE_OK;
}

/* There is always a log, perhaps an empty one; never a rollback journal. */
static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	size_t len = strlen(name);

	(void)v;
	(void)flags;
	*out = !(len > 8 && strcmp(name + len - 8, "-journal") == 0);
	return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *v, const char *name, int size, char *out)
{
	(void)v;
	sqlite3_snprintf(size, out, "%s", name);
	return SQLITE_OK;
}

struct sqlite3 *memvfs_open(struct memvfs *m)
{
	static sqlite3_vfs vfs;
	const sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);
	sqlite3 *db;

	vfs = *unix_vfs;
	vfs.pNext = NULL;
	vfs.zName = "memory-files";
	vfs.szOsFile = sizeof(struct handle);
	vfs.mxPathname = 64;
	vfs.pAppData = m;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xFullPathname = vfs_path;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK ||
	    sqlite3_open_v2("catalog.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    vfs.zName) != SQLITE_OK)
		return NULL;
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return db;
}

void memvfs_forget(struct memvfs *m, struct sqlite3 *db)
{
	sqlite3_db_release_memory(db);
	for (unsigned i = 0; i < m->regions; i++)
		memset(m->index[i], 0, i == 0 ? 136 : 0);
}

uint32_t memvfs_frames(const struct memvfs *m, uint32_t checksum[2], uint32_t *pages)
{
	uint32_t frames;

	/* WalIndexHdr of wal.c: mxFrame, nPage, aFrameCksum. */
	memcpy(&frames, m->index[0] + 16, sizeof frames);
	memcpy(pages, m->index[0] + 20, sizeof *pages);
	memcpy(checksum, m->index[0] + 24, 8);
	return frames;
}
