/* What an event changes (docs/PROTOCOL.md "Status"). */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/clients/clients_internal.h"
#include "lib/clients/event_internal.h"
#include "lib/clients/status.h"
#include "lib/store/db.h"

#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static const struct {
	int32_t id;
	enum event_effect effect;
	const char *text;
} events[] = {
#define EVENT(number, what, words) { number, EVENT_EFFECT_##what, words },
#include "lib/clients/event.def"
#undef EVENT
};

enum event_effect event_effect(int32_t event_id)
{
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i].id == event_id)
			return events[i].effect;
	return EVENT_EFFECT_NONE;
}

const char *event_text(int32_t event_id)
{
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i].id == event_id)
			return events[i].text;
	return NULL;
}

int64_t event_time(const struct event *e, int64_t now)
{
	return e->time_at_target > 0 && e->time_at_target < now ? e->time_at_target : now;
}

/* ---- the lists of a status ---- */

static const struct {
	char tag;
	enum compliance_state state;
} lists[] = {
	{ 'U', COMPLIANCE_NEEDED }, { 'V', COMPLIANCE_INSTALLED },  { 'W', COMPLIANCE_REBOOT },
	{ 'g', COMPLIANCE_FAILED }, { 'h', COMPLIANCE_DOWNLOADED },
};

static bool list_state(const char *misc, enum compliance_state *out)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (misc[0] == lists[i].tag && misc[1] == '=') {
			*out = lists[i].state;
			return true;
		}
	return false;
}

bool event_is_list(const struct event *e, const char *misc)
{
	enum compliance_state state;

	return event_effect(e->event_id) == EVENT_EFFECT_STATUS && list_state(misc, &state);
}

/* The number of an update, given when it has none: 1, 0 when there is room for no more, -1. */
static int number_of(struct clients *c, const unsigned char update_id[16], uint32_t *out,
		     struct error *err)
{
	struct db_statement *s =
		clients_prepared(c, "SELECT id FROM number WHERE update_id=?1", err);
	int64_t last = 0;

	if (!s)
		return -1;
	db_bind_blob(s, 1, update_id, 16);
	int row = db_step(s, err);
	if (row < 0)
		return -1;
	if (row == 1) {
		*out = (uint32_t)db_int(s, 0);
		db_reset(s);
		return 1;
	}
	if (clients_number(c, "SELECT ifnull(max(id), 0) FROM number", &last, err) < 0)
		return -1;
	if (last >= LIMIT_STATUS_NUMBERS)
		return 0;
	s = clients_prepared(c, "INSERT INTO number(update_id) VALUES(?1)", err);
	if (!s)
		return -1;
	db_bind_blob(s, 1, update_id, 16);
	if (db_execute(s, err) < 0)
		return -1;
	*out = (uint32_t)db_last_id(c->db);
	return 1;
}

static bool is_known(const struct event_batch *batch, const unsigned char update_id[16])
{
	return !batch->known || batch->known(batch->ctx, update_id);
}

struct gathered {
	struct status_item *items;
	size_t count, capacity;
};

static void gathered_clear(struct gathered *g)
{
	free(g->items);
}
DEFINE_CLEANUP_IN_PLACE(struct gathered, gathered_clear);

/* The updates of one list; what is no GUID or not ours is passed over. */
static int gather(struct clients *c, const struct event_batch *batch, const char *list,
		  enum compliance_state state, struct gathered *g, struct error *err)
{
	while (*list) {
		size_t len = strcspn(list, ";");
		unsigned char update_id[16];
		uint32_t number;

		if (g->count < LIMIT_STATUS_UPDATES && str_to_guid(list, len, update_id) &&
		    is_known(batch, update_id)) {
			int row = number_of(c, update_id, &number, err);

			if (row < 0)
				return -1;
			if (row == 1) {
				g->items = buf_grow(g->items, &g->capacity, g->count,
						    sizeof *g->items);
				g->items[g->count++] = (struct status_item){ number, state };
			}
		}
		list += len + (list[len] == ';');
	}
	return 0;
}

/* ---- a status ---- */

/* Is the stored status newer than time? */
static int has_newer(struct clients *c, int64_t computer, int64_t time, struct error *err)
{
	struct db_statement *s =
		clients_prepared(c, "SELECT 1 FROM status WHERE computer_id=?1 AND time>?2", err);

	if (!s)
		return -1;
	db_bind_int(s, 1, computer);
	db_bind_int(s, 2, time);
	int row = db_step(s, err);
	db_reset(s);
	return row;
}

/*
 * A failure stays while the status goes on needing the update: one more detection does not undo
 * it.  It goes once a newer status has the update installed, or no longer names it.
 */
static bool settles(bool named, enum compliance_state state)
{
	return !named || state == COMPLIANCE_INSTALLED || state == COMPLIANCE_REBOOT;
}

static int forget_failures(struct clients *c, int64_t computer, int64_t time,
			   const struct gathered *g, struct error *err)
{
	struct db_statement *find = clients_prepared(
		c, "SELECT number FROM failure WHERE computer_id=?1 AND time<=?2", err);
	CLEANUP(gathered_clear) struct gathered done = { 0 };
	int row;

	if (!find)
		return -1;
	db_bind_int(find, 1, computer);
	db_bind_int(find, 2, time);
	while ((row = db_step(find, err)) == 1) {
		uint32_t number = (uint32_t)db_int(find, 0);
		size_t low = 0, high = g->count;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (g->items[middle].number < number)
				low = middle + 1;
			else
				high = middle;
		}
		bool named = low < g->count && g->items[low].number == number;
		if (!settles(named, named ? g->items[low].state : COMPLIANCE_UNKNOWN))
			continue;
		done.items = buf_grow(done.items, &done.capacity, done.count, sizeof *done.items);
		done.items[done.count++].number = number;
	}
	for (size_t i = 0; row == 0 && i < done.count; i++) {
		struct db_statement *s = clients_prepared(
			c, "DELETE FROM failure WHERE computer_id=?1 AND number=?2", err);

		if (!s)
			return -1;
		db_bind_int(s, 1, computer);
		db_bind_int(s, 2, done.items[i].number);
		row = db_execute(s, err);
	}
	return row;
}

static int apply_status(struct clients *c, int64_t computer, const struct event_batch *batch,
			const struct event *e, struct error *err)
{
	CLEANUP(gathered_clear) struct gathered g = { 0 };
	CLEANUP(buf_clear) struct buf packed = BUF_INIT(LIMIT_STATUS_UPDATES * 5u);
	int64_t time = event_time(e, batch->now);
	enum compliance_state state;
	int newer = has_newer(c, computer, time, err);

	if (newer != 0)
		return newer < 0 ? -1 : 0;
	for (size_t i = 0; i < e->misc_count; i++)
		if (e->misc[i] && list_state(e->misc[i], &state) &&
		    gather(c, batch, e->misc[i] + 2, state, &g, err) < 0)
			return -1;
	if (g.count > 0)
		g.count = status_sort(g.items, g.count);
	if (status_pack(g.items, g.count, &packed, err) < 0)
		return -1;
	/* Approvals made at once are dated ahead of the clock: what comes after them is not older.
	 */
	struct db_statement *s = clients_prepared(c,
						  "INSERT OR REPLACE INTO status SELECT ?1, ?2,"
						  " max(?3, approval_change), ?4 FROM setting",
						  err);
	if (!s)
		return -1;
	db_bind_int(s, 1, computer);
	db_bind_int(s, 2, time);
	db_bind_int(s, 3, batch->now);
	db_bind_blob(s, 4, packed.len ? (const void *)packed.bytes : "", packed.len);
	if (db_execute(s, err) < 0)
		return -1;
	return forget_failures(c, computer, time, &g, err);
}

/* ---- a failure, a detection ---- */

static int trim_failures(struct clients *c, int64_t computer, struct error *err)
{
	struct db_statement *s = clients_prepared(
		c,
		"DELETE FROM failure WHERE computer_id=?1 AND number NOT IN (SELECT number FROM"
		" failure WHERE computer_id=?1 ORDER BY time DESC, number LIMIT ?2)",
		err);

	if (!s)
		return -1;
	db_bind_int(s, 1, computer);
	db_bind_int(s, 2, LIMIT_FAILURES_COMPUTER);
	return db_execute(s, err);
}

/* Has a status settled already what comes so late? */
static int is_settled(struct clients *c, int64_t computer, uint32_t number, int64_t time,
		      struct error *err)
{
	struct db_statement *s = clients_prepared(
		c, "SELECT states FROM status WHERE computer_id=?1 AND time>?2", err);
	struct status_item item = { 0 };
	size_t len = 0;
	int more = 1;

	if (!s)
		return -1;
	db_bind_int(s, 1, computer);
	db_bind_int(s, 2, time);
	int row = db_step(s, err);
	if (row <= 0)
		return row;
	const void *states = db_blob(s, 0, &len);
	struct status_walk walk = status_begin(states, len);
	while (more == 1 && item.number < number)
		more = status_next(&walk, &item, err);
	db_reset(s);
	return more < 0 ? -1 : settles(more == 1 && item.number == number, item.state);
}

static int apply_failure(struct clients *c, int64_t computer, const struct event_batch *batch,
			 const struct event *e, struct error *err)
{
	static const unsigned char none[16];
	int64_t time = event_time(e, batch->now);
	uint32_t number;

	if (memcmp(e->update_id, none, 16) == 0 || !is_known(batch, e->update_id))
		return 0;
	int row = number_of(c, e->update_id, &number, err);
	if (row != 1)
		return row;
	int settled = is_settled(c, computer, number, time, err);
	if (settled != 0)
		return settled < 0 ? -1 : 0;
	struct db_statement *s = clients_prepared(
		c,
		"INSERT INTO failure VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
		" event_id=?3, result=?4, time=?5 WHERE time<=?5",
		err);
	if (!s)
		return -1;
	db_bind_int(s, 1, computer);
	db_bind_int(s, 2, number);
	db_bind_int(s, 3, e->event_id);
	db_bind_int(s, 4, e->result);
	db_bind_int(s, 5, time);
	if (db_execute(s, err) < 0)
		return -1;
	return trim_failures(c, computer, err);
}

static int apply_detection(struct clients *c, int64_t computer, int64_t now, int32_t failed,
			   struct error *err)
{
	struct db_statement *s =
		failed ? clients_prepared(c,
					  "UPDATE computer SET detection_error=?3,"
					  " detection_error_at=?2 WHERE id=?1",
					  err)
		       : clients_prepared(c,
					  "UPDATE computer SET detection=?2, detection_error=?3"
					  " WHERE id=?1",
					  err);

	if (!s)
		return -1;
	db_bind_int(s, 1, computer);
	db_bind_int(s, 2, now);
	db_bind_int(s, 3, failed);
	return db_execute(s, err);
}

int event_apply(struct clients *c, int64_t computer, const struct event_batch *batch,
		const struct event *e, struct error *err)
{
	/* A failure without a code is one nevertheless. */
	const int32_t unspecified = (int32_t)0x80004005;

	switch (event_effect(e->event_id)) {
	case EVENT_EFFECT_STATUS:
		return apply_status(c, computer, batch, e, err);
	case EVENT_EFFECT_FAILED:
		return apply_failure(c, computer, batch, e, err);
	case EVENT_EFFECT_DETECTED:
		return apply_detection(c, computer, batch->now, 0, err);
	case EVENT_EFFECT_UNDETECTED:
		return apply_detection(c, computer, batch->now, e->result ? e->result : unspecified,
				       err);
	case EVENT_EFFECT_NONE:
		break;
	}
	return 0;
}
