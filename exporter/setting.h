/* The settings of a channel on a command line, for channel add and channel set. */
#ifndef EXPORTER_SETTING_H
#define EXPORTER_SETTING_H

struct channel;
struct cli_args;
struct error;

/*
 * Change in c what --audience, --one-way, --two-way and --overlap say.  -1 with USAGE when they
 * contradict each other or name no site.
 */
int setting_read(const struct cli_args *args, struct channel *c, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* "two-way", or "one-way, 3 bundles may get lost". */
enum { SETTING_TEXT_SIZE = 64 };
void setting_text(const struct channel *c, char out[SETTING_TEXT_SIZE]) __attribute__((nonnull));

#endif
