/* What the files of the update services share.  For service*.c only. */
#ifndef SERVER_SERVICE_INTERNAL_H
#define SERVER_SERVICE_INTERNAL_H

#include "importer/server/cookie.h"
#include "importer/server/soap_read.h"
#include "importer/server/soap_write.h"
#include "importer/server/view.h"
#include "lib/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct clients;
struct request;

struct service {
	struct clients *clients;
	struct view_keeper *views;
	char *content_url; /* NULL: from Host */
	bool redirect;
	char *accel; /* NULL: none */
	unsigned char location[COOKIE_LOCATION];
	struct cookie_seal seal;
	/* service_check.c: of the last self-check; the numbers are read by any thread */
	_Atomic(uint64_t) problems[WUSP_PROBLEMS_];
	int64_t checked_version;
	uint64_t checked_generation;
};

/* One call of an operation.  The writer is inside the answer's own element. */
struct service_call {
	struct service *service;
	const struct request *q;
	struct soap_writer *w;
	int64_t now;
	struct cookie cookie; /* after service_session() */
};

/* The element "cookie" of a request: its EncryptedData. */
extern const struct soap_field service_cookie_fields[];

/* Lists: struct soap_list of int32_t, const char *, struct catalog_guid. */
extern const struct soap_field service_int_fields[], service_string_fields[], service_guid_fields[];

enum service_check {
	SERVICE_ANY = 0,
	SERVICE_REGISTERED = 1, /* COOKIE_REGISTER when the client has not registered */
	SERVICE_LOCATION = 2,   /* COOKIE_LOCATION when content has moved */
};

/*
 * The cookie of a call into call->cookie, and the contact noted: COOKIE_INVALID, COOKIE_SERVER,
 * COOKIE_EXPIRED, COOKIE_CONFIG, and what checks ask for.
 */
int service_session(struct service_call *call, const struct soap_bytes *cookie, unsigned checks,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

/* A client that gave no name, as those of the live service do. */
bool service_is_anonymous(const struct cookie *c) __attribute__((nonnull));

/* Write call->cookie as an element: Expiration and EncryptedData. */
void service_write_cookie(struct service_call *call, const char *element) __attribute__((nonnull));

/* The protocol version of the client, as WUSP_VERSION(). */
uint32_t service_version(const struct service_call *call) __attribute__((nonnull));

/* What is deployed to the groups that the client is in now. */
const struct view_deployed *service_deployments(struct service_call *call, const struct view *v,
						struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The name that the client calls us, with a port if need be: what Host says, or our address. */
enum { SERVICE_HOST_SIZE = 272 };
void service_host(const struct service_call *call, char out[SERVICE_HOST_SIZE])
	__attribute__((nonnull));

/* The same with the port of content: what clients get over TLS names the place without. */
void service_content_host(const struct service_call *call, char out[SERVICE_HOST_SIZE])
	__attribute__((nonnull));

/* service_cache.c: an UpdateIdentity, lists of them, and the node that one names or WUSP_NONE. */
struct service_identity {
	struct catalog_guid id;
	int32_t revision;
};
extern const struct soap_field service_identity_fields[], service_identities_fields[];
uint32_t service_find(const struct wusp_graph *g, const struct service_identity *i)
	__attribute__((nonnull));

/*
 * service_info.c: which fragments a client wants, and in which languages (lists of const char *).
 * service_write_fragments() writes an Update element for each that the node has; there are at most
 * LIMIT_SOAP_LOCALES locales.
 */
struct service_wanted {
	struct soap_list types, locales;
};
extern const struct soap_field service_type_fields[];
int service_write_fragments(struct service_call *call, const struct view *v, uint32_t node,
			    const struct service_wanted *wanted, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* service_sync.c: a Deployment element. */
struct wusp_sync_item;
void service_write_deployment(struct service_call *call, const struct wusp_sync_item *item)
	__attribute__((nonnull));

/* The operations, each in the file of its kind. */
extern const struct soap_operation service_get_config, service_get_cookie,
	service_register_computer, service_get_authorization_cookie; /* service_auth.c */
extern const struct soap_operation service_sync_updates;             /* service_sync.c */
extern const struct soap_operation service_refresh_cache,
	service_start_category_scan; /* service_cache.c */
extern const struct soap_operation service_get_extended_update_info,
	service_get_extended_update_info_two, service_get_file_locations; /* service_info.c */
extern const struct soap_operation service_report_event_batch, service_report_event_batch_two,
	service_get_required_inventory, service_report_inventory; /* service_report.c */

#endif
