/*
 * The self-check of what is served: approvals that have no effect, or less than they say, because
 * what they ask for is not here or would be malformed (lib/wusp/deploy.h keeps it from being
 * served).
 */
#ifndef SERVER_PROBLEMS_H
#define SERVER_PROBLEMS_H

#include "lib/base/cleanup.h"
#include "lib/wusp/deploy.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients;
struct error;
struct group_list;
struct view;

struct problem {
	enum wusp_problem_kind kind;
	int64_t group; /* where the approval was made; groups below have the same problem */
	unsigned char update_id[16];
	int32_t revision; /* that is to blame; 0: not known */
};

struct problems {
	struct problem *items; /* by group, then update */
	size_t count, capacity;
};
void problems_clear(struct problems *p);
DEFINE_CLEANUP_IN_PLACE(struct problems, problems_clear);

/* Those of each of the groups that has approvals of its own, added to *out. */
int problems_find(const struct view *v, struct clients *clients, const struct group_list *groups,
		  struct problems *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Only worth knowing: what was approved is served as it was approved. */
bool problems_is_note(enum wusp_problem_kind kind) __attribute__((const));

/* group, update_id, problem, severity ("error", "note"), revision_id, message. */
json_t *problems_json(const struct problem *p, const struct group_list *groups)
	__attribute__((nonnull, warn_unused_result));

/* One line for the log, with the id of the error. */
enum { PROBLEMS_LINE = 400 };
void problems_line(const struct problem *p, const struct group_list *groups,
		   char out[PROBLEMS_LINE]) __attribute__((nonnull));

#endif
