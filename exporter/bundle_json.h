/* A bundle that was written, as the verb write and the reports of jobs tell it. */
#ifndef EXPORTER_BUNDLE_JSON_H
#define EXPORTER_BUNDLE_JSON_H

#include <jansson.h>

struct bundle_result;

/* The caller's. */
json_t *bundle_json(const struct bundle_result *r) __attribute__((nonnull, returns_nonnull));

#endif
