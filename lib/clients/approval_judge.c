#include "lib/base/error.h"
#include "lib/clients/approval.h"

int approval_judge(const struct approval_facts *f, enum approval_action action, const char *what,
		   struct error *err)
{
	bool offers = action == APPROVAL_INSTALL || action == APPROVAL_OPTIONAL;

	if (!f->known)
		return error_set(err, ERROR_APPROVAL_UNKNOWN, "%s: no catalog here has it", what);
	/* To hold an update back is right for every update. */
	if (action == APPROVAL_BLOCK)
		return 0;
	if (f->quarantined)
		return error_set(err, ERROR_APPROVAL_QUARANTINED, "%s: is held back by a finding",
				 what);
	if (f->is_category)
		return error_set(err, ERROR_APPROVAL_ROLE,
				 "%s: a category or detectoid, which clients only evaluate", what);
	if (f->only_bundle_part)
		return error_set(err, ERROR_APPROVAL_ROLE,
				 "%s: a part of a bundle, deployed only with it", what);
	if (offers && f->files_missing > 0)
		return error_set(err, ERROR_APPROVAL_FILES, "%s: %llu of its files are not here",
				 what, (unsigned long long)f->files_missing);
	return 0;
}
