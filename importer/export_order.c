#include "importer/export_order.h"

#include "lib/base/buf.h"

#include <stdlib.h>
#include <string.h>

/* Rows of numbers, one for each key, in one array. */
struct rows {
	size_t *first; /* keys + 1 */
	uint32_t *values;
};

/* A heap of indexes, the lowest on top. */
struct heap {
	uint32_t *items;
	size_t count;
};

struct work {
	const struct export_order_item *items;
	size_t count, updates;
	struct rows group_users; /* update -> groups that name it */
	struct rows item_users;  /* revision -> revisions that bundle it */
	uint32_t *group_owner;
	size_t groups;
	uint32_t *waiting; /* revision -> what it still needs */
	bool *met;         /* group */
	bool *known;       /* update -> one of its revisions is out */
	bool *offered;     /* update -> one of its revisions will come out */
	struct heap ready;
};

static void work_clear(struct work *w)
{
	free(w->group_users.first);
	free(w->group_users.values);
	free(w->item_users.first);
	free(w->item_users.values);
	free(w->group_owner);
	free(w->waiting);
	free(w->met);
	free(w->known);
	free(w->offered);
	free(w->ready.items);
}
DEFINE_CLEANUP_IN_PLACE(struct work, work_clear);

void export_order_clear(struct export_order *o)
{
	free(o->order);
	free(o->chosen);
	*o = (struct export_order){ 0 };
}

/* ---- heap ---- */

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t old = *a;

	*a = *b;
	*b = old;
}

/* There is room: each revision enters once in each pass. */
static void push(struct heap *h, uint32_t value)
{
	size_t at = h->count++;

	h->items[at] = value;
	for (; at > 0 && h->items[(at - 1) / 2] > h->items[at]; at = (at - 1) / 2)
		swap(&h->items[(at - 1) / 2], &h->items[at]);
}

static uint32_t pop(struct heap *h)
{
	uint32_t top = h->items[0];
	size_t at = 0;

	h->items[0] = h->items[--h->count];
	for (;;) {
		size_t low = at, left = 2 * at + 1, right = left + 1;

		if (left < h->count && h->items[left] < h->items[low])
			low = left;
		if (right < h->count && h->items[right] < h->items[low])
			low = right;
		if (low == at)
			return top;
		swap(&h->items[low], &h->items[at]);
		at = low;
	}
}

/* ---- who needs what ---- */

typedef void visit_group(struct work *w, uint32_t item, const uint32_t *updates, size_t count);

static void each_group(struct work *w, visit_group *visit)
{
	for (uint32_t i = 0; i < w->count; i++) {
		const uint32_t *at = w->items[i].groups;

		for (size_t left = w->items[i].groups_len; left > 0;) {
			size_t n = *at;

			visit(w, i, at + 1, n);
			at += n + 1;
			left -= n + 1;
		}
	}
}

static void count_group(struct work *w, uint32_t item, const uint32_t *updates, size_t count)
{
	(void)item;
	w->groups++;
	for (size_t i = 0; i < count; i++)
		if (updates[i] != EXPORT_ORDER_ABSENT)
			w->group_users.first[updates[i] + 1]++;
}

static void place_group(struct work *w, uint32_t item, const uint32_t *updates, size_t count)
{
	w->group_owner[w->groups] = item;
	for (size_t i = 0; i < count; i++)
		if (updates[i] != EXPORT_ORDER_ABSENT)
			w->group_users.values[w->group_users.first[updates[i]]++] =
				(uint32_t)w->groups;
	w->groups++;
}

/* From counts in first[key + 1] to beginnings; values gets its room. */
static void begin_rows(struct rows *r, size_t keys)
{
	for (size_t i = 0; i < keys; i++)
		r->first[i + 1] += r->first[i];
	r->values = buf_calloc(r->first[keys], sizeof *r->values);
}

/* Placing moved every beginning to its end. */
static void end_rows(struct rows *r, size_t keys)
{
	memmove(r->first + 1, r->first, keys * sizeof *r->first);
	r->first[0] = 0;
}

static void make_rows(struct work *w)
{
	w->group_users.first = buf_calloc(w->updates + 1, sizeof *w->group_users.first);
	each_group(w, count_group);
	begin_rows(&w->group_users, w->updates);
	w->group_owner = buf_calloc(w->groups, sizeof *w->group_owner);
	w->groups = 0;
	each_group(w, place_group);
	end_rows(&w->group_users, w->updates);

	w->item_users.first = buf_calloc(w->count + 1, sizeof *w->item_users.first);
	for (size_t i = 0; i < w->count; i++)
		for (size_t k = 0; k < w->items[i].children_count; k++)
			if (w->items[i].children[k] != EXPORT_ORDER_ABSENT)
				w->item_users.first[w->items[i].children[k] + 1]++;
	begin_rows(&w->item_users, w->count);
	for (uint32_t i = 0; i < w->count; i++)
		for (size_t k = 0; k < w->items[i].children_count; k++)
			if (w->items[i].children[k] != EXPORT_ORDER_ABSENT)
				w->item_users
					.values[w->item_users.first[w->items[i].children[k]]++] = i;
	end_rows(&w->item_users, w->count);
}

/* ---- what can be exported: one alternative of each group is enough ---- */

static void need(struct work *w, uint32_t item)
{
	if (--w->waiting[item] == 0)
		push(&w->ready, item);
}

static void wait_for_group(struct work *w, uint32_t item, const uint32_t *updates, size_t count)
{
	(void)updates;
	(void)count;
	w->waiting[item]++;
}

static void tell_bundles(struct work *w, const bool *chosen, uint32_t item)
{
	for (size_t k = w->item_users.first[item]; k < w->item_users.first[item + 1]; k++)
		if (!chosen || chosen[w->item_users.values[k]])
			need(w, w->item_users.values[k]);
}

/* How many come out; `first` says in which order. */
static size_t reach(struct work *w, bool *chosen, uint32_t *first)
{
	size_t count = 0;

	each_group(w, wait_for_group);
	for (uint32_t i = 0; i < w->count; i++) {
		w->waiting[i] += (uint32_t)w->items[i].children_count + w->items[i].barred;
		if (w->waiting[i] == 0)
			push(&w->ready, i);
	}
	while (w->ready.count > 0) {
		uint32_t item = pop(&w->ready), update = w->items[item].update;

		chosen[item] = true;
		first[count++] = item;
		tell_bundles(w, NULL, item);
		if (w->offered[update])
			continue;
		w->offered[update] = true;
		for (size_t k = w->group_users.first[update]; k < w->group_users.first[update + 1];
		     k++) {
			uint32_t group = w->group_users.values[k];

			if (w->met[group])
				continue;
			w->met[group] = true;
			need(w, w->group_owner[group]);
		}
	}
	return count;
}

/* ---- the order: all alternatives that come out at all, come before ---- */

static void wait_for_updates(struct work *w, uint32_t item, const uint32_t *updates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (updates[i] != EXPORT_ORDER_ABSENT && w->offered[updates[i]])
			w->waiting[item]++;
}

static void put_out(struct work *w, const bool *chosen, uint32_t item, struct export_order *out)
{
	uint32_t update = w->items[item].update;

	out->order[out->count++] = item;
	tell_bundles(w, chosen, item);
	if (w->known[update])
		return;
	w->known[update] = true;
	for (size_t k = w->group_users.first[update]; k < w->group_users.first[update + 1]; k++) {
		uint32_t owner = w->group_owner[w->group_users.values[k]];

		if (chosen[owner])
			need(w, owner);
	}
}

static void sort(struct work *w, const bool *chosen, const uint32_t *first, size_t count,
		 struct export_order *out)
{
	bool *done = buf_calloc(w->count, sizeof *done);
	size_t next = 0;

	memset(w->waiting, 0, w->count * sizeof *w->waiting);
	each_group(w, wait_for_updates);
	for (uint32_t i = 0; i < w->count; i++) {
		w->waiting[i] += (uint32_t)w->items[i].children_count;
		if (chosen[i] && w->waiting[i] == 0)
			push(&w->ready, i);
	}
	while (out->count < count) {
		uint32_t item;

		if (w->ready.count > 0) {
			item = pop(&w->ready);
		} else {
			/* A circle of alternatives: the order of reach() is right for one of each.
			 */
			while (done[first[next]])
				next++;
			item = first[next];
		}
		if (done[item])
			continue; /* it was put out of a circle */
		done[item] = true;
		put_out(w, chosen, item, out);
	}
	free(done);
}

void export_order_make(const struct export_order_item *items, size_t count, size_t updates,
		       struct export_order *out)
{
	CLEANUP(work_clear)
	struct work w = { .items = items,
			  .count = count,
			  .updates = updates,
			  .waiting = buf_calloc(count, sizeof *w.waiting),
			  .known = buf_calloc(updates, sizeof *w.known),
			  .offered = buf_calloc(updates, sizeof *w.offered) };

	*out = (struct export_order){ .chosen = buf_calloc(count, sizeof *out->chosen) };
	w.ready.items = buf_calloc(count, sizeof *w.ready.items);
	make_rows(&w);
	w.met = buf_calloc(w.groups, sizeof *w.met);
	uint32_t *first = buf_calloc(count, sizeof *first);
	size_t chosen = reach(&w, out->chosen, first);
	out->order = buf_calloc(chosen, sizeof *out->order);
	sort(&w, out->chosen, first, chosen, out);
	free(first);
}
