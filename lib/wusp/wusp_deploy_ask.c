/* Questions to deployments. */
#include "lib/wusp/wusp_internal.h"

#include <stdlib.h>

const char *wusp_deploy_action_text(enum wusp_action action)
{
	static const char *const texts[WUSP_ACTIONS_] = {
		[WUSP_ACTION_NONE] = "",
		[WUSP_INSTALL] = "Install",
		[WUSP_OPTIONAL_INSTALL] = "OptionalInstall",
		[WUSP_UNINSTALL] = "Uninstall",
		[WUSP_PRE_DEPLOYMENT_CHECK] = "PreDeploymentCheck",
		[WUSP_BLOCK] = "Block",
		[WUSP_EVALUATE] = "Evaluate",
		[WUSP_BUNDLED] = "Bundle",
	};

	return texts[action];
}

const char *wusp_deploy_problem_name(enum wusp_problem_kind kind)
{
	static const char *const names[WUSP_PROBLEMS_] = {
		[WUSP_PROBLEM_UNKNOWN] = "unknown",
		[WUSP_PROBLEM_ACTION] = "action",
		[WUSP_PROBLEM_ROLE] = "role",
		[WUSP_PROBLEM_FILES] = "files",
		[WUSP_PROBLEM_INCOMPLETE] = "incomplete",
		[WUSP_PROBLEM_MALFORMED] = "malformed",
		[WUSP_PROBLEM_CLAUSE] = "clause",
		[WUSP_PROBLEM_DEPENDENCY] = "dependency",
		[WUSP_PROBLEM_SCOPE] = "scope",
	};

	return names[kind];
}

const char *wusp_deploy_problem_text(enum wusp_problem_kind kind)
{
	static const char *const texts[WUSP_PROBLEMS_] = {
		[WUSP_PROBLEM_UNKNOWN] = "no such update is here",
		[WUSP_PROBLEM_ACTION] = "this action cannot be approved",
		[WUSP_PROBLEM_ROLE] =
			"a category, a detectoid or a part of bundles is not deployed "
			"by itself",
		[WUSP_PROBLEM_FILES] = "its files are not all here",
		[WUSP_PROBLEM_INCOMPLETE] = "a part of the bundle is not here or declined",
		[WUSP_PROBLEM_MALFORMED] = "action and role contradict each other (GF-C003 to "
					   "GF-C006)",
		[WUSP_PROBLEM_CLAUSE] = "a prerequisite names nothing that is here",
		[WUSP_PROBLEM_DEPENDENCY] = "every alternative of a prerequisite is declined or "
					    "malformed",
		[WUSP_PROBLEM_SCOPE] = "more is approved than a computer can list when it scans",
	};

	return texts[kind];
}

void wusp_deploy_free(struct wusp_deployments *d)
{
	if (!d)
		return;
	free(d->bits);
	free(d->rank);
	free(d->entries);
	free(d->order);
	free(d->drivers);
	free(d->problems);
	free(d);
}

struct wusp_deployment wusp_deploy_at(const struct wusp_deployments *d, uint32_t node)
{
	const struct wusp_entry *e = wusp_entry_of(d, node);

	return e ? e->deployment : (struct wusp_deployment){ .action = WUSP_ACTION_NONE };
}

size_t wusp_deploy_count(const struct wusp_deployments *d)
{
	return d->count;
}

const struct wusp_problem *wusp_deploy_problems(const struct wusp_deployments *d, size_t *count)
{
	*count = d->problems_count;
	return d->problems;
}
