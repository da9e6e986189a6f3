/* What administrators decided: approvals per update and group, and declined updates. */
#ifndef CLIENTS_APPROVAL_H
#define CLIENTS_APPROVAL_H

#include "lib/base/cleanup.h"
#include "lib/base/limits.h"
#include "lib/clients/group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients;
struct error;

/*
 * Numbers are those of clients.db and never change.  Where groups of one computer differ, the
 * first of the order Block, Install, Uninstall, Optional, Detect wins (docs/PROTOCOL.md).
 */
enum approval_action {
	APPROVAL_INSTALL = 1,
	APPROVAL_OPTIONAL = 2,
	APPROVAL_UNINSTALL = 3,
	APPROVAL_DETECT = 4, /* on the wire PreDeploymentCheck */
	APPROVAL_BLOCK = 5,  /* never offered here, whatever a parent group says */
};
#define APPROVAL_ACTIONS_ 6
/*
 * What approval_list() delivers of an update that was approved until last_change and is not now:
 * whoever has it only as a dependency must hear that.  Never set.
 */
#define APPROVAL_NONE ((enum approval_action)0)

/* "install", "optional", "uninstall", "detect", "block". */
const char *approval_action_text(enum approval_action a) __attribute__((returns_nonnull));
bool approval_action_parse(const char *text, enum approval_action *out) __attribute__((nonnull));

enum { APPROVAL_BY_SIZE = LIMIT_APPROVAL_BY + 1 };

struct approval {
	int64_t id; /* for ever, also the Deployment ID; a changed approval keeps it */
	unsigned char update_id[16];
	int64_t group; /* where it was made: maybe above the computer's group */
	enum approval_action action;
	int64_t deadline;    /* 0: none */
	bool is_assigned;    /* false: offered only */
	int64_t last_change; /* never goes back, grows with each change */
	char by[APPROVAL_BY_SIZE];
};

struct approval_rows {
	struct approval *items; /* ascending update_id, then group */
	size_t count;
};
void approval_rows_clear(struct approval_rows *r);
DEFINE_CLEANUP_IN_PLACE(struct approval_rows, approval_rows_clear);

/*
 * What holds for a computer in these groups: at most one row per update.  In each group of the
 * set the nearest approval on the way to the root counts; of several groups the strongest action,
 * of equal ones the earliest deadline, then the smaller id; last_change is the newest of all
 * rows that were compared, and of changes of the tree above.  Declined updates are left out;
 * Block and APPROVAL_NONE are delivered.
 */
int approval_list(struct clients *c, const struct group_set *groups, struct approval_rows *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/* Every approval as it was made. */
int approval_list_all(struct clients *c, struct approval_rows *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * Approve, or change the approvals of these updates and groups (ids kept), in one transaction.
 * id and last_change are set by this, last_change to one value that is later than any before.
 * APPROVAL_DECLINED for a declined update, GROUP_ABSENT, APPROVAL_LIMIT.  What the catalog has to
 * say (files, quarantine, role) is the caller's to ask first.
 */
int approval_set(struct clients *c, struct approval *rows, size_t count, int64_t now,
		 struct error *err) __attribute__((nonnull, warn_unused_result));

/* Take back in one group, or in all with group 0: how many there were. */
int approval_unset(struct clients *c, const unsigned char update_id[16], int64_t group, int64_t now,
		   uint64_t *removed, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Decline (all approvals go) or take it back. */
int approval_decline(struct clients *c, const unsigned char update_id[16], bool declined,
		     const char *by, int64_t now, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The declined updates: 16 bytes each, ascending. */
struct approval_declined {
	unsigned char (*ids)[16];
	size_t count;
};
int approval_declined_load(struct clients *c, struct approval_declined *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void approval_declined_clear(struct approval_declined *d);
DEFINE_CLEANUP_IN_PLACE(struct approval_declined, approval_declined_clear);

/* ---- may this be approved at all?  Pure. ---- */

/* What the catalog says of an update; the caller collects it. */
struct approval_facts {
	bool known;            /* some catalog has it */
	bool quarantined;      /* its newest revision is held back */
	bool is_category;      /* category or detectoid, by whatever source */
	bool only_bundle_part; /* deployed by the catalog only as part of a bundle */
	uint64_t files_missing;
};

/*
 * 0 when the action is one that the deployment of this revision may have; else -1 with
 * APPROVAL_UNKNOWN, APPROVAL_QUARANTINED, APPROVAL_ROLE, APPROVAL_FILES; what names the update.
 */
int approval_judge(const struct approval_facts *f, enum approval_action action, const char *what,
		   struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
