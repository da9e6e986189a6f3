#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/clients/approval_internal.h"
#include "lib/clients/compliance_internal.h"
#include "lib/clients/group_internal.h"
#include "lib/store/db.h"

#include <stdlib.h>
#include <string.h>

/* One set of groups; sorted by set, so that many different ones are found fast. */
struct entry {
	struct group_set set;
	size_t index;
};

struct compliance_sets {
	struct group_list groups;
	struct approval_rows all;
	struct approval_declined declined;
	struct numbered {
		bool there;
		unsigned char update_id[16];
	} * numbered; /* by number */
	size_t numbers;
	struct entry *entries;
	size_t entry_count, entry_capacity;
	struct resolved {
		struct group_set set;
		struct approval_rows rows;
		bool done;
	} * resolved;
	size_t resolved_count, resolved_capacity;
};

void compliance_sets_free(struct compliance_sets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->resolved_count; i++)
		approval_rows_clear(&s->resolved[i].rows);
	free(s->resolved);
	free(s->numbered);
	free(s->entries);
	approval_rows_clear(&s->all);
	approval_declined_clear(&s->declined);
	group_list_clear(&s->groups);
	free(s);
}

static int read_numbers(struct clients *c, struct compliance_sets *s, struct error *err)
{
	struct db_statement *q =
		clients_prepared(c, "SELECT id, update_id FROM number ORDER BY id DESC", err);
	int row = -1;

	while (q && (row = db_step(q, err)) == 1) {
		int64_t id = db_int(q, 0);

		if (id <= 0 || id > LIMIT_STATUS_NUMBERS) {
			db_reset(q);
			return error_set(err, ERROR_CLIENTS_CORRUPT,
					 "clients.db: number %lld of an update is impossible",
					 (long long)id);
		}
		if (!s->numbered) { /* the highest comes first */
			s->numbers = (size_t)id + 1;
			s->numbered = buf_calloc(s->numbers, sizeof *s->numbered);
		}
		s->numbered[id].there = db_copy(q, 1, s->numbered[id].update_id, 16);
	}
	return row;
}

size_t compliance_sets_numbers(const struct compliance_sets *s)
{
	return s->numbers;
}

const unsigned char *compliance_sets_guid(const struct compliance_sets *s, uint32_t number)
{
	return number < s->numbers && s->numbered[number].there ? s->numbered[number].update_id
								: NULL;
}

struct compliance_sets *compliance_sets_read(struct clients *c, struct error *err)
{
	CLEANUP(compliance_sets_free) struct compliance_sets *s = buf_calloc(1, sizeof *s);

	if (group_list_read(c, &s->groups, err) < 0 || approval_read(c, &s->all, err) < 0 ||
	    approval_read_declined(c, &s->declined, err) < 0 || read_numbers(c, s, err) < 0)
		return NULL;
	return STEAL(s);
}

struct compliance_sets *compliance_sets_new(struct clients *c, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };

	return db_run(c->db, "BEGIN", err) < 0 ? NULL : compliance_sets_read(c, err);
}

static int compare(const struct group_set *a, const struct group_set *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return memcmp(a->ids, b->ids, a->count * sizeof *a->ids);
}

size_t compliance_sets_index(struct compliance_sets *s, const struct group_set *set)
{
	size_t low = 0, high = s->entry_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&s->entries[middle].set, set);

		if (order == 0)
			return s->entries[middle].index;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	s->resolved = buf_grow(s->resolved, &s->resolved_capacity, s->resolved_count,
			       sizeof *s->resolved);
	s->resolved[s->resolved_count] = (struct resolved){ .set = *set };
	s->entries = buf_grow(s->entries, &s->entry_capacity, s->entry_count, sizeof *s->entries);
	memmove(s->entries + low + 1, s->entries + low,
		(s->entry_count++ - low) * sizeof *s->entries);
	s->entries[low] = (struct entry){ *set, s->resolved_count };
	return s->resolved_count++;
}

const struct approval_rows *compliance_sets_at(struct compliance_sets *s, size_t i)
{
	struct resolved *r = &s->resolved[i];

	if (!r->done)
		approval_resolve(&s->all, &s->declined, &s->groups, &r->set, &r->rows);
	r->done = true;
	return &r->rows;
}

const struct approval_rows *compliance_sets_get(struct compliance_sets *s,
						const struct group_set *set)
{
	return compliance_sets_at(s, compliance_sets_index(s, set));
}

const struct approval_rows *compliance_sets_all(const struct compliance_sets *s)
{
	return &s->all;
}

const struct group_list *compliance_sets_groups(const struct compliance_sets *s)
{
	return &s->groups;
}
