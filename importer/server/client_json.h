/* What is known of computers, groups, approvals and events, as JSON: for verbs and the API. */
#ifndef SERVER_CLIENT_JSON_H
#define SERVER_CLIENT_JSON_H

#include <jansson.h>
#include <stdint.h>

struct approval;
struct compliance_counts;
struct compliance_item;
struct computer;
struct event_row;
struct group_list;

json_t *client_json_computer(const struct computer *m, const struct group_list *groups)
	__attribute__((nonnull, warn_unused_result));
json_t *client_json_event(const struct event_row *e) __attribute__((nonnull, warn_unused_result));
json_t *client_json_approval(const struct approval *a, const struct group_list *groups)
	__attribute__((nonnull, warn_unused_result));

/* Adds "computers" or "updates" (total_key), "installed", "needed" ... to o. */
void client_json_counts(json_t *o, const char *total_key, const struct compliance_counts *n)
	__attribute__((nonnull));

/* State, why, and the decoded code of one update of one computer. */
json_t *client_json_item(const struct compliance_item *item)
	__attribute__((nonnull, warn_unused_result));

/* "0x80070643 ERROR_INSTALL_FAILURE: the installer failed"; null for 0. */
json_t *client_json_result(uint32_t code) __attribute__((warn_unused_result));

#endif
