#include "tests/fault/disk.h"

#include "lib/base/buf.h"
#include "tests/fault/fault.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How to go back: data (piece of saved), or a name. */
struct disk_undo {
	size_t index; /* of the file or name */
	bool name;
	uint64_t inode; /* of the name before */
	size_t at, length, size;
};

uint64_t disk_mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * 0x9e3779b97f4a7c15u ^ (b + 0xd1b54a32d192ed03u);

	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ x >> 32;
}

/* ---- files ---- */

struct disk_file *disk_find(struct disk *d, uint64_t inode)
{
	for (size_t i = 0; i < d->file_count; i++)
		if (d->files[i].inode == inode)
			return &d->files[i];
	return NULL;
}

static struct disk_file *add_file(struct disk *d, uint64_t inode, bool directory)
{
	struct disk_file *f = disk_find(d, inode);

	if (f)
		return f;
	d->files = buf_grow(d->files, &d->file_capacity, d->file_count, sizeof *d->files);
	f = &d->files[d->file_count++];
	*f = (struct disk_file){ .inode = inode, .directory = directory };
	return f;
}

/* Bytes beyond the end are zero in memory; a block of zeros counts as nothing, so holes cost
 * nothing. */
static uint64_t block_hash(const struct disk_file *f, size_t block)
{
	uint64_t h = disk_mix(f->inode, block), any = 0, word;

	for (size_t i = 0; i < DISK_BLOCK; i += 8) {
		memcpy(&word, f->bytes + block * DISK_BLOCK + i, sizeof word);
		any |= word;
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return any ? disk_mix(h, 1) : 0;
}

static void rehash(struct disk_file *f, size_t from, size_t to)
{
	for (size_t b = from / DISK_BLOCK; b * DISK_BLOCK < to; b++) {
		f->hash ^= f->blocks[b];
		f->blocks[b] = block_hash(f, b);
		f->hash ^= f->blocks[b];
	}
}

static void reserve(struct disk_file *f, size_t size)
{
	if (size <= f->capacity)
		return;
	size_t capacity = (size + size / 2 + 4096) / DISK_BLOCK * DISK_BLOCK + DISK_BLOCK;

	f->bytes = buf_realloc(f->bytes, capacity, 1);
	f->blocks = buf_realloc(f->blocks, capacity / DISK_BLOCK, sizeof *f->blocks);
	memset(f->bytes + f->capacity, 0, capacity - f->capacity);
	memset(f->blocks + f->capacity / DISK_BLOCK, 0,
	       (capacity - f->capacity) / DISK_BLOCK * sizeof *f->blocks);
	f->capacity = capacity;
}

static void save(struct disk *d, struct disk_file *f, size_t at, size_t length)
{
	d->undo = buf_grow(d->undo, &d->undo_capacity, d->undo_count, sizeof *d->undo);
	while (d->saved_len + length > d->saved_capacity) {
		d->saved_capacity = d->saved_capacity * 2 + length;
		d->saved = buf_realloc(d->saved, d->saved_capacity, 1);
	}
	if (length > 0)
		memcpy(d->saved + d->saved_len, f->bytes + at, length);
	d->saved_len += length;
	d->undo[d->undo_count++] = (struct disk_undo){
		.index = (size_t)(f - d->files), .at = at, .length = length, .size = f->size
	};
}

static void put(struct disk *d, struct disk_file *f, size_t at, const unsigned char *data,
		size_t length)
{
	size_t was = f->size, end = at + length;

	reserve(f, end);
	save(d, f, at, length);
	memcpy(f->bytes + at, data, length);
	f->size = end > was ? end : was;
	rehash(f, at, end);
}

static void cut(struct disk *d, struct disk_file *f, size_t size)
{
	size_t was = f->size, low = size < was ? size : was, high = size < was ? was : size;

	reserve(f, size);
	save(d, f, low, was - low);
	memset(f->bytes + low, 0, high - low);
	f->size = size;
	rehash(f, low, high);
}

uint64_t disk_page_hash(const struct disk_file *f, size_t page)
{
	uint64_t h = 0;

	for (size_t b = page * 8; b < page * 8 + 8 && b * DISK_BLOCK < f->size; b++)
		h ^= f->blocks[b];
	return h;
}

/* ---- names ---- */

static uint64_t name_hash(const struct disk_name *n)
{
	uint64_t h = disk_mix(n->dir, n->inode);

	for (const char *c = n->name; *c; c++)
		h = disk_mix(h, (unsigned char)*c);
	return n->inode ? h : 0;
}

static struct disk_name *find_name(const struct disk *d, uint64_t dir, const char *name)
{
	for (size_t i = 0; i < d->name_count; i++)
		if (d->names[i].dir == dir && strcmp(d->names[i].name, name) == 0)
			return &d->names[i];
	return NULL;
}

uint64_t disk_lookup(const struct disk *d, uint64_t dir, const char *name)
{
	const struct disk_name *n = find_name(d, dir, name);

	return n ? n->inode : 0;
}

static void set_name(struct disk *d, uint64_t dir, const char *name, uint64_t inode)
{
	struct disk_name *n = find_name(d, dir, name);

	if (!n) {
		d->names = buf_grow(d->names, &d->name_capacity, d->name_count, sizeof *d->names);
		n = &d->names[d->name_count++];
		*n = (struct disk_name){ .dir = dir };
		snprintf(n->name, sizeof n->name, "%s", name);
	}
	d->undo = buf_grow(d->undo, &d->undo_capacity, d->undo_count, sizeof *d->undo);
	d->undo[d->undo_count++] = (struct disk_undo){ .index = (size_t)(n - d->names),
						       .name = true,
						       .inode = n->inode };
	d->names_hash ^= name_hash(n);
	n->inode = inode;
	d->names_hash ^= name_hash(n);
}

/* ---- base and log ---- */

static _Thread_local struct loading {
	struct disk *disk;
	bool failed;
} loading;

static int load_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	struct disk *d = loading.disk;
	struct disk_file *f = add_file(d, st->st_ino, type == FTW_D);
	struct stat parent;
	char dir[4096];

	if (type == FTW_F && st->st_size > 0) {
		unsigned char *bytes = buf_malloc((size_t)st->st_size);
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read(fd, bytes, (size_t)st->st_size) != st->st_size)
			loading.failed = true;
		put(d, f, 0, bytes, (size_t)st->st_size);
		free(bytes);
		close(fd);
	}
	if (at->level == 0) {
		d->root = st->st_ino;
		return 0;
	}
	snprintf(dir, sizeof dir, "%.*s", at->base, path);
	if (stat(dir, &parent) < 0)
		return -1;
	set_name(d, parent.st_ino, path + at->base, st->st_ino);
	return 0;
}

bool disk_load(struct disk *d, const char *root)
{
	loading = (struct loading){ .disk = d };
	bool good = nftw(root, load_one, 16, FTW_PHYS) == 0 && !loading.failed;

	disk_mark(d);
	return good;
}

static const char *text_of(const unsigned char *at, size_t len)
{
	char *text = buf_malloc(len + 1);

	memcpy(text, at, len);
	text[len] = '\0';
	return text;
}

void disk_read_log(struct disk *d, const unsigned char *log, size_t len)
{
	for (size_t at = 0; at < len;) {
		/* Records lie at any address. */
		struct fault_record *r = buf_malloc(sizeof *r);
		struct disk_op op = { .record = r };

		memcpy(r, log + at, sizeof *r);
		at += sizeof *r;
		op.first = text_of(log + at, r->first);
		at += r->first;
		op.second = text_of(log + at, r->second);
		at += r->second;
		op.data = log + at;
		at += r->length;
		d->ops = buf_grow(d->ops, &d->op_capacity, d->op_count, sizeof *d->ops);
		d->ops[d->op_count++] = op;
		if (r->op == FAULT_LOG_CREATE || r->op == FAULT_LOG_MKDIR)
			add_file(d, r->inode, r->op == FAULT_LOG_MKDIR);
	}
}

/* ---- what may be lost ---- */

static bool covers(const struct fault_record *sync, const struct fault_record *r)
{
	if (sync->op == FAULT_LOG_SYNCFS)
		return true;
	if (sync->op != FAULT_LOG_SYNC)
		return false;
	if (r->op == FAULT_LOG_DATA || r->op == FAULT_LOG_SIZE)
		return r->inode == sync->inode;
	if (r->op == FAULT_LOG_MOVE || r->op == FAULT_LOG_LINK)
		return r->to == sync->inode;
	return r->dir == sync->inode;
}

struct disk_piece disk_whole(const struct disk *d, size_t op)
{
	return (struct disk_piece){ .op = (uint32_t)op, .length = d->ops[op].record->length };
}

size_t disk_pending(const struct disk *d, size_t end, size_t grain, struct disk_piece **out)
{
	size_t count = 0, capacity = 0;

	*out = NULL;
	for (size_t i = 0; i < end; i++) {
		const struct fault_record *r = d->ops[i].record;
		bool durable = r->op == FAULT_LOG_SYNC || r->op == FAULT_LOG_SYNCFS;

		for (size_t j = i + 1; j < end && !durable; j++)
			durable = covers(d->ops[j].record, r);
		if (durable)
			continue;
		size_t from = 0;
		do {
			/* Pieces end where blocks of the disk do. */
			size_t to = r->length;

			if (r->op == FAULT_LOG_DATA) {
				size_t edge = ((size_t)r->offset + from) / grain * grain + grain;

				if (edge - r->offset < to)
					to = edge - r->offset;
			}
			*out = buf_grow(*out, &capacity, count, sizeof **out);
			(*out)[count++] = (struct disk_piece){ (uint32_t)i, (uint32_t)from,
							       (uint32_t)(to - from) };
			from = to;
		} while (from < r->length);
	}
	return count;
}

static struct disk_file *file_of(struct disk *d, struct disk_op *op)
{
	if (op->file == 0) {
		const struct disk_file *f = disk_find(d, op->record->inode);

		op->file = f ? (size_t)(f - d->files) + 1 : SIZE_MAX;
	}
	return op->file == SIZE_MAX ? NULL : &d->files[op->file - 1];
}

void disk_apply(struct disk *d, const struct disk_piece *p)
{
	struct disk_op *op = &d->ops[p->op];
	const struct fault_record *r = op->record;
	struct disk_file *f;
	uint64_t inode;

	switch ((enum fault_op)r->op) {
	case FAULT_LOG_CREATE:
	case FAULT_LOG_MKDIR:
		set_name(d, r->dir, op->first, r->inode);
		break;
	case FAULT_LOG_REMOVE:
		set_name(d, r->dir, op->first, 0);
		break;
	case FAULT_LOG_MOVE:
	case FAULT_LOG_LINK:
		inode = r->inode;
		set_name(d, r->to, op->second, inode);
		if (r->op == FAULT_LOG_MOVE)
			set_name(d, r->dir, op->first, 0);
		break;
	case FAULT_LOG_DATA:
		f = file_of(d, op);
		if (f && p->length > 0)
			put(d, f, (size_t)r->offset + p->from, op->data + p->from, p->length);
		break;
	case FAULT_LOG_SIZE:
		f = file_of(d, op);
		if (f)
			cut(d, f, (size_t)r->offset);
		break;
	case FAULT_LOG_SYNC:
	case FAULT_LOG_SYNCFS:
		break;
	}
}

void disk_mark(struct disk *d)
{
	d->undo_count = 0;
	d->saved_len = 0;
}

void disk_go_back(struct disk *d)
{
	while (d->undo_count > 0) {
		const struct disk_undo *u = &d->undo[--d->undo_count];

		if (u->name) {
			struct disk_name *n = &d->names[u->index];

			d->names_hash ^= name_hash(n);
			n->inode = u->inode;
			d->names_hash ^= name_hash(n);
			continue;
		}
		struct disk_file *f = &d->files[u->index];
		d->saved_len -= u->length;
		if (u->length > 0)
			memcpy(f->bytes + u->at, d->saved + d->saved_len, u->length);
		f->size = u->size;
		rehash(f, u->at, u->at + u->length);
	}
	d->saved_len = 0;
}

uint64_t disk_hash(const struct disk *d)
{
	uint64_t h = d->names_hash;

	for (size_t i = 0; i < d->file_count; i++)
		h ^= disk_mix(d->files[i].hash, d->files[i].size ^ d->files[i].inode << 20);
	return h;
}

/* ---- as files ---- */

static bool write_dir(struct disk *d, uint64_t dir, const char *to)
{
	char path[4096];
	bool good = mkdir(to, 0777) == 0;

	for (size_t i = 0; i < d->name_count && good; i++) {
		const struct disk_name *n = &d->names[i];
		const struct disk_file *f =
			n->dir == dir && n->inode ? disk_find(d, n->inode) : NULL;

		if (!f)
			continue;
		snprintf(path, sizeof path, "%s/%s", to, n->name);
		if (f->directory) {
			good = write_dir(d, n->inode, path);
			continue;
		}
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

		good = fd >= 0 &&
		       (f->size == 0 || write(fd, f->bytes, f->size) == (ssize_t)f->size);
		if (fd >= 0)
			close(fd);
	}
	return good;
}

bool disk_write_out(struct disk *d, const char *to)
{
	return write_dir(d, d->root, to);
}
