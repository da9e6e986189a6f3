#include "verifier/volumes.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "media/volume.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { OPEN_MAX = 16384 };

/* A file that holds bytes first to first + len of a volume. */
struct piece {
	uint64_t first, len;
	uint64_t reach; /* the furthest end of this piece and those before it */
	bool there;     /* it was opened, and its size fits */
	int fd;         /* -1: opened again for each read */
	bool segment;
	size_t place; /* its directory */
	char *name;
};

struct place {
	int dir;
	char *path;
	bool label;
};

struct volume {
	struct piece *pieces; /* once opened in the order of compare() */
	size_t count, capacity;
	bool opened; /* all of it, and nothing was noted since */
};

struct volumes {
	const uint64_t *sizes;
	uint32_t count;
	struct volume *volumes;
	struct place *places;
	size_t place_count, place_capacity;
	size_t open_count, open_max; /* files that stay open */
	size_t segments;             /* found, on all media */
};

struct volumes *volumes_new(const uint64_t *sizes, uint32_t count)
{
	struct volumes *v = buf_calloc(1, sizeof *v);
	struct rlimit files;

	/* The rest is for who reads: several programs' worth of other files. */
	v->open_max = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < OPEN_MAX * 4
			      ? (size_t)files.rlim_cur / 4
			      : OPEN_MAX;
	v->sizes = sizes;
	v->count = count;
	v->volumes = buf_calloc(count ? count : 1, sizeof *v->volumes);
	return v;
}

static void forget(struct volumes *v, struct volume *volume)
{
	for (size_t i = 0; i < volume->count; i++) {
		if (volume->pieces[i].fd >= 0)
			v->open_count--;
		file_close(volume->pieces[i].fd);
		free(volume->pieces[i].name);
	}
	free(volume->pieces);
	*volume = (struct volume){ 0 };
}

void volumes_free(struct volumes *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; i < v->count; i++)
		forget(v, &v->volumes[i]);
	for (size_t i = 0; i < v->place_count; i++) {
		file_close(v->places[i].dir);
		free(v->places[i].path);
	}
	free(v->volumes);
	free(v->places);
	free(v);
}

/* ---- what there may be ---- */

static size_t add_place(struct volumes *v, int dir, const char *path, bool label)
{
	v->places = buf_grow(v->places, &v->place_capacity, v->place_count, sizeof *v->places);
	v->places[v->place_count] = (struct place){ dir, buf_strdup(path), label };
	return v->place_count++;
}

static void add_piece(struct volumes *v, uint32_t volume, struct piece piece)
{
	struct volume *all = &v->volumes[volume - 1];

	all->pieces = buf_grow(all->pieces, &all->capacity, all->count, sizeof *all->pieces);
	all->pieces[all->count++] = piece;
	all->opened = false;
}

static void add_name(struct volumes *v, size_t place, const char *name)
{
	struct piece p = { .fd = -1, .place = place };
	struct volume_file f;

	if (!volume_file_parse(name, strlen(name), &f) || f.number > v->count ||
	    (f.kind != VOLUME_WHOLE && f.kind != VOLUME_SEGMENT))
		return;
	p.segment = f.kind == VOLUME_SEGMENT;
	v->segments += p.segment;
	p.first = (uint64_t)f.chunk * VOLUME_CHUNK;
	p.name = buf_strdup(name);
	add_piece(v, f.number, p);
}

int volumes_add_dir(struct volumes *v, int dir, const char *path, bool label, struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	CLEANUP(file_close) int own = file_open_subdir(dir, ".", false, err);

	if (own < 0 || file_list_load(own, LIMIT_MEDIUM_FILES, &list, err) < 0)
		return error_wrap(err, "%s", path);
	size_t place = add_place(v, own, path, label);

	own = -1;
	for (size_t i = 0; i < list.count; i++)
		add_name(v, place, list.names[i]);
	if (v->segments > LIMIT_SEGMENTS)
		return error_set(err, ERROR_MEDIA_LIMIT,
				 "%s: more than %u segments on the media together", path,
				 LIMIT_SEGMENTS);
	return 0;
}

int volumes_add_file(struct volumes *v, uint32_t volume, const char *path, struct error *err)
{
	forget(v, &v->volumes[volume - 1]);
	add_piece(v, volume,
		  (struct piece){ .fd = -1,
				  .place = add_place(v, AT_FDCWD, ".", false),
				  .name = buf_strdup(path) });
	return volumes_open(v, volume, err);
}

/* ---- what there is ---- */

static const struct place *place_of(const struct volumes *v, const struct piece *p)
{
	return &v->places[p->place];
}

/* Its file, which must be there and, once it was looked at, of the same size. */
static int open_file(const struct volumes *v, const struct piece *p, int *fd, uint64_t *size,
		     struct error *err)
{
	int found = file_open_read(place_of(v, p)->dir, p->name, fd, size, err);

	if (found != 1 || !p->there || *size == p->len)
		return found;
	file_close(*fd);
	*fd = -1;
	return error_set(err, ERROR_VOLUME_SIZE, "%s: %llu bytes now, were %llu", p->name,
			 (unsigned long long)*size, (unsigned long long)p->len);
}

static int open_piece(struct volumes *v, uint32_t volume, struct piece *p, struct error *err)
{
	uint64_t size, want = v->sizes[volume - 1];
	CLEANUP(file_close) int fd = -1;
	int found = open_file(v, p, &fd, &size, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_VOLUME_MISSING, "%s: not there (volume %u of %u)",
				 p->name, volume, v->count);
	if (!p->segment && size != want)
		return error_set(err, ERROR_VOLUME_SIZE, "%s: %llu bytes, must be %llu", p->name,
				 (unsigned long long)size, (unsigned long long)want);
	if (p->segment && !volume_segment_fits(p->first / VOLUME_CHUNK, size, want))
		return error_set(err, ERROR_VOLUME_SIZE,
				 "%s: %llu bytes are no segment of a volume of %llu", p->name,
				 (unsigned long long)size, (unsigned long long)want);
	p->len = size;
	p->there = true;
	if (v->open_count == v->open_max)
		return 0;
	v->open_count++;
	p->fd = fd;
	fd = -1;
	return 0;
}

/* Look-ups go from the end: of copies that begin together the place noted first is the first. */
static int compare(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->place != y->place)
		return x->place > y->place ? -1 : 1;
	return (int)x->segment - (int)y->segment;
}

static void sort_pieces(struct volume *volume)
{
	uint64_t reach = 0;

	if (volume->count > 1)
		qsort(volume->pieces, volume->count, sizeof *volume->pieces, compare);
	for (size_t i = 0; i < volume->count; i++) {
		struct piece *p = &volume->pieces[i];

		if (p->there && p->first + p->len > reach)
			reach = p->first + p->len;
		p->reach = reach;
	}
}

/* How many pieces begin at this byte or before it: only these can hold it. */
static size_t begin_before(const struct volume *volume, uint64_t at)
{
	size_t low = 0, high = volume->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (volume->pieces[middle].first <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool holds(const struct piece *p, uint64_t at)
{
	return p->there && at >= p->first && at - p->first < p->len;
}

/* The piece that reaches furthest of those that hold this byte, or NULL. */
static const struct piece *piece_at(const struct volume *volume, uint64_t at)
{
	const struct piece *best = NULL;

	for (size_t i = begin_before(volume, at); i > 0; i--) {
		const struct piece *p = &volume->pieces[i - 1];

		if (p->reach <= at || (best && p->reach <= best->first + best->len))
			break;
		if (holds(p, at) && (!best || p->first + p->len > best->first + best->len))
			best = p;
	}
	return best;
}

bool volumes_gap(const struct volumes *v, uint32_t volume, uint64_t *at, uint64_t *len)
{
	const struct volume *all = &v->volumes[volume - 1];
	uint64_t size = v->sizes[volume - 1];
	const struct piece *p;

	while (*at < size && (p = piece_at(all, *at)) != NULL)
		*at = p->first + p->len;
	if (*at >= size)
		return false;
	*len = size - *at;
	for (size_t i = begin_before(all, *at); i < all->count; i++)
		if (all->pieces[i].there) {
			*len = all->pieces[i].first - *at;
			break;
		}
	return true;
}

/* Which chunks are missing, as far as one message has room. */
static int set_missing(const struct volumes *v, uint32_t volume, struct error *err)
{
	uint64_t at = 0, len = 0, size = v->sizes[volume - 1];
	char text[160] = "";
	size_t used = 0;

	while (volumes_gap(v, volume, &at, &len) && len < size) {
		bool room = used + 40 < sizeof text;

		if (!room) {
			snprintf(text + used, sizeof text - used, ", ...");
			break;
		}
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%06llu-%06llu",
					 used ? ", " : "", (unsigned long long)(at / VOLUME_CHUNK),
					 (unsigned long long)((at + len - 1) / VOLUME_CHUNK));
		at += len;
	}
	if (used == 0)
		return error_set(err, ERROR_VOLUME_MISSING,
				 "vol-%04u.tar: not there (volume %u of %u)", volume, volume,
				 v->count);
	return error_set(err, ERROR_VOLUME_MISSING,
			 "vol-%04u.tar: chunks %s are not there (volume %u of %u)", volume, text,
			 volume, v->count);
}

int volumes_open(struct volumes *v, uint32_t volume, struct error *err)
{
	struct volume *all = &v->volumes[volume - 1];
	struct error first = ERROR_INIT; /* the first thing wrong with one of its files */
	uint64_t at = 0, len;

	if (all->opened)
		return 0;
	for (size_t i = 0; i < all->count; i++) {
		struct piece *p = &all->pieces[i];
		struct error problem = ERROR_INIT;

		if (p->there || open_piece(v, volume, p, &problem) == 0)
			continue;
		if (place_of(v, p)->label)
			error_wrap(&problem, "%s", place_of(v, p)->path);
		if (first.id == ERROR_NONE)
			first = problem;
	}
	sort_pieces(all);
	all->opened = !volumes_gap(v, volume, &at, &len);
	if (all->opened)
		return 0;
	if (first.id == ERROR_NONE)
		return set_missing(v, volume, err);
	*err = first;
	return -1;
}

bool volumes_has(const struct volumes *v, uint32_t volume, uint64_t at, uint64_t len)
{
	uint64_t end = at + len;
	const struct piece *p;

	while (at < end && (p = piece_at(&v->volumes[volume - 1], at)) != NULL)
		at = p->first + p->len;
	return at >= end;
}

/* ---- reading ---- */

/* The copy of this number that holds the byte, or NULL. */
static const struct piece *copy_at(const struct volume *volume, unsigned copy, uint64_t at)
{
	for (size_t i = begin_before(volume, at); i > 0; i--) {
		const struct piece *p = &volume->pieces[i - 1];

		if (p->reach <= at)
			break;
		if (holds(p, at) && copy-- == 0)
			return p;
	}
	return NULL;
}

static int read_piece(const struct volumes *v, const struct piece *p, void *buf, size_t len,
		      uint64_t at, struct error *err)
{
	CLEANUP(file_close) int own = -1;
	uint64_t size;
	int found = p->fd >= 0 ? 1 : open_file(v, p, &own, &size, err);

	if (found == 0)
		error_set(err, ERROR_VOLUME_MISSING, "%s: not there any more", p->name);
	if (found == 1 &&
	    file_read_at(p->fd >= 0 ? p->fd : own, p->name, buf, len, at - p->first, err) == 0)
		return 0;
	return place_of(v, p)->label ? error_wrap(err, "%s", place_of(v, p)->path) : -1;
}

/* As much as one file has, from whichever copy can be read. */
static int read_some(const struct volumes *v, uint32_t volume, unsigned char *buf, size_t len,
		     uint64_t at, size_t *done, struct error *err)
{
	const struct volume *all = &v->volumes[volume - 1];
	const struct piece *p;

	for (unsigned copy = 0; (p = copy_at(all, copy, at)) != NULL; copy++) {
		uint64_t left = p->first + p->len - at;

		error_clear(err); /* of the copy before */
		*done = left < len ? (size_t)left : len;
		if (read_piece(v, p, buf, *done, at, err) == 0)
			return 0;
	}
	if (err->id != ERROR_NONE)
		return -1;
	return error_set(err, ERROR_VOLUME_MISSING, "vol-%04u.tar: byte %llu is not at hand",
			 volume, (unsigned long long)at);
}

int volumes_read(const struct volumes *v, uint32_t volume, void *buf, size_t len, uint64_t at,
		 struct error *err)
{
	unsigned char *out = buf;

	while (len > 0) {
		size_t done = 0;

		if (read_some(v, volume, out, len, at, &done, err) < 0)
			return -1;
		out += done;
		at += done;
		len -= done;
	}
	return 0;
}

int volumes_read_copy(const struct volumes *v, uint32_t volume, unsigned copy, void *buf,
		      size_t len, uint64_t at, struct error *err)
{
	const struct piece *p = copy_at(&v->volumes[volume - 1], copy, at);

	if (!p)
		return 0;
	if (p->first + p->len - at < len)
		return error_set(err, ERROR_VOLUME_MISSING,
				 "%s: byte %llu of the volume is not in it", p->name,
				 (unsigned long long)(at + len - 1));
	return read_piece(v, p, buf, len, at, err) < 0 ? -1 : 1;
}

int volumes_open_file(const struct volumes *v, const char *name, int *fd, uint64_t *size,
		      struct error *err)
{
	int found = 0;

	for (size_t i = 0; i < v->place_count && found == 0; i++)
		if (v->places[i].dir != AT_FDCWD)
			found = file_open_read(v->places[i].dir, name, fd, size, err);
	return found;
}

static bool path_of(const struct volumes *v, const struct piece *p, char *path, size_t size)
{
	bool named = strcmp(place_of(v, p)->path, ".") != 0;

	return (size_t)snprintf(path, size, "%s%s%s", named ? place_of(v, p)->path : "",
				named ? "/" : "", p->name) < size;
}

void volumes_copy_path(const struct volumes *v, uint32_t volume, unsigned copy, uint64_t at,
		       char *path, size_t size)
{
	const struct piece *p = copy_at(&v->volumes[volume - 1], copy, at);

	if (!p || !path_of(v, p, path, size))
		path[0] = '\0';
}

bool volumes_source(const struct volumes *v, uint32_t volume, uint64_t at, uint64_t len, char *path,
		    size_t size, uint64_t *offset)
{
	const struct volume *all = &v->volumes[volume - 1];

	for (size_t i = begin_before(all, at); i > 0; i--) {
		const struct piece *p = &all->pieces[i - 1];

		if (!p->there || at + len > p->first + p->len)
			continue;
		*offset = at - p->first;
		return path_of(v, p, path, size);
	}
	return false;
}
