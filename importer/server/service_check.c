/* The self-check while the server runs: after each change it is made anew, logged and counted. */
#include "importer/server/problems.h"
#include "importer/server/service.h"
#include "importer/server/service_internal.h"
#include "lib/base/error.h"
#include "lib/clients/clients.h"
#include "lib/clients/group.h"

#include <stdio.h>

enum { LINES = 20 };

static void log_problems(const struct problems *found, const struct group_list *groups)
{
	size_t errors = 0;

	for (size_t i = 0; i < found->count; i++) {
		char line[PROBLEMS_LINE];

		if (problems_is_note(found->items[i].kind) || errors++ >= LINES)
			continue;
		problems_line(&found->items[i], groups, line);
		fprintf(stderr, "gapferry-server: %s\n", line);
	}
	if (errors > LINES)
		fprintf(stderr,
			"gapferry-server: and %zu more, see gapferry-server report problems\n",
			errors - LINES);
}

static int check(struct service *s, const struct view *v, struct error *err)
{
	CLEANUP(problems_clear) struct problems found = { 0 };
	CLEANUP(group_list_clear) struct group_list groups = { 0 };
	uint64_t of[WUSP_PROBLEMS_] = { 0 };

	if (group_list_load(s->clients, &groups, err) < 0 ||
	    problems_find(v, s->clients, &groups, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++)
		of[found.items[i].kind]++;
	for (size_t i = 0; i < WUSP_PROBLEMS_; i++)
		s->problems[i] = of[i];
	log_problems(&found, &groups);
	return 0;
}

void service_check(struct service *s)
{
	CLEANUP(view_put) const struct view *v = view_get(s->views);
	struct error err = ERROR_INIT;
	int64_t version = 0;

	/* The version first: what changes meanwhile is looked at the next time. */
	if (clients_version(s->clients, &version, &err) == 0 &&
	    ((version == s->checked_version && view_generation(v) == s->checked_generation) ||
	     check(s, v, &err) == 0)) {
		s->checked_version = version;
		s->checked_generation = view_generation(v);
		return;
	}
	fprintf(stderr, "gapferry-server: %s: %s (tried again later)\n", error_id_text(err.id),
		err.message);
}
