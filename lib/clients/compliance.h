/*
 * Who has what: the state of each computer and approved update, counted per update, group and
 * computer.  A computer names in its status only what it needs or has; what is approved for it and
 * not named is not applicable if the status is newer than the approval, else not known.
 */
#ifndef CLIENTS_COMPLIANCE_H
#define CLIENTS_COMPLIANCE_H

#include "lib/base/cleanup.h"
#include "lib/clients/approval.h"
#include "lib/clients/computer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients;
struct error;

/* Numbers are those of clients.db and never change; at most 7. */
enum compliance_state {
	COMPLIANCE_UNKNOWN = 0,
	COMPLIANCE_NOT_APPLICABLE = 1,
	COMPLIANCE_NEEDED = 2,
	COMPLIANCE_DOWNLOADED = 3,
	COMPLIANCE_INSTALLED = 4,
	COMPLIANCE_REBOOT = 5, /* installed once the computer restarts */
	COMPLIANCE_FAILED = 6,
};
#define COMPLIANCE_STATES_ 7

/* "unknown", "not-applicable", "needed", ... */
const char *compliance_state_text(enum compliance_state s) __attribute__((returns_nonnull));

/* How many of each; of all the sum. */
struct compliance_counts {
	uint64_t of[COMPLIANCE_STATES_];
};
uint64_t compliance_total(const struct compliance_counts *n) __attribute__((nonnull));

/*
 * What is approved per set of groups, read once: approval_list() of each set that is asked for,
 * remembered.
 */
struct compliance_sets;
struct compliance_sets *compliance_sets_new(struct clients *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void compliance_sets_free(struct compliance_sets *s);
DEFINE_CLEANUP(struct compliance_sets *, compliance_sets_free);
const struct approval_rows *compliance_sets_get(struct compliance_sets *s,
						const struct group_set *set)
	__attribute__((nonnull, returns_nonnull)); /* borrowed from s */
const struct group_list *compliance_sets_groups(const struct compliance_sets *s)
	__attribute__((nonnull, returns_nonnull));

/*
 * Everything at once, from one snapshot: loaded by one pass over computers and approvals.
 * group 0: all computers, else those in the group and below it.
 */
struct compliance;
struct compliance *compliance_load(struct clients *c, int64_t group, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void compliance_free(struct compliance *c);
DEFINE_CLEANUP(struct compliance *, compliance_free);

/* Row i of the updates that are approved, or named by one of these computers. */
struct compliance_update {
	unsigned char update_id[16];
	bool is_approved; /* for some group: such rows come even when they count nobody */
	struct compliance_counts counts;
};
size_t compliance_updates(const struct compliance *c) __attribute__((nonnull));
const struct compliance_update *compliance_update(const struct compliance *c, size_t i)
	__attribute__((nonnull, returns_nonnull)); /* ascending update_id */
const struct compliance_update *compliance_find(const struct compliance *c,
						const unsigned char update_id[16])
	__attribute__((nonnull));

struct compliance_computer {
	int64_t id;
	struct compliance_counts counts; /* of the updates approved for it */
};
size_t compliance_computers(const struct compliance *c) __attribute__((nonnull));
const struct compliance_computer *compliance_computer(const struct compliance *c, size_t i)
	__attribute__((nonnull, returns_nonnull)); /* ascending id */

/* ---- one computer, in detail ---- */

/* Why an approved update is not installed there (or removed, when it is to be). */
enum compliance_why {
	COMPLIANCE_WHY_DONE = 0,     /* it is, or does not apply */
	COMPLIANCE_WHY_NO_CONTACT,   /* not in contact for LIMIT_CONTACT_DAYS */
	COMPLIANCE_WHY_NO_REPORT,    /* in contact, but no status since the approval */
	COMPLIANCE_WHY_DISK,         /* out of disk */
	COMPLIANCE_WHY_SERVICE,      /* a service is stopped */
	COMPLIANCE_WHY_PREREQUISITE, /* a prerequisite is missing */
	COMPLIANCE_WHY_FILE,         /* a file is missing or damaged */
	COMPLIANCE_WHY_NETWORK,      /* the server could not be reached */
	COMPLIANCE_WHY_TRUST,        /* a signature was not accepted */
	COMPLIANCE_WHY_FAILED,       /* failed with another code */
	COMPLIANCE_WHY_REBOOT,       /* waits for a restart */
	COMPLIANCE_WHY_WAITING,      /* needed or downloaded: its turn has not come */
	COMPLIANCE_WHY_OFFERED,      /* offered only: somebody at the computer decides */
	COMPLIANCE_WHY_DETECT,       /* approved for detection only */
	COMPLIANCE_WHY_BLOCKED,      /* blocked for a group of it */
};
#define COMPLIANCE_WHYS_ 15

/* "out-of-disk", "service-stopped", ... */
const char *compliance_why_text(enum compliance_why w) __attribute__((returns_nonnull));

struct compliance_item {
	unsigned char update_id[16];
	enum compliance_state state;
	enum compliance_why why;
	const struct approval *approval; /* NULL: not approved for it; borrowed from the sets */
	uint32_t result;                 /* of the last failure, or 0 */
	int32_t failed_event;            /* 161, 182 ..., or 0 */
	int64_t failed_at;
};

/* What is known of one pair; the rule of `why`.  Pure. */
enum compliance_why compliance_judge(const struct computer *computer,
				     const struct compliance_item *item, int64_t now)
	__attribute__((nonnull));

struct compliance_detail {
	struct compliance_item *items; /* ascending update_id */
	size_t count;
};

/* What is approved for the computer, and what it names; of one update alone when only is set. */
struct compliance_question {
	const struct computer *computer;
	const unsigned char *only; /* 16 bytes; NULL: all */
	int64_t now;
};
int compliance_detail_load(struct clients *c, struct compliance_sets *sets,
			   const struct compliance_question *q, struct compliance_detail *out,
			   struct error *err) __attribute__((nonnull, warn_unused_result));
void compliance_detail_clear(struct compliance_detail *d);
DEFINE_CLEANUP_IN_PLACE(struct compliance_detail, compliance_detail_clear);

#endif
