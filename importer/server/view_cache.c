#include "importer/server/view_cache.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/hash.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/pack/pack.h"
#include "lib/store/content.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 16, BUCKETS = 4096, PACKS = 8, ENTRY_COST = 128 };

_Static_assert(sizeof(struct view_key) == 40, "no padding");

/* In a ring per shard: the hand passes over what was used since it came by last. */
struct entry {
	struct entry *next;         /* in the bucket */
	struct entry *newer, *back; /* in the ring */
	struct view_key key;
	bool used;
	struct view_text *text;
};

struct shard {
	struct view_lock lock;
	struct entry *buckets[BUCKETS];
	struct entry *hand;
	size_t bytes;
};

/* A decompressed pack in use by `refs` readers, and by the table while it is in it. */
struct open_pack {
	unsigned refs;
	unsigned char sha256[32];
	uint64_t used;
	unsigned char *bytes;
	size_t len;
};

struct view_cache {
	uint64_t seed;
	struct shard shards[SHARDS];
	struct view_lock packs_lock;
	struct open_pack *packs[PACKS];
	uint64_t clock;
	_Atomic size_t bytes; /* of all shards */
};

void view_cache_lock(struct view_lock *l)
{
	while (atomic_flag_test_and_set_explicit(&l->taken, memory_order_acquire))
		sched_yield();
}

void view_cache_unlock(struct view_lock *l)
{
	atomic_flag_clear_explicit(&l->taken, memory_order_release);
}

struct view_cache *view_cache_new(void)
{
	struct view_cache *c = buf_calloc(1, sizeof *c);

	c->seed = hash_seed();
	for (size_t i = 0; i < SHARDS; i++)
		atomic_flag_clear(&c->shards[i].lock.taken);
	atomic_flag_clear(&c->packs_lock.taken);
	return c;
}

static void open_pack_free(struct open_pack *p)
{
	if (!p)
		return;
	free(p->bytes);
	free(p);
}
DEFINE_CLEANUP(struct open_pack *, open_pack_free);

void view_text_put(const struct view_text *t)
{
	struct view_text *mine = (struct view_text *)(uintptr_t)t;

	if (mine && --mine->refs == 0)
		free(mine);
}

static void entry_free(struct entry *e)
{
	view_text_put(e->text);
	free(e);
}

void view_cache_free(struct view_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		for (size_t k = 0; k < BUCKETS; k++)
			while (c->shards[i].buckets[k]) {
				struct entry *e = c->shards[i].buckets[k];

				c->shards[i].buckets[k] = e->next;
				entry_free(e);
			}
	for (size_t i = 0; i < PACKS; i++)
		open_pack_free(c->packs[i]);
	free(c);
}

/* ---- fragments ---- */

static struct entry **bucket_of(struct view_cache *c, const struct view_key *key,
				struct shard **shard)
{
	uint64_t hash = hash_bytes(c->seed, key, sizeof *key);

	*shard = &c->shards[hash % SHARDS];
	return &(*shard)->buckets[hash / SHARDS % BUCKETS];
}

/* The text of key for one more, or NULL. */
static struct view_text *take_from(struct entry *bucket, const struct view_key *key)
{
	while (bucket && memcmp(&bucket->key, key, sizeof *key) != 0)
		bucket = bucket->next;
	if (!bucket)
		return NULL;
	bucket->used = true;
	bucket->text->refs++;
	return bucket->text;
}

const struct view_text *view_cache_find(struct view_cache *c, const struct view_key *key)
{
	struct shard *s;
	struct entry **bucket = bucket_of(c, key, &s);

	view_cache_lock(&s->lock);
	const struct view_text *t = take_from(*bucket, key);
	view_cache_unlock(&s->lock);
	return t;
}

bool view_cache_is_full(struct view_cache *c)
{
	return c->bytes > LIMIT_VIEW_CACHE_BYTES / 4 * 3;
}

static size_t cost_of(const struct view_text *t)
{
	return t->len + ENTRY_COST;
}

static void ring_add(struct shard *s, struct entry *e)
{
	if (!s->hand) {
		s->hand = e->newer = e->back = e;
		return;
	}
	e->newer = s->hand;
	e->back = s->hand->back;
	e->back->newer = e;
	s->hand->back = e;
}

static void ring_remove(struct shard *s, struct entry *e)
{
	if (e->newer == e) {
		s->hand = NULL;
		return;
	}
	e->back->newer = e->newer;
	e->newer->back = e->back;
	if (s->hand == e)
		s->hand = e->newer;
}

static void evict(struct view_cache *c, struct shard *s)
{
	struct shard *same;
	struct entry *e;

	for (; s->hand->used; s->hand = s->hand->newer)
		s->hand->used = false;
	e = s->hand;
	struct entry **link = bucket_of(c, &e->key, &same);
	while (*link != e)
		link = &(*link)->next;
	*link = e->next;
	ring_remove(s, e);
	s->bytes -= cost_of(e->text);
	c->bytes -= cost_of(e->text);
	entry_free(e);
}

static void enter_text(struct view_cache *c, struct shard *s, struct entry **bucket,
		       const struct view_key *key, struct view_text *t)
{
	struct entry *e = buf_malloc(sizeof *e);

	while (s->hand && s->bytes + cost_of(t) > LIMIT_VIEW_CACHE_BYTES / SHARDS)
		evict(c, s);
	*e = (struct entry){ .key = *key, .text = t, .next = *bucket };
	t->refs++;
	*bucket = e;
	ring_add(s, e);
	s->bytes += cost_of(t);
	c->bytes += cost_of(t);
}

const struct view_text *view_cache_keep(struct view_cache *c, const struct view_key *key,
					const void *bytes, size_t len)
{
	struct view_text *t = buf_malloc(sizeof *t + len);
	struct shard *s;
	struct entry **bucket = bucket_of(c, key, &s);

	t->refs = 1;
	t->len = len;
	if (len > 0)
		memcpy(t->bytes, bytes, len);
	if (cost_of(t) > LIMIT_VIEW_CACHE_BYTES / SHARDS / 4)
		return t;
	view_cache_lock(&s->lock);
	/* Somebody may have been faster. */
	struct view_text *there = take_from(*bucket, key);
	if (!there)
		enter_text(c, s, bucket, key, t);
	view_cache_unlock(&s->lock);
	if (!there)
		return t;
	view_text_put(t);
	return there;
}

/* ---- packs ---- */

/* The pack from the table, for this reader too; NULL when it is not there. */
static struct open_pack *borrow(struct view_cache *c, const unsigned char sha256[32])
{
	struct open_pack *found = NULL;

	view_cache_lock(&c->packs_lock);
	for (size_t i = 0; i < PACKS && !found; i++)
		if (c->packs[i] && memcmp(c->packs[i]->sha256, sha256, 32) == 0)
			found = c->packs[i];
	if (found) {
		found->refs++;
		found->used = ++c->clock;
	}
	view_cache_unlock(&c->packs_lock);
	return found;
}

static void give_back(struct view_cache *c, struct open_pack *p)
{
	view_cache_lock(&c->packs_lock);
	bool last = --p->refs == 0;
	view_cache_unlock(&c->packs_lock);
	if (last)
		open_pack_free(p);
}

/* Put it into the table in place of the one used longest ago; this reader keeps it too. */
static void enter(struct view_cache *c, struct open_pack *p)
{
	struct open_pack *old;
	size_t at = 0;

	view_cache_lock(&c->packs_lock);
	for (size_t i = 0; i < PACKS && c->packs[at]; i++)
		if (!c->packs[i] || c->packs[i]->used < c->packs[at]->used)
			at = i;
	old = c->packs[at];
	if (old && --old->refs > 0)
		old = NULL;
	p->refs = 2;
	p->used = ++c->clock;
	c->packs[at] = p;
	view_cache_unlock(&c->packs_lock);
	open_pack_free(old);
}

static struct open_pack *open_stored(const struct store *s, const unsigned char sha256[32],
				     struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	CLEANUP(open_pack_free) struct open_pack *p = buf_calloc(1, sizeof *p);
	char label[65];
	size_t len;

	str_to_hex(sha256, 32, label);
	/* The fragments' own digests were checked when the pack came, with this digest of it. */
	if (content_load(s, sha256, LIMIT_PACK_BYTES, &bytes, &len, err) < 0 ||
	    pack_decompress(bytes, len, LIMIT_PACK_BYTES, label, &p->bytes, &p->len, err) < 0)
		return NULL;
	memcpy(p->sha256, sha256, sizeof p->sha256);
	return STEAL(p);
}

int view_cache_pack(struct view_cache *c, const struct store *s, const unsigned char sha256[32],
		    uint32_t offset, uint32_t size, struct buf *out, struct error *err)
{
	struct open_pack *p = borrow(c, sha256);
	int result;

	if (!p) {
		p = open_stored(s, sha256, err);
		if (!p)
			return -1;
		enter(c, p);
	}
	if (offset > p->len || size > p->len - offset)
		result = error_set(err, ERROR_PACK_FORMAT,
				   "a pack has %zu bytes, a fragment of it lies at %u", p->len,
				   offset);
	else
		result = buf_append(out, p->bytes + offset, size, err);
	give_back(c, p);
	return result;
}
