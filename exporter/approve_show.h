/*
 * What an approver is shown before the signature: what the bundle is, what it
 * results in, and what is different from the bundle before.
 */
#ifndef EXPORTER_APPROVE_SHOW_H
#define EXPORTER_APPROVE_SHOW_H

#include <jansson.h>

struct approve;

/* Lists in the text are cut; those in JSON are complete. */
enum { APPROVE_SHOW_UPDATES = 20, APPROVE_SHOW_FINDINGS = 20 };

/* On stdout. */
void approve_show_text(const struct approve *a) __attribute__((nonnull));

/* holder is who signed it, or NULL. */
json_t *approve_show_json(const struct approve *a, const char *holder)
	__attribute__((nonnull(1), returns_nonnull));

#endif
