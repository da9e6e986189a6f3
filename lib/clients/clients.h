/*
 * What a server knows of its computers: clients.db, beside catalog.db or in a directory of its own;
 * the one file that the server writes.  docs/ARCHITECTURE.md "Computers" lists its tables.
 *
 * A handle may be used by any number of threads: each call is one short critical section, and
 * what it writes is one transaction.  Verbs work on the same file beside a running server.
 *
 * Nothing here knows catalogs, HTTP or SOAP.  Updates are named by their GUID in the byte order
 * of str_to_guid(); times are seconds since 1970.
 */
#ifndef CLIENTS_CLIENTS_H
#define CLIENTS_CLIENTS_H

#include "lib/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

struct clients;
struct error;

enum clients_use {
	CLIENTS_VERB,   /* what was answered is on disk: synchronous FULL */
	CLIENTS_SERVER, /* a power cut may cost the last seconds, never consistency: NORMAL */
};

/*
 * Open clients.db of a directory, making it (mode 0600: it holds a key) when it is absent.  Fails
 * with CLIENTS_SCHEMA when a newer program wrote it.
 */
struct clients *clients_open(const char *dir, enum clients_use use, struct error *err)
	__attribute__((nonnull, warn_unused_result));
void clients_close(struct clients *c);
DEFINE_CLEANUP(struct clients *, clients_close);

enum { CLIENTS_GUID = 16, CLIENTS_KEY = 32 };

/* Made once, when the file was made; borrowed from the handle. */
const unsigned char *clients_server_id(const struct clients *c)
	__attribute__((nonnull, returns_nonnull)); /* CLIENTS_GUID bytes */
const unsigned char *clients_cookie_key(const struct clients *c)
	__attribute__((nonnull, returns_nonnull)); /* CLIENTS_KEY bytes, secret */

enum clients_targeting {
	CLIENTS_TARGETING_SERVER = 0, /* group move decides; what a client claims is noted only */
	CLIENTS_TARGETING_CLIENT = 1, /* the client's claim decides when such a group exists */
};

/*
 * When what GetConfig answers last changed; never goes back, two changes never share a second.
 * Seen at once when another process changed it.
 */
int clients_config_change(struct clients *c, int64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int clients_config_touch(struct clients *c, int64_t now, struct error *err)
	__attribute__((nonnull, warn_unused_result));

int clients_targeting(struct clients *c, enum clients_targeting *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
/* Touches the configuration when it changes. */
int clients_set_targeting(struct clients *c, enum clients_targeting mode, int64_t now,
			  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * A number that grows whenever approvals, declined updates, groups, memberships or the targeting
 * mode change, whoever changes them: what is prepared per set of groups is good as long as it is
 * the same.  Cheap: one look at a row.
 */
int clients_version(struct clients *c, int64_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
