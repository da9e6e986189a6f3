/* The selection by which a bundle is made, from a file or from the channel. */
#ifndef EXPORTER_CHOSEN_H
#define EXPORTER_CHOSEN_H

#include "lib/base/cleanup.h"

struct channel;
struct error;
struct rules;
struct selection;
struct store;

/*
 * Decide by the rules, or by those of the channel (NULL).  -1 with SELECTION_EMPTY when they take
 * no update of a repository that has some.
 */
int chosen_load(struct store *s, const struct channel *c, const struct rules *rules,
		struct selection *out, struct error *err)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* Read a selection file.  CONF_FORMAT, or FILE_READ. */
int chosen_read(const char *path, struct rules *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
