#include "verifier/medium_plan.h"

#include "lib/base/buf.h"
#include "media/volume.h"

#include <stdlib.h>

void medium_plan_clear(struct medium_plan *p)
{
	free(p->pieces);
	free(p->left);
	free(p->spaces);
	*p = (struct medium_plan){ 0 };
}

static void add_space(struct medium_plan *p, const struct medium_space *s)
{
	p->spaces = buf_grow(p->spaces, &p->space_capacity, p->space_count, sizeof *p->spaces);
	p->spaces[p->space_count++] = *s;
}

static void add_left(struct medium_plan *p, const struct medium_piece *piece)
{
	p->left = buf_grow(p->left, &p->left_capacity, p->left_count, sizeof *p->left);
	p->left[p->left_count++] = *piece;
}

static void place(struct medium_plan *p, struct medium_piece piece, size_t medium)
{
	piece.medium = (uint32_t)medium;
	p->pieces = buf_grow(p->pieces, &p->capacity, p->count, sizeof *p->pieces);
	p->pieces[p->count++] = piece;
	p->spaces[medium].room -= piece.bytes + p->spaces[medium].per_file;
}

/* The largest file that still goes onto the medium. */
static uint64_t largest(const struct medium_space *s)
{
	uint64_t room = s->room > s->per_file ? s->room - s->per_file : 0;

	return room < s->file_max ? room : s->file_max;
}

static bool place_whole(struct medium_plan *p, const struct medium_space *fresh,
			const struct medium_piece *w)
{
	for (size_t i = 0; i < p->space_count; i++)
		if (w->bytes <= largest(&p->spaces[i])) {
			place(p, *w, i);
			return true;
		}
	if (!fresh || w->bytes > largest(fresh))
		return false;
	add_space(p, fresh);
	place(p, *w, p->space_count - 1);
	return true;
}

/* As much as possible of a piece, in segments; what remains of it. */
static struct medium_piece place_cut(struct medium_plan *p, const struct medium_space *fresh,
				     struct medium_piece rest)
{
	for (size_t i = 0; rest.bytes > 0;) {
		if (i == p->space_count) {
			if (!fresh || largest(fresh) < VOLUME_CHUNK)
				break;
			add_space(p, fresh);
		}
		struct medium_piece segment = rest;
		uint64_t room = largest(&p->spaces[i]);

		if (segment.bytes > room)
			segment.bytes = room / VOLUME_CHUNK * VOLUME_CHUNK;
		if (segment.bytes == 0) {
			i++;
			continue;
		}
		place(p, segment, i);
		rest.chunk += volume_chunks(segment.bytes);
		rest.bytes -= segment.bytes;
	}
	return rest;
}

static int compare(const void *a, const void *b)
{
	const struct medium_piece *x = a, *y = b;

	if (x->medium != y->medium)
		return x->medium < y->medium ? -1 : 1;
	if (x->volume != y->volume)
		return x->volume < y->volume ? -1 : 1;
	return x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

void medium_plan_make(const struct medium_request *r, struct medium_plan *out)
{
	for (size_t i = 0; i < r->space_count; i++)
		add_space(out, &r->spaces[i]);
	for (size_t i = 0; i < r->wanted_count; i++)
		if (!place_whole(out, r->fresh, &r->wanted[i]))
			add_left(out, &r->wanted[i]);
	if (r->cut) {
		size_t count = out->left_count;

		out->left_count = 0;
		for (size_t i = 0; i < count; i++) {
			struct medium_piece rest = place_cut(out, r->fresh, out->left[i]);

			/* Never more of them than before: the array is rewritten in place. */
			if (rest.bytes > 0)
				out->left[out->left_count++] = rest;
		}
	}
	if (out->count > 0)
		qsort(out->pieces, out->count, sizeof *out->pieces, compare);
}
