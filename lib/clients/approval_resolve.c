/* Which approval holds where several groups have one: pure. */
#include "lib/base/buf.h"
#include "lib/clients/approval_internal.h"

#include <stdlib.h>
#include <string.h>

enum { PATHS = LIMIT_GROUP_SET, STEPS = LIMIT_GROUP_DEPTH + 1 };

/* The way from each group of the set to the root. */
struct paths {
	size_t count;
	int64_t steps[PATHS][STEPS];
	int64_t changed; /* the newest change of a group on one of them */
};

static void make_paths(const struct group_list *groups, const struct group_set *set,
		       struct paths *out)
{
	out->count = set->count;
	out->changed = 0;
	for (size_t i = 0; i < set->count; i++) {
		int64_t id = set->ids[i];

		for (size_t k = 0; k < STEPS; k++) {
			const struct group *g = id ? group_by_id(groups, id) : NULL;

			out->steps[i][k] = g ? g->id : 0;
			id = g ? g->parent : 0;
			if (g && g->changed > out->changed)
				out->changed = g->changed;
		}
	}
}

/*
 * The nearest of the rows of one update on a way, or NULL; *change is the newest change on the way
 * up to it, approvals that were taken back among them.
 */
static const struct approval *nearest(const struct approval *rows, size_t count,
				      const int64_t steps[STEPS], int64_t *change)
{
	for (size_t k = 0; k < STEPS && steps[k] != 0; k++)
		for (size_t i = 0; i < count; i++)
			if (rows[i].group == steps[k]) {
				if (rows[i].last_change > *change)
					*change = rows[i].last_change;
				if (rows[i].action != APPROVAL_NONE)
					return &rows[i];
			}
	return NULL;
}

static int rank(enum approval_action a)
{
	static const int of[APPROVAL_ACTIONS_] = {
		[APPROVAL_BLOCK] = 0,    [APPROVAL_INSTALL] = 1, [APPROVAL_UNINSTALL] = 2,
		[APPROVAL_OPTIONAL] = 3, [APPROVAL_DETECT] = 4,
	};

	return of[a];
}

static int64_t sooner(int64_t deadline)
{
	return deadline ? deadline : INT64_MAX;
}

/* Does a win over b? */
static bool wins(const struct approval *a, const struct approval *b)
{
	if (rank(a->action) != rank(b->action))
		return rank(a->action) < rank(b->action);
	if (sooner(a->deadline) != sooner(b->deadline))
		return sooner(a->deadline) < sooner(b->deadline);
	if (a->is_assigned != b->is_assigned)
		return a->is_assigned;
	return a->id < b->id;
}

/* Of the rows of one update: false when none is for these groups. */
static bool strongest(const struct approval *rows, size_t count, const struct paths *p,
		      struct approval *out)
{
	const struct approval *best = NULL;
	int64_t change = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct approval *a = nearest(rows, count, p->steps[i], &change);

		if (a && (!best || wins(a, best)))
			best = a;
	}
	if (!best && change == 0)
		return false;
	*out = best ? *best : rows[0];
	if (!best)
		out->action = APPROVAL_NONE;
	out->last_change = change > p->changed ? change : p->changed;
	return true;
}

static int by_id(const void *left, const void *right)
{
	return memcmp(left, right, 16);
}

void approval_resolve(const struct approval_rows *all, const struct approval_declined *declined,
		      const struct group_list *groups, const struct group_set *set,
		      struct approval_rows *out)
{
	struct paths paths;
	size_t capacity = 0;

	*out = (struct approval_rows){ 0 };
	make_paths(groups, set, &paths);
	for (size_t i = 0, end; i < all->count; i = end) {
		struct approval found;

		for (end = i + 1; end < all->count && memcmp(all->items[i].update_id,
							     all->items[end].update_id, 16) == 0;)
			end++;
		if (declined->count > 0 && bsearch(all->items[i].update_id, declined->ids,
						   declined->count, sizeof *declined->ids, by_id))
			continue;
		if (!strongest(all->items + i, end - i, &paths, &found))
			continue;
		out->items = buf_grow(out->items, &capacity, out->count, sizeof *out->items);
		out->items[out->count++] = found;
	}
}
