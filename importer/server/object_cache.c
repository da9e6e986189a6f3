#include "importer/server/object_cache.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/store/content.h"

#include <string.h>

/* A digest is as good as random: its first byte is a slot. */
static size_t slot(const unsigned char sha1[20])
{
	return sha1[0] % OBJECT_CACHE_SLOTS;
}

const struct stored_object *object_cache_find(const struct object_cache *c,
					      const unsigned char sha1[20])
{
	const struct stored_object *o = &c->slots[slot(sha1)];

	return o->id != 0 && memcmp(o->sha1, sha1, sizeof o->sha1) == 0 ? o : NULL;
}

void object_cache_keep(struct object_cache *c, const struct stored_object *o)
{
	c->slots[slot(o->sha1)] = *o;
}

void object_cache_forget(struct object_cache *c, const unsigned char sha1[20])
{
	if (object_cache_find(c, sha1))
		c->slots[slot(sha1)] = (struct stored_object){ .id = 0 };
}

static void close_file(struct object_file *f)
{
	if (f->is_open)
		file_close(f->fd);
	f->is_open = false;
}

int object_cache_file(struct object_cache *c, const struct store *s, const unsigned char sha256[32],
		      int *fd, struct stat *st, struct error *err)
{
	struct object_file *f = &c->files[sha256[0] % OBJECT_CACHE_FILES];
	uint64_t now = clock_ticks(), size;

	if (f->is_open && memcmp(f->sha256, sha256, sizeof f->sha256) == 0 &&
	    now - f->opened < OBJECT_CACHE_FILE_MS && fstat(f->fd, st) == 0 && st->st_nlink > 0) {
		*fd = f->fd;
		return 1;
	}
	close_file(f);
	int found = content_open(s, sha256, &f->fd, &size, err);
	if (found <= 0)
		return found;
	f->is_open = true;
	f->opened = now;
	memcpy(f->sha256, sha256, sizeof f->sha256);
	if (fstat(f->fd, st) < 0)
		return error_set_errno(err, ERROR_FILE_READ, "content object: cannot look at it");
	*fd = f->fd;
	return 1;
}

void object_cache_clear(struct object_cache *c)
{
	for (size_t i = 0; i < OBJECT_CACHE_FILES; i++)
		close_file(&c->files[i]);
	*c = (struct object_cache){ .slots = { { .id = 0 } } };
}
