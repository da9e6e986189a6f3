#include "lib/clients/group.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/clients/clients_internal.h"
#include "lib/clients/group_internal.h"
#include "lib/store/db.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

bool group_set_equal(const struct group_set *a, const struct group_set *b)
{
	return a->count == b->count && memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0;
}

void group_set_add(struct group_set *set, int64_t id)
{
	size_t at = 0;

	while (at < set->count && set->ids[at] < id)
		at++;
	if ((at < set->count && set->ids[at] == id) || set->count == LIMIT_GROUP_SET)
		return;
	memmove(set->ids + at + 1, set->ids + at, (set->count - at) * sizeof *set->ids);
	set->ids[at] = id;
	set->count++;
}

/* ---- the tree ---- */

void group_list_clear(struct group_list *l)
{
	free(l->items);
	*l = (struct group_list){ 0 };
}

int group_list_read(struct clients *c, struct group_list *out, struct error *err)
{
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	struct db_statement *s = clients_prepared(
		c, "SELECT id, guid, name, parent, changed FROM team ORDER BY id", err);
	size_t capacity = 0;
	int row = -1;

	while (s && (row = db_step(s, err)) == 1) {
		struct group g = { .id = db_int(s, 0),
				   .parent = db_int(s, 3),
				   .changed = db_int(s, 4) };

		db_copy(s, 1, g.guid, sizeof g.guid);
		clients_text(db_text(s, 2), g.name, sizeof g.name);
		l.items = buf_grow(l.items, &capacity, l.count, sizeof *l.items);
		l.items[l.count++] = g;
	}
	if (row < 0)
		return -1;
	*out = l;
	l = (struct group_list){ 0 };
	return 0;
}

int group_list_load(struct clients *c, struct group_list *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);

	return group_list_read(c, out, err);
}

const struct group *group_by_id(const struct group_list *l, int64_t id)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->items[middle].id == id)
			return &l->items[middle];
		if (l->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const struct group *by_name(const struct group_list *l, const char *name, size_t len)
{
	for (size_t i = 0; i < l->count; i++)
		if (strncasecmp(l->items[i].name, name, len) == 0 && l->items[i].name[len] == '\0')
			return &l->items[i];
	return NULL;
}

const struct group *group_by_name(const struct group_list *l, const char *name)
{
	return by_name(l, name, strlen(name));
}

/* Steps are counted, so that a file with a cycle in it does no harm. */
bool group_within(const struct group_list *l, int64_t id, int64_t of)
{
	for (unsigned step = 0; id != 0 && step <= LIMIT_GROUP_DEPTH; step++) {
		if (id == of)
			return true;
		const struct group *g = group_by_id(l, id);
		id = g ? g->parent : 0;
	}
	return false;
}

static unsigned depth(const struct group_list *l, int64_t id)
{
	unsigned steps = 0;

	for (; id != 0 && steps <= LIMIT_GROUP_DEPTH; steps++) {
		const struct group *g = group_by_id(l, id);
		id = g ? g->parent : 0;
	}
	return steps;
}

/* Levels from id down to the deepest group below it. */
static unsigned height(const struct group_list *l, int64_t id)
{
	unsigned most = 0;

	for (size_t i = 0; i < l->count; i++)
		if (group_within(l, l->items[i].id, id) && depth(l, l->items[i].id) > most)
			most = depth(l, l->items[i].id);
	return most + 1 - depth(l, id);
}

/* ---- which groups a computer is in: pure ---- */

void group_resolve(const struct group_list *l, enum clients_targeting mode,
		   const struct group_set *members, const char *claimed, struct group_set *out)
{
	*out = (struct group_set){ 0 };
	while (mode == CLIENTS_TARGETING_CLIENT && *claimed) {
		while (*claimed == ' ')
			claimed++;
		size_t len = strcspn(claimed, ";"), used = len;
		while (used > 0 && claimed[used - 1] == ' ')
			used--;
		const struct group *g = used > 0 ? by_name(l, claimed, used) : NULL;
		/* The root holds everybody anyway; a claim of it adds nothing. */
		if (g && g->id != GROUP_ALL)
			group_set_add(out, g->id);
		claimed += len + (claimed[len] == ';');
	}
	for (size_t i = 0; out->count == 0 && i < members->count; i++)
		if (group_by_id(l, members->ids[i]))
			*out = *members;
	if (out->count == 0)
		group_set_add(out, GROUP_UNASSIGNED);
}

/* ---- changes ---- */

static int check_name(const struct group_list *l, const char *name, struct error *err)
{
	char clean[GROUP_NAME_SIZE];

	clients_text(name, clean, sizeof clean);
	if (*name == '\0' || strcmp(name, clean) != 0 || strchr(name, ';') || *name == ' ' ||
	    name[strlen(name) - 1] == ' ')
		return error_set(err, ERROR_GROUP_NAME, "group '%.40s': not a name", clean);
	if (group_by_name(l, name))
		return error_set(err, ERROR_GROUP_NAME, "group '%s': there is one already", name);
	return 0;
}

/* The group of a name, as something that may be changed when own is true. */
static const struct group *find(const struct group_list *l, const char *name, bool own,
				struct error *err)
{
	const struct group *g = group_by_name(l, name);

	if (!g)
		error_set(err, ERROR_GROUP_ABSENT, "group '%.127s': there is none", name);
	else if (own && (g->id == GROUP_ALL || g->id == GROUP_UNASSIGNED)) {
		error_set(err, ERROR_GROUP_BUILT_IN, "group '%s': cannot be changed", g->name);
		return NULL;
	}
	return g;
}

/* Unassigned Computers holds no groups: who is in one of them is assigned. */
static const struct group *find_parent(const struct group_list *l, const char *name,
				       struct error *err)
{
	const struct group *g = name ? find(l, name, false, err) : group_by_id(l, GROUP_ALL);

	if (g && g->id == GROUP_UNASSIGNED) {
		error_set(err, ERROR_GROUP_BUILT_IN, "group '%s': cannot hold groups", g->name);
		return NULL;
	}
	return g;
}

int group_add(struct clients *c, const char *name, const char *parent, int64_t *id,
	      struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	unsigned char guid[CLIENTS_GUID];

	if (db_begin(c->db, err) < 0 || group_list_read(c, &l, err) < 0 ||
	    check_name(&l, name, err) < 0)
		return -1;
	const struct group *above = find_parent(&l, parent, err);
	if (!above)
		return -1;
	if (l.count >= LIMIT_GROUPS || depth(&l, above->id) >= LIMIT_GROUP_DEPTH)
		return error_set(err, ERROR_GROUP_LIMIT,
				 "group '%s': more than %u groups, or more than %u levels", name,
				 LIMIT_GROUPS, LIMIT_GROUP_DEPTH);
	if (getrandom(guid, sizeof guid, 0) != sizeof guid)
		return error_set_errno(err, ERROR_FILE_READ, "random numbers: cannot read");
	guid[6] = (unsigned char)((guid[6] & 0x0f) | 0x40);
	guid[8] = (unsigned char)((guid[8] & 0x3f) | 0x80);
	struct db_statement *s = clients_prepared(
		c, "INSERT INTO team(guid, name, parent, changed) VALUES(?1, ?2, ?3, 0)", err);
	if (!s)
		return -1;
	db_bind_blob(s, 1, guid, sizeof guid);
	db_bind_text(s, 2, name);
	db_bind_int(s, 3, above->id);
	if (db_execute(s, err) < 0)
		return -1;
	*id = db_last_id(c->db);
	return clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}

static int delete_rows(struct clients *c, const char *sql, int64_t id, struct error *err)
{
	struct db_statement *s = clients_prepared(c, sql, err);

	if (!s)
		return -1;
	db_bind_int(s, 1, id);
	return db_execute(s, err);
}

int group_remove(struct clients *c, const char *name, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };

	if (db_begin(c->db, err) < 0 || group_list_read(c, &l, err) < 0)
		return -1;
	const struct group *g = find(&l, name, true, err);
	if (!g)
		return -1;
	for (size_t i = 0; i < l.count; i++)
		if (l.items[i].parent == g->id)
			return error_set(err, ERROR_GROUP_NOT_EMPTY,
					 "group '%s': holds the group '%s'", g->name,
					 l.items[i].name);
	if (delete_rows(c, "DELETE FROM approval WHERE team_id=?1", g->id, err) < 0 ||
	    delete_rows(c, "DELETE FROM member WHERE team_id=?1", g->id, err) < 0 ||
	    delete_rows(c, "DELETE FROM team WHERE id=?1", g->id, err) < 0)
		return -1;
	return clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}

int group_move(struct clients *c, const char *name, const char *parent, int64_t now,
	       struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	int64_t change;

	if (db_begin(c->db, err) < 0 || group_list_read(c, &l, err) < 0)
		return -1;
	const struct group *g = find(&l, name, true, err);
	const struct group *above = g ? find_parent(&l, parent, err) : NULL;
	if (!above)
		return -1;
	if (group_within(&l, above->id, g->id))
		return error_set(err, ERROR_GROUP_CYCLE, "group '%s': is or holds '%s'", g->name,
				 above->name);
	if (depth(&l, above->id) + height(&l, g->id) > LIMIT_GROUP_DEPTH)
		return error_set(err, ERROR_GROUP_LIMIT, "group '%s': more than %u levels", g->name,
				 LIMIT_GROUP_DEPTH);
	struct db_statement *s =
		clients_prepared(c, "UPDATE team SET parent=?2, changed=?3 WHERE id=?1", err);
	if (!s || clients_change_time(c, now, &change, err) < 0)
		return -1;
	db_bind_int(s, 1, g->id);
	db_bind_int(s, 2, above->id);
	db_bind_int(s, 3, change);
	if (db_execute(s, err) < 0)
		return -1;
	return clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}
