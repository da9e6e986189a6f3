/* The computers that were in contact, and what they said of themselves. */
#ifndef CLIENTS_COMPUTER_H
#define CLIENTS_COMPUTER_H

#include "lib/base/cleanup.h"
#include "lib/base/limits.h"
#include "lib/clients/group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients;
struct error;

/* 1 to LIMIT_CLIENT_ID letters, digits and hyphens (MS-WUSP 2.2.2.2.1). */
bool computer_id_valid(const char *client_id, size_t len) __attribute__((nonnull));

/* One call of a client, as it described itself.  Texts may be NULL: not said, keep what is known.
 */
struct computer_contact {
	const char *client_id; /* must be valid; compared without case */
	const char *dns_name;
	const char *claimed; /* target groups joined by ';'; "" takes the claim back */
	const char *address;
	int64_t now;
};

/*
 * Note a contact.  Writes only when something changed or the last note is a minute old, so it
 * may be called with every request.  Texts are cut to LIMIT_COMPUTER_TEXT and cleaned of control
 * characters and broken UTF-8.  COMPUTER_LIMIT when a new computer would be one too many.
 */
int computer_contact(struct clients *c, const struct computer_contact *contact, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* computerInfo of RegisterComputer, in the order of the WSDL.  NULL and 0: not said. */
struct computer_info {
	const char *dns_name;
	int32_t os_major, os_minor, os_build, os_sp_major, os_sp_minor;
	const char *os_locale, *manufacturer, *model;
	const char *bios_version, *bios_name, *bios_release_date, *architecture;
	int32_t suite_mask, old_product_type, new_product_type, system_metrics;
	int32_t client_major, client_minor, client_build, client_qfe;
	const char *os_description, *oem, *device_type, *firmware_version, *mobile_operator;
};

/* Counts as a contact.  Same limits. */
int computer_register(struct clients *c, const char *client_id, const struct computer_info *info,
		      int64_t now, struct error *err) __attribute__((nonnull, warn_unused_result));

/* 1 when this client has registered, 0 when not (or was never seen), -1. */
int computer_registered(struct clients *c, const char *client_id, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The groups of a client now: those an administrator put it into, or with client targeting those
 * it claims (claimed, or what it claimed last when NULL) that exist; else Unassigned.  Works for
 * a client never seen.  Read again at each sync: a re-assignment needs no new cookie.
 */
int computer_groups(struct clients *c, const char *client_id, const char *claimed,
		    struct group_set *out, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* ---- for verbs and the JSON API ---- */

enum { COMPUTER_TEXT_SIZE = LIMIT_COMPUTER_TEXT + 1 };

struct computer {
	int64_t id;
	char client_id[LIMIT_CLIENT_ID + 1];
	char dns_name[COMPUTER_TEXT_SIZE], claimed[COMPUTER_TEXT_SIZE], address[64];
	char manufacturer[COMPUTER_TEXT_SIZE], model[COMPUTER_TEXT_SIZE];
	char architecture[COMPUTER_TEXT_SIZE], os_description[COMPUTER_TEXT_SIZE];
	char os_version[48];                             /* "10.0.26200" or "" */
	char client_version[48];                         /* of the agent */
	int64_t first_contact, last_contact, registered; /* 0: never */
	int64_t last_detection;                          /* event 147, our clock */
	int64_t last_status;                             /* event 156, our clock */
	int32_t detection_error; /* of a 148 newer than the last 147, or 0 */
	int64_t detection_error_at;
	struct group_set groups; /* as computer_groups() */
};

/* One at a time, ascending id: 1 with the first computer after `after`, 0, -1. */
int computer_next(struct clients *c, int64_t after, struct computer *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* How many were in contact since then; 0: how many there are. */
int computer_count(struct clients *c, int64_t since, uint64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * By client id or DNS name (without case): 1, 0 none, -1; COMPUTER_AMBIGUOUS when several
 * computers have the name.
 */
int computer_find(struct clients *c, const char *what, struct computer *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Put into exactly these groups; none: unassigned.  Never GROUP_ALL or GROUP_UNASSIGNED. */
int computer_move(struct clients *c, int64_t id, const int64_t *groups, size_t count,
		  struct error *err) __attribute__((nonnull(1, 5), warn_unused_result));

/* Forget a computer with its events and states; it comes back with its next contact. */
int computer_remove(struct clients *c, int64_t id, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
