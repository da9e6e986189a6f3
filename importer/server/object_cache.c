#include "importer/server/object_cache.h"

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
