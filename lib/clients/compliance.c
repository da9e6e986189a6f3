#include "lib/clients/compliance.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/clients/compliance_internal.h"
#include "lib/clients/computer_internal.h"
#include "lib/clients/group_internal.h"
#include "lib/store/db.h"

#include <stdlib.h>
#include <string.h>

struct compliance {
	struct compliance_update *updates;
	struct compliance_computer *computers;
	size_t update_count, computer_count;
};

void compliance_free(struct compliance *c)
{
	if (!c)
		return;
	free(c->updates);
	free(c->computers);
	free(c);
}

uint64_t compliance_total(const struct compliance_counts *n)
{
	uint64_t sum = 0;

	for (int i = 0; i < COMPLIANCE_STATES_; i++)
		sum += n->of[i];
	return sum;
}

/* ---- loading ---- */

/* One computer: the index of its set of groups, and when its status came. */
struct machine {
	int64_t id, received;
	size_t set, at; /* at: where its counts are */
};

struct loader {
	struct clients *c;
	int64_t group;
	struct compliance *out;
	struct compliance_sets *sets;
	struct machine *machines;
	size_t machine_count, machine_capacity;
	uint32_t *of_number; /* number -> place in out->updates; UINT32_MAX none */
	size_t numbers;
	int64_t *change;  /* per update: last_change of its approval in the current set, or 0 */
	int64_t *changes; /* the same of the approvals, ascending */
	size_t offered;
};

static void loader_clear(struct loader *l)
{
	compliance_free(l->out);
	compliance_sets_free(l->sets);
	free(l->machines);
	free(l->of_number);
	free(l->change);
	free(l->changes);
}
DEFINE_CLEANUP_IN_PLACE(struct loader, loader_clear);

static bool wanted(const struct loader *l, const struct group_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (l->group == 0 ||
		    group_within(compliance_sets_groups(l->sets), set->ids[i], l->group))
			return true;
	return false;
}

static int load_machines(struct loader *l, struct error *err)
{
	struct db_statement *s =
		clients_prepared(l->c,
				 "SELECT c.id, c.claimed, ifnull(s.received, 0) FROM computer c"
				 " LEFT JOIN status s ON s.computer_id=c.id ORDER BY c.id",
				 err);
	int64_t mode;
	int row = -1;

	if (!s || clients_number(l->c, "SELECT targeting FROM setting", &mode, err) < 0)
		return -1;
	while ((row = db_step(s, err)) == 1) {
		struct machine m = { .id = db_int(s, 0), .received = db_int(s, 2) };
		struct group_set members, set;

		if (computer_members(l->c, m.id, &members, err) < 0) {
			db_reset(s);
			return -1;
		}
		group_resolve(compliance_sets_groups(l->sets), (enum clients_targeting)mode,
			      &members, db_text(s, 1), &set);
		if (!wanted(l, &set))
			continue;
		m.set = compliance_sets_index(l->sets, &set);
		m.at = l->machine_count;
		l->machines = buf_grow(l->machines, &l->machine_capacity, l->machine_count,
				       sizeof *l->machines);
		l->machines[l->machine_count++] = m;
	}
	return row;
}

static int by_guid(const void *left, const void *right)
{
	return memcmp(left, right, 16);
}

/* Every update that is approved anywhere or was ever named, ascending and each once. */
static void add_update(struct compliance *out, size_t *capacity, const unsigned char update_id[16],
		       bool is_approved)
{
	out->updates = buf_grow(out->updates, capacity, out->update_count, sizeof *out->updates);
	struct compliance_update *u = &out->updates[out->update_count++];
	*u = (struct compliance_update){ .is_approved = is_approved };
	memcpy(u->update_id, update_id, 16);
}

static void load_updates(struct loader *l)
{
	const struct approval_rows *all = compliance_sets_all(l->sets);
	struct compliance *out = l->out;
	size_t capacity = 0, kept = 0;

	l->numbers = compliance_sets_numbers(l->sets);
	for (size_t i = 0; i < all->count; i++)
		add_update(out, &capacity, all->items[i].update_id,
			   all->items[i].action != APPROVAL_NONE);
	for (uint32_t n = 1; n < l->numbers; n++)
		if (compliance_sets_guid(l->sets, n))
			add_update(out, &capacity, compliance_sets_guid(l->sets, n), false);
	if (out->update_count > 1)
		qsort(out->updates, out->update_count, sizeof *out->updates, by_guid);
	for (size_t i = 0; i < out->update_count; i++)
		if (kept == 0 || by_guid(&out->updates[kept - 1], &out->updates[i]) != 0)
			out->updates[kept++] = out->updates[i];
		else
			out->updates[kept - 1].is_approved |= out->updates[i].is_approved;
	out->update_count = kept;
	l->change = buf_calloc(kept + 1, sizeof *l->change);
	l->changes = buf_calloc(kept + 1, sizeof *l->changes);
	l->of_number = buf_malloc((l->numbers + 1) * sizeof *l->of_number);
	for (uint32_t n = 0; n < l->numbers; n++) {
		const unsigned char *update_id = compliance_sets_guid(l->sets, n);
		const struct compliance_update *u =
			update_id ? compliance_find(out, update_id) : NULL;

		l->of_number[n] = u ? (uint32_t)(u - out->updates) : UINT32_MAX;
	}
}

/* ---- counting ---- */

static int by_set(const void *left, const void *right)
{
	const struct machine *a = left, *b = right;

	if (a->set != b->set)
		return a->set < b->set ? -1 : 1;
	if (a->received != b->received)
		return a->received < b->received ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* How many machines (ascending received) sent their status before t. */
static size_t before(const struct machine *m, size_t count, int64_t t)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m[middle].received < t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int by_time(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

/* As if no machine of the set had named anything. */
static void count_unnamed(struct loader *l, const struct approval_rows *rows,
			  const struct machine *m, size_t count)
{
	struct compliance_update *u = l->out->updates;

	l->offered = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct approval *a = &rows->items[i];

		if (a->action == APPROVAL_BLOCK || a->action == APPROVAL_NONE)
			continue;
		while (memcmp(u->update_id, a->update_id, 16) != 0)
			u++; /* both ascend, and every approved update is there */
		size_t unknown = before(m, count, a->last_change);
		u->counts.of[COMPLIANCE_UNKNOWN] += unknown;
		u->counts.of[COMPLIANCE_NOT_APPLICABLE] += count - unknown;
		l->change[u - l->out->updates] = a->last_change;
		l->changes[l->offered++] = a->last_change;
	}
	if (l->offered > 1)
		qsort(l->changes, l->offered, sizeof *l->changes, by_time);
}

/* How many of the approvals are not newer than t. */
static size_t up_to(const struct loader *l, int64_t t)
{
	size_t low = 0, high = l->offered;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->changes[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int count_machine(struct loader *l, const struct machine *m, struct compliance_said *said,
			 struct error *err)
{
	struct compliance_counts *own = &l->out->computers[m->at].counts;

	own->of[COMPLIANCE_NOT_APPLICABLE] = up_to(l, m->received);
	own->of[COMPLIANCE_UNKNOWN] = l->offered - own->of[COMPLIANCE_NOT_APPLICABLE];
	if (compliance_said_read(l->c, m->id, said, err) < 0)
		return -1;
	for (size_t i = 0; i < said->count; i++) {
		const struct compliance_named *n = &said->items[i];
		uint32_t at = n->number < l->numbers ? l->of_number[n->number] : UINT32_MAX;

		if (at == UINT32_MAX)
			continue;
		struct compliance_update *u = &l->out->updates[at];
		u->counts.of[n->state]++;
		if (l->change[at] == 0)
			continue;
		enum compliance_state assumed = m->received < l->change[at]
							? COMPLIANCE_UNKNOWN
							: COMPLIANCE_NOT_APPLICABLE;
		u->counts.of[assumed]--;
		own->of[assumed]--;
		own->of[n->state]++;
	}
	return 0;
}

static int count_all(struct loader *l, struct error *err)
{
	CLEANUP(compliance_said_clear) struct compliance_said said = { 0 };

	for (size_t i = 0, end; i < l->machine_count; i = end) {
		const struct approval_rows *rows = compliance_sets_at(l->sets, l->machines[i].set);
		for (end = i + 1;
		     end < l->machine_count && l->machines[end].set == l->machines[i].set;)
			end++;
		memset(l->change, 0, l->out->update_count * sizeof *l->change);
		count_unnamed(l, rows, l->machines + i, end - i);
		for (size_t k = i; k < end; k++)
			if (count_machine(l, &l->machines[k], &said, err) < 0)
				return -1;
	}
	return 0;
}

static void drop_empty(struct compliance *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->update_count; i++)
		if (out->updates[i].is_approved || compliance_total(&out->updates[i].counts) > 0)
			out->updates[kept++] = out->updates[i];
	out->update_count = kept;
}

struct compliance *compliance_load(struct clients *c, int64_t group, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	CLEANUP(loader_clear) struct loader l = { .c = c, .group = group };

	l.out = buf_calloc(1, sizeof *l.out);
	if (db_run(c->db, "BEGIN", err) < 0)
		return NULL;
	l.sets = compliance_sets_read(c, err);
	if (!l.sets || load_machines(&l, err) < 0)
		return NULL;
	load_updates(&l);
	l.out->computer_count = l.machine_count;
	l.out->computers = buf_calloc(l.machine_count + 1, sizeof *l.out->computers);
	for (size_t i = 0; i < l.machine_count; i++)
		l.out->computers[i].id = l.machines[i].id;
	if (l.machine_count > 1)
		qsort(l.machines, l.machine_count, sizeof *l.machines, by_set);
	if (count_all(&l, err) < 0)
		return NULL;
	drop_empty(l.out);
	return STEAL(l.out);
}

/* ---- what was found ---- */

size_t compliance_updates(const struct compliance *c)
{
	return c->update_count;
}

const struct compliance_update *compliance_update(const struct compliance *c, size_t i)
{
	return &c->updates[i];
}

const struct compliance_update *compliance_find(const struct compliance *c,
						const unsigned char update_id[16])
{
	return c->update_count == 0 ? NULL
				    : bsearch(update_id, c->updates, c->update_count,
					      sizeof *c->updates, by_guid);
}

size_t compliance_computers(const struct compliance *c)
{
	return c->computer_count;
}

const struct compliance_computer *compliance_computer(const struct compliance *c, size_t i)
{
	return &c->computers[i];
}
