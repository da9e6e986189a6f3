/* Computers, as verbs and the JSON API see them. */
#include "lib/base/error.h"
#include "lib/clients/computer_internal.h"
#include "lib/clients/group_internal.h"
#include "lib/store/db.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS                                                                                \
	"SELECT c.id, c.client_id, c.dns_name, c.claimed, c.address, c.first_contact,"         \
	" c.last_contact, c.registered, c.detection, c.detection_error, c.detection_error_at," \
	" i.manufacturer, i.model, i.architecture, i.os_description, i.os_major, i.os_minor,"  \
	" i.os_build, i.client_major, i.client_minor, i.client_build, i.client_qfe,"           \
	" ifnull(s.received, 0)"                                                               \
	" FROM computer c LEFT JOIN computer_info i ON i.computer_id=c.id"                     \
	" LEFT JOIN status s ON s.computer_id=c.id"

static void read_versions(struct db_statement *s, struct computer *out)
{
	if (db_int(s, 15) != 0)
		snprintf(out->os_version, sizeof out->os_version, "%lld.%lld.%lld",
			 (long long)db_int(s, 15), (long long)db_int(s, 16),
			 (long long)db_int(s, 17));
	if (db_int(s, 18) != 0)
		snprintf(out->client_version, sizeof out->client_version, "%lld.%lld.%lld.%lld",
			 (long long)db_int(s, 18), (long long)db_int(s, 19),
			 (long long)db_int(s, 20), (long long)db_int(s, 21));
}

static void read_computer(struct db_statement *s, struct computer *out)
{
	*out = (struct computer){ .id = db_int(s, 0),
				  .first_contact = db_int(s, 5),
				  .last_contact = db_int(s, 6),
				  .registered = db_int(s, 7),
				  .last_detection = db_int(s, 8),
				  .detection_error = (int32_t)db_int(s, 9),
				  .detection_error_at = db_int(s, 10),
				  .last_status = db_int(s, 22) };
	clients_text(db_text(s, 1), out->client_id, sizeof out->client_id);
	clients_text(db_text(s, 2), out->dns_name, sizeof out->dns_name);
	clients_text(db_text(s, 3), out->claimed, sizeof out->claimed);
	clients_text(db_text(s, 4), out->address, sizeof out->address);
	clients_text(db_text(s, 11), out->manufacturer, sizeof out->manufacturer);
	clients_text(db_text(s, 12), out->model, sizeof out->model);
	clients_text(db_text(s, 13), out->architecture, sizeof out->architecture);
	clients_text(db_text(s, 14), out->os_description, sizeof out->os_description);
	read_versions(s, out);
	db_reset(s);
}

static int add_groups(struct clients *c, struct computer *out, struct error *err)
{
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	struct group_set members;
	int64_t mode;

	if (clients_number(c, "SELECT targeting FROM setting", &mode, err) < 0 ||
	    computer_members(c, out->id, &members, err) < 0 || group_list_read(c, &l, err) < 0)
		return -1;
	group_resolve(&l, (enum clients_targeting)mode, &members, out->claimed, &out->groups);
	return 0;
}

int computer_next(struct clients *c, int64_t after, struct computer *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	struct db_statement *s =
		clients_prepared(c, COLUMNS " WHERE c.id>?1 ORDER BY c.id LIMIT 1", err);

	if (!s)
		return -1;
	db_bind_int(s, 1, after);
	int row = db_step(s, err);
	if (row != 1)
		return row;
	read_computer(s, out);
	return add_groups(c, out, err) < 0 ? -1 : 1;
}

int computer_find(struct clients *c, const char *what, struct computer *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	struct db_statement *s = clients_prepared(
		c, COLUMNS " WHERE c.client_id=lower(?1) OR c.dns_name=?1 ORDER BY c.id LIMIT 2",
		err);
	struct computer other;

	if (!s)
		return -1;
	db_bind_text(s, 1, what);
	int row = db_step(s, err);
	if (row != 1)
		return row;
	/* The row is read before the next step; read_computer() would begin again. */
	int64_t first = db_int(s, 0);
	row = db_step(s, err);
	if (row < 0)
		return -1;
	if (row == 1) {
		read_computer(s, &other);
		return error_set(err, ERROR_COMPUTER_AMBIGUOUS,
				 "computer '%.127s': %s is one of several", what, other.client_id);
	}
	s = clients_prepared(c, COLUMNS " WHERE c.id=?1", err);
	if (!s)
		return -1;
	db_bind_int(s, 1, first);
	row = db_step(s, err);
	if (row != 1)
		return row;
	read_computer(s, out);
	return add_groups(c, out, err) < 0 ? -1 : 1;
}

static int run_with(struct clients *c, const char *sql, int64_t first, int64_t second,
		    struct error *err)
{
	struct db_statement *s = clients_prepared(c, sql, err);

	if (!s)
		return -1;
	db_bind_int(s, 1, first);
	db_bind_int(s, 2, second);
	return db_execute(s, err);
}

int computer_move(struct clients *c, int64_t id, const int64_t *groups, size_t count,
		  struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(group_list_clear) struct group_list l = { 0 };
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };

	if (count > LIMIT_GROUP_SET)
		return error_set(err, ERROR_GROUP_LIMIT, "more than %u groups of one computer",
				 LIMIT_GROUP_SET);
	if (db_begin(c->db, err) < 0 || group_list_read(c, &l, err) < 0 ||
	    run_with(c, "DELETE FROM member WHERE computer_id=?1 AND ?2=0", id, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct group *g = group_by_id(&l, groups[i]);

		if (!g)
			return error_set(err, ERROR_GROUP_ABSENT, "group %lld: there is none",
					 (long long)groups[i]);
		if (g->id == GROUP_ALL || g->id == GROUP_UNASSIGNED)
			return error_set(err, ERROR_GROUP_BUILT_IN, "group '%s': follows by itself",
					 g->name);
		if (run_with(c, "INSERT OR IGNORE INTO member VALUES(?1, ?2)", id, g->id, err) < 0)
			return -1;
	}
	return clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}

int computer_remove(struct clients *c, int64_t id, struct error *err)
{
	static const char *const texts[] = {
		"DELETE FROM failure WHERE computer_id=?1 AND ?2=0",
		"DELETE FROM status WHERE computer_id=?1 AND ?2=0",
		"DELETE FROM member WHERE computer_id=?1 AND ?2=0",
		"DELETE FROM computer_info WHERE computer_id=?1 AND ?2=0",
		"DELETE FROM computer WHERE id=?1 AND ?2=0",
	};
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };

	if (db_begin(c->db, err) < 0 ||
	    run_with(c, "DELETE FROM event WHERE computer_id=?1 AND ?2=0", id, 0, err) < 0 ||
	    run_with(c, "UPDATE setting SET events=events-?1 WHERE ?2=0", db_changes(c->db), 0,
		     err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (run_with(c, texts[i], id, 0, err) < 0)
			return -1;
	return clients_changed(c, err) < 0 ? -1 : db_commit(c->db, err);
}

int computer_count(struct clients *c, int64_t since, uint64_t *out, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	struct db_statement *s =
		clients_prepared(c, "SELECT count(*) FROM computer WHERE last_contact>=?", err);

	if (!s)
		return -1;
	db_bind_int(s, 1, since);
	if (db_step(s, err) < 0)
		return -1;
	*out = (uint64_t)db_int(s, 0);
	db_reset(s);
	return 0;
}
