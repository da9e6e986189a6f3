/* Why each update is in a bundle or not, and what a site would miss that had nothing else. */
#ifndef EXPORTER_PLAN_REASONS_H
#define EXPORTER_PLAN_REASONS_H

#include "lib/cli/cli.h"

struct error;
struct increment;
struct selection;
struct store;

struct plan_reasons {
	struct store *store;
	const struct increment *increment;
	struct selection *chosen;
	bool explain; /* every update with its reason */
	bool missing; /* every update that a site would miss files of */
};

/* Add keys "selection", "alone", "updates", "missing_updates" to out, or print them. */
int plan_reasons_json(const struct plan_reasons *r, json_t *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));
int plan_reasons_text(const struct plan_reasons *r, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
