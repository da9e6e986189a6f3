#include "lib/clients/approval.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/clients/approval_internal.h"
#include "lib/clients/clients_internal.h"
#include "lib/clients/group_internal.h"
#include "lib/store/db.h"

#include <stdlib.h>
#include <string.h>

static const char *const actions[APPROVAL_ACTIONS_] = {
	[APPROVAL_INSTALL] = "install",     [APPROVAL_OPTIONAL] = "optional",
	[APPROVAL_UNINSTALL] = "uninstall", [APPROVAL_DETECT] = "detect",
	[APPROVAL_BLOCK] = "block",
};

const char *approval_action_text(enum approval_action a)
{
	return actions[a];
}

bool approval_action_parse(const char *text, enum approval_action *out)
{
	for (int a = APPROVAL_INSTALL; a < APPROVAL_ACTIONS_; a++)
		if (strcmp(text, actions[a]) == 0) {
			*out = (enum approval_action)a;
			return true;
		}
	return false;
}

void approval_rows_clear(struct approval_rows *r)
{
	free(r->items);
	*r = (struct approval_rows){ 0 };
}

void approval_declined_clear(struct approval_declined *d)
{
	free(d->ids);
	*d = (struct approval_declined){ 0 };
}

/* ---- reading ---- */

static bool read_row(struct db_statement *s, struct approval *a)
{
	int64_t action = db_int(s, 3);

	*a = (struct approval){ .id = db_int(s, 0),
				.group = db_int(s, 2),
				.action = (enum approval_action)action,
				.deadline = db_int(s, 4),
				.is_assigned = db_int(s, 5) != 0,
				.last_change = db_int(s, 6) };
	clients_text(db_text(s, 7), a->by, sizeof a->by);
	return db_copy(s, 1, a->update_id, sizeof a->update_id) && action >= 0 &&
	       action < APPROVAL_ACTIONS_;
}

int approval_read(struct clients *c, struct approval_rows *out, struct error *err)
{
	CLEANUP(approval_rows_clear) struct approval_rows rows = { 0 };
	struct db_statement *s =
		clients_prepared(c,
				 "SELECT id, update_id, team_id, action, deadline, is_assigned,"
				 " last_change, by_whom FROM approval ORDER BY update_id, team_id",
				 err);
	size_t capacity = 0;
	int row = -1;

	while (s && (row = db_step(s, err)) == 1) {
		rows.items = buf_grow(rows.items, &capacity, rows.count, sizeof *rows.items);
		if (!read_row(s, &rows.items[rows.count++])) {
			db_reset(s);
			return error_set(err, ERROR_CLIENTS_CORRUPT,
					 "clients.db: an approval has impossible values");
		}
	}
	if (row < 0)
		return -1;
	*out = rows;
	rows = (struct approval_rows){ 0 };
	return 0;
}

int approval_read_declined(struct clients *c, struct approval_declined *out, struct error *err)
{
	CLEANUP(approval_declined_clear) struct approval_declined d = { 0 };
	struct db_statement *s =
		clients_prepared(c, "SELECT update_id FROM declined ORDER BY update_id", err);
	size_t capacity = 0;
	int row = -1;

	while (s && (row = db_step(s, err)) == 1) {
		d.ids = buf_grow(d.ids, &capacity, d.count, sizeof *d.ids);
		if (db_copy(s, 0, d.ids[d.count], sizeof d.ids[d.count]))
			d.count++;
	}
	if (row < 0)
		return -1;
	*out = d;
	d = (struct approval_declined){ 0 };
	return 0;
}

int approval_list_all(struct clients *c, struct approval_rows *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	size_t kept = 0;

	if (approval_read(c, out, err) < 0)
		return -1;
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i].action != APPROVAL_NONE)
			out->items[kept++] = out->items[i];
	out->count = kept;
	return 0;
}

int approval_declined_load(struct clients *c, struct approval_declined *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);

	return approval_read_declined(c, out, err);
}

int approval_list(struct clients *c, const struct group_set *groups, struct approval_rows *out,
		  struct error *err)
{
	CLEANUP(approval_rows_clear) struct approval_rows all = { 0 };
	CLEANUP(approval_declined_clear) struct approval_declined declined = { 0 };
	CLEANUP(group_list_clear) struct group_list tree = { 0 };
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };

	/* One state of all three. */
	if (db_run(c->db, "BEGIN", err) < 0 || approval_read(c, &all, err) < 0 ||
	    approval_read_declined(c, &declined, err) < 0 || group_list_read(c, &tree, err) < 0)
		return -1;
	approval_resolve(&all, &declined, &tree, groups, out);
	return 0;
}

/* ---- changes ---- */

static int is_declined(struct clients *c, const unsigned char update_id[16], struct error *err)
{
	struct db_statement *s =
		clients_prepared(c, "SELECT 1 FROM declined WHERE update_id=?1", err);

	if (!s)
		return -1;
	db_bind_blob(s, 1, update_id, 16);
	int row = db_step(s, err);
	db_reset(s);
	return row;
}

static int set_row(struct clients *c, struct approval *a, struct error *err)
{
	char by[APPROVAL_BY_SIZE];
	int declined = is_declined(c, a->update_id, err);

	if (declined != 0) {
		char text[STR_GUID_SIZE];

		str_from_guid(a->update_id, text);
		return declined < 0 ? -1
				    : error_set(err, ERROR_APPROVAL_DECLINED,
						"update %s: was declined", text);
	}
	struct db_statement *s = clients_prepared(
		c,
		"INSERT INTO approval(update_id, team_id, action, deadline, is_assigned,"
		" last_change, by_whom) VALUES(?1,?2,?3,?4,?5,?6,?7)"
		" ON CONFLICT(update_id, team_id) DO UPDATE SET action=?3,"
		" deadline=?4, is_assigned=?5, last_change=?6, by_whom=?7 RETURNING id",
		err);
	if (!s)
		return -1;
	clients_text(a->by, by, sizeof by);
	db_bind_blob(s, 1, a->update_id, 16);
	db_bind_int(s, 2, a->group);
	db_bind_int(s, 3, a->action);
	db_bind_int(s, 4, a->deadline);
	db_bind_int(s, 5, a->is_assigned);
	db_bind_int(s, 6, a->last_change);
	db_bind_text(s, 7, by);
	if (db_step(s, err) != 1)
		return -1;
	a->id = db_int(s, 0);
	/* The row was changed by the first step; the statement ends with the second. */
	return db_step(s, err) < 0 ? -1 : 0;
}

int approval_set(struct clients *c, struct approval *rows, size_t count, int64_t now,
		 struct error *err)
{
	CLEANUP(group_list_clear) struct group_list tree = { 0 };
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	int64_t change, total;

	if (db_begin(c->db, err) < 0 || clients_change_time(c, now, &change, err) < 0 ||
	    group_list_read(c, &tree, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!group_by_id(&tree, rows[i].group))
			return error_set(err, ERROR_GROUP_ABSENT, "group %lld: there is none",
					 (long long)rows[i].group);
		rows[i].last_change = change;
		if (set_row(c, &rows[i], err) < 0)
			return -1;
	}
	if (clients_number(c, "SELECT count(*) FROM approval", &total, err) < 0)
		return -1;
	if (total > LIMIT_APPROVALS)
		return error_set(err, ERROR_APPROVAL_LIMIT, "more than %u approvals",
				 LIMIT_APPROVALS);
	return clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}

/* Rows stay, so that clients hear of it: see APPROVAL_NONE. */
static int take_back(struct clients *c, const unsigned char update_id[16], int64_t group,
		     int64_t now, uint64_t *removed, struct error *err)
{
	struct db_statement *s =
		clients_prepared(c,
				 "UPDATE approval SET action=0, deadline=0, last_change=?3"
				 " WHERE update_id=?1 AND (?2=0 OR team_id=?2) AND action<>0",
				 err);
	int64_t change;

	if (!s || clients_change_time(c, now, &change, err) < 0)
		return -1;
	db_bind_blob(s, 1, update_id, 16);
	db_bind_int(s, 2, group);
	db_bind_int(s, 3, change);
	if (db_execute(s, err) < 0)
		return -1;
	*removed = (uint64_t)db_changes(c->db);
	return 0;
}

int approval_unset(struct clients *c, const unsigned char update_id[16], int64_t group, int64_t now,
		   uint64_t *removed, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };

	if (db_begin(c->db, err) < 0 || take_back(c, update_id, group, now, removed, err) < 0)
		return -1;
	if (*removed == 0)
		return 0;
	return clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}

int approval_decline(struct clients *c, const unsigned char update_id[16], bool declined,
		     const char *by, int64_t now, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	char clean[APPROVAL_BY_SIZE];
	uint64_t removed;

	clients_text(by, clean, sizeof clean);
	if (db_begin(c->db, err) < 0 ||
	    (declined && take_back(c, update_id, 0, now, &removed, err) < 0))
		return -1;
	struct db_statement *s =
		declined ? clients_prepared(c, "INSERT OR REPLACE INTO declined VALUES(?1, ?2, ?3)",
					    err)
			 : clients_prepared(
				   c, "DELETE FROM declined WHERE update_id=?1 AND ?2=?2 AND ?3=?3",
				   err);
	if (!s)
		return -1;
	db_bind_blob(s, 1, update_id, 16);
	db_bind_int(s, 2, now);
	db_bind_text(s, 3, clean);
	if (db_execute(s, err) < 0 || clients_changed(c, err) < 0)
		return -1;
	return db_commit(c->db, err);
}
