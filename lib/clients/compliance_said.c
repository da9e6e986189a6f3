/* What one computer says of its updates. */
#include "lib/base/buf.h"
#include "lib/clients/compliance_internal.h"
#include "lib/clients/status.h"
#include "lib/store/db.h"

#include <stdlib.h>

void compliance_said_clear(struct compliance_said *s)
{
	free(s->items);
	*s = (struct compliance_said){ 0 };
}

static void add(struct compliance_said *s, struct compliance_named item)
{
	s->items = buf_grow(s->items, &s->capacity, s->count, sizeof *s->items);
	s->items[s->count++] = item;
}

/*
 * Failures are walked beside the status, both ascending.  One that is still there counts, whatever
 * the status says: event_apply() takes away those that a newer status settles.
 */
static int merge(struct status_walk *walk, struct db_statement *failures,
		 struct compliance_said *out, struct error *err)
{
	struct status_item item;
	int more = status_next(walk, &item, err), failed = more < 0 ? -1 : db_step(failures, err);

	while (more == 1 || failed == 1) {
		uint32_t number = failed == 1 ? (uint32_t)db_int(failures, 0) : 0;

		if (more < 0 || failed < 0)
			break;
		if (failed == 1 && (more == 0 || number <= item.number)) {
			add(out,
			    (struct compliance_named){ .number = number,
						       .state = COMPLIANCE_FAILED,
						       .failed_event = (int32_t)db_int(failures, 1),
						       .result = (uint32_t)db_int(failures, 2),
						       .failed_at = db_int(failures, 3) });
			if (more == 1 && number == item.number)
				more = status_next(walk, &item, err);
			failed = db_step(failures, err);
		} else {
			add(out, (struct compliance_named){ .number = item.number,
							    .state = item.state });
			more = status_next(walk, &item, err);
		}
	}
	return more < 0 || failed < 0 ? -1 : 0;
}

int compliance_said_read(struct clients *c, int64_t computer, struct compliance_said *out,
			 struct error *err)
{
	struct db_statement *states =
		clients_prepared(c, "SELECT states FROM status WHERE computer_id=?1", err);
	struct db_statement *failures =
		states ? clients_prepared(c,
					  "SELECT number, event_id, result, time FROM failure"
					  " WHERE computer_id=?1 ORDER BY number",
					  err)
		       : NULL;
	size_t len = 0;

	out->count = 0;
	if (!failures)
		return -1;
	db_bind_int(states, 1, computer);
	db_bind_int(failures, 1, computer);
	int row = db_step(states, err);
	if (row < 0)
		return -1;
	const void *bytes = row == 1 ? db_blob(states, 0, &len) : NULL;
	struct status_walk walk = status_begin(bytes, len);
	int result = merge(&walk, failures, out, err);
	db_reset(states);
	db_reset(failures);
	return result;
}
