/* Events, for this component.  Callers hold c->lock. */
#ifndef CLIENTS_EVENT_INTERNAL_H
#define CLIENTS_EVENT_INTERNAL_H

#include "lib/clients/event.h"

#include <stdint.h>

struct clients;

enum event_effect {
	EVENT_EFFECT_NONE,
	EVENT_EFFECT_DETECTED,
	EVENT_EFFECT_UNDETECTED,
	EVENT_EFFECT_STATUS,
	EVENT_EFFECT_FAILED,
};
enum event_effect event_effect(int32_t event_id);

/* Apply an event that is stored: what it changes in detection, status and failures. */
int event_apply(struct clients *c, int64_t computer, const struct event_batch *batch,
		const struct event *e, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The time by which events of one computer are ordered: its own, never later than ours. */
int64_t event_time(const struct event *e, int64_t now) __attribute__((nonnull));

/* MiscData with a list of updates in it ("U=...;...")?  Kept out of the history. */
bool event_is_list(const struct event *e, const char *misc) __attribute__((nonnull));

#endif
