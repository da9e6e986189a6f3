#include "lib/base/arena.h"

#include "lib/base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 << 10 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	max_align_t data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	size_t need;

	if (__builtin_add_overflow(size, align - 1, &need))
		abort();
	need -= need % align;
	if (!a->blocks || need > a->blocks->size - a->used) {
		size_t room = need > BLOCK ? need : BLOCK;
		struct arena_block *b = buf_malloc(sizeof *b + room);

		b->size = room;
		b->next = a->blocks;
		a->blocks = b;
		a->used = 0;
	}
	void *p = (unsigned char *)a->blocks->data + a->used;
	a->used += need;
	return p;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void arena_reset(struct arena *a)
{
	while (a->blocks && (a->blocks->next || a->blocks->size > BLOCK)) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	a->used = 0;
}

void arena_clear(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	a->used = 0;
}
