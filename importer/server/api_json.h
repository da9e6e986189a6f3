/* Rows of the repository as JSON, for the answers of /api. */
#ifndef SERVER_API_JSON_H
#define SERVER_API_JSON_H

#include "lib/base/cleanup.h"
#include "lib/store/channel.h"
#include "lib/store/query.h"

#include <jansson.h>

DEFINE_CLEANUP(json_t *, json_decref);

/* Put value (a new reference, taken over) under key; out of memory aborts, like buf. */
void api_json_put(json_t *object, const char *key, json_t *value) __attribute__((nonnull(1, 2)));

/* A text of the repository, null when it is "" (not known); bytes that are no UTF-8 become '?'. */
json_t *api_json_text(const char *text) __attribute__((nonnull, warn_unused_result));

/* A time in text, null for 0: "not known" in every time we keep. */
json_t *api_json_time(int64_t seconds) __attribute__((warn_unused_result));

/* An update without its files. */
json_t *api_json_update(const struct query_update *u) __attribute__((nonnull, warn_unused_result));
json_t *api_json_file(const struct query_file *f) __attribute__((nonnull, warn_unused_result));
json_t *api_json_finding(const struct query_finding *f)
	__attribute__((nonnull, warn_unused_result));

/* channel is NULL while nothing was imported. */
json_t *api_json_status(const struct channel *channel, const struct query_counts *counts)
	__attribute__((nonnull(2), warn_unused_result));

#endif
