/* What the bundle imported last came through before, from the evidence that was kept. */
#ifndef IMPORTER_CAME_H
#define IMPORTER_CAME_H

#include <jansson.h>

struct channel;
struct error;
struct store;

/* Rows as in verifier/origin_report.h, nearest first; none when nothing was imported.  NULL. */
json_t *came_through(struct store *s, const struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
