#include "lib/clients/event.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/clients/computer_internal.h"
#include "lib/clients/event_internal.h"
#include "lib/store/db.h"

#include <stdio.h>
#include <string.h>

enum {
	TEXT_SIZE = LIMIT_EVENT_TEXT + 1,
	NAMESPACE = 1,
	FORGET_AT_ONCE = 20000,
	EXPIRE_AT_ONCE = 200
};

/* ---- storing ---- */

/* Add part to a text of TEXT_SIZE, "; " between parts, as far as it fits. */
static void add_part(char *text, const char *part)
{
	char clean[TEXT_SIZE];
	size_t used = strlen(text);

	clients_text(part, clean, sizeof clean);
	if (*clean == '\0' || used + 3 >= TEXT_SIZE)
		return;
	if (used > 0) {
		memcpy(text + used, "; ", 3);
		used += 2;
	}
	clients_text(clean, text + used, TEXT_SIZE - used);
}

static void event_words(const struct event *e, char text[TEXT_SIZE])
{
	text[0] = '\0';
	for (size_t i = 0; i < e->replacement_count && i < LIMIT_EVENTS_BATCH; i++)
		add_part(text, e->replacements[i]);
	for (size_t i = 0; i < e->misc_count && i < LIMIT_EVENTS_BATCH; i++)
		if (e->misc[i] && !event_is_list(e, e->misc[i]))
			add_part(text, e->misc[i]);
}

/* 1 stored, 0 it was here already, -1. */
static int insert(struct clients *c, int64_t computer, const struct event *e, int64_t now,
		  struct error *err)
{
	static const unsigned char none[16];
	char app[COMPUTER_TEXT_SIZE], text[TEXT_SIZE];
	struct db_statement *s = clients_prepared(
		c,
		"INSERT OR IGNORE INTO event(computer_id, instance, received, time, event_id,"
		" update_id, revision, result, app, text) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
		err);

	if (!s)
		return -1;
	clients_text(e->app_name, app, sizeof app);
	event_words(e, text);
	bool has_update = memcmp(e->update_id, none, 16) != 0;
	db_bind_int(s, 1, computer);
	db_bind_blob(s, 2, e->instance, 16);
	db_bind_int(s, 3, now);
	db_bind_int(s, 4, event_time(e, now));
	db_bind_int(s, 5, e->event_id);
	db_bind_blob(s, 6, has_update ? e->update_id : NULL, has_update ? 16 : 0);
	db_bind_int(s, 7, e->revision);
	db_bind_int(s, 8, e->result);
	db_bind_text(s, 9, app);
	db_bind_text(s, 10, text);
	if (db_execute(s, err) < 0)
		return -1;
	return db_changes(c->db) > 0;
}

/* Run a statement with two numbers; *changed grows by the rows it changed. */
static int run_with(struct clients *c, const char *sql, int64_t first, int64_t second,
		    int64_t *changed, struct error *err)
{
	struct db_statement *s = clients_prepared(c, sql, err);

	if (!s)
		return -1;
	db_bind_int(s, 1, first);
	db_bind_int(s, 2, second);
	if (db_execute(s, err) < 0)
		return -1;
	*changed += db_changes(c->db);
	return 0;
}

/* Keep the history of one computer, and of all, within their limits. */
static int trim(struct clients *c, int64_t computer, int64_t stored, int64_t now, struct error *err)
{
	const int64_t expired = now - (int64_t)LIMIT_EVENT_DAYS * 86400;
	int64_t gone = 0, total = 0, ignored = 0;

	if (run_with(c,
		     "DELETE FROM event WHERE computer_id=?1 AND id<=(SELECT id FROM event"
		     " WHERE computer_id=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
		     computer, LIMIT_EVENTS_COMPUTER, &gone, err) < 0 ||
	    /* Ids grow with the time of receipt: the oldest come first. */
	    run_with(c,
		     "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT ?2)"
		     " AND received<?1",
		     expired, EXPIRE_AT_ONCE, &gone, err) < 0 ||
	    clients_number(c, "SELECT events FROM setting", &total, err) < 0)
		return -1;
	/* More than one batch at once, so that it does not happen with every batch. */
	if (total + stored - gone > LIMIT_EVENTS &&
	    run_with(c,
		     "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT ?1)"
		     " AND ?2=0",
		     FORGET_AT_ONCE, 0, &gone, err) < 0)
		return -1;
	return run_with(c, "UPDATE setting SET events=events+?1-?2", stored, gone, &ignored, err);
}

int event_store(struct clients *c, const struct event_batch *batch, struct event_outcome *out,
		struct error *err)
{
	const struct computer_contact contact = { .client_id = batch->client_id,
						  .address = batch->address,
						  .now = batch->now };
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	CLEANUP(db_scope_end) struct db_scope scope = { c->db };
	struct event_outcome n = { 0 };
	int64_t computer;

	if (db_begin(c->db, err) < 0 || computer_note(c, &contact, &computer, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->count; i++) {
		const struct event *e = &batch->events[i];

		if (i >= LIMIT_EVENTS_BATCH || e->namespace_id != NAMESPACE) {
			n.dropped++;
			continue;
		}
		int row = insert(c, computer, e, batch->now, err);
		if (row < 0 || (row == 1 && event_apply(c, computer, batch, e, err) < 0))
			return -1;
		n.stored += row == 1;
		n.duplicate += row == 0;
	}
	if ((n.stored > 0 && trim(c, computer, (int64_t)n.stored, batch->now, err) < 0) ||
	    db_commit(c->db, err) < 0)
		return -1;
	*out = n;
	return 0;
}

/* ---- reading ---- */

int event_list(struct clients *c, int64_t computer, size_t max,
	       bool (*row)(void *ctx, const struct event_row *e), void *ctx, struct error *err)
{
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);
	struct db_statement *s = clients_prepared(
		c,
		"SELECT id, instance, update_id, received, time, event_id, revision, result, app,"
		" text FROM event WHERE computer_id=?1 ORDER BY id DESC LIMIT ?2",
		err);
	int more;

	if (!s)
		return -1;
	db_bind_int(s, 1, computer);
	db_bind_int(s, 2, max > LIMIT_EVENTS_COMPUTER ? LIMIT_EVENTS_COMPUTER : (int64_t)max);
	while ((more = db_step(s, err)) == 1) {
		struct event_row e = { .id = db_int(s, 0),
				       .computer = computer,
				       .received = db_int(s, 3),
				       .time_at_target = db_int(s, 4),
				       .event_id = (int32_t)db_int(s, 5),
				       .revision = (uint32_t)db_int(s, 6),
				       .result = (int32_t)db_int(s, 7),
				       .app_name = db_text(s, 8),
				       .text = db_text(s, 9) };

		db_copy(s, 1, e.instance, sizeof e.instance);
		db_copy(s, 2, e.update_id, sizeof e.update_id);
		if (!row(ctx, &e)) {
			db_reset(s);
			return 0;
		}
	}
	return more;
}
