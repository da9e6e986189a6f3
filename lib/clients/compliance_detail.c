/* One computer: the state of each of its updates, and why. */
#include "lib/base/buf.h"
#include "lib/clients/compliance_internal.h"
#include "lib/clients/hresult.h"

#include <stdlib.h>
#include <string.h>

const char *compliance_state_text(enum compliance_state s)
{
	static const char *const texts[COMPLIANCE_STATES_] = {
		[COMPLIANCE_UNKNOWN] = "unknown",
		[COMPLIANCE_NOT_APPLICABLE] = "not-applicable",
		[COMPLIANCE_NEEDED] = "needed",
		[COMPLIANCE_DOWNLOADED] = "downloaded",
		[COMPLIANCE_INSTALLED] = "installed",
		[COMPLIANCE_REBOOT] = "pending-reboot",
		[COMPLIANCE_FAILED] = "failed",
	};

	return texts[s];
}

const char *compliance_why_text(enum compliance_why w)
{
	static const char *const texts[COMPLIANCE_WHYS_] = {
		[COMPLIANCE_WHY_DONE] = "done",
		[COMPLIANCE_WHY_NO_CONTACT] = "not-in-contact",
		[COMPLIANCE_WHY_NO_REPORT] = "no-report-yet",
		[COMPLIANCE_WHY_DISK] = "out-of-disk",
		[COMPLIANCE_WHY_SERVICE] = "service-stopped",
		[COMPLIANCE_WHY_PREREQUISITE] = "prerequisite-missing",
		[COMPLIANCE_WHY_FILE] = "file-missing",
		[COMPLIANCE_WHY_NETWORK] = "server-not-reached",
		[COMPLIANCE_WHY_TRUST] = "signature-refused",
		[COMPLIANCE_WHY_FAILED] = "failed",
		[COMPLIANCE_WHY_REBOOT] = "restart-needed",
		[COMPLIANCE_WHY_WAITING] = "waiting",
		[COMPLIANCE_WHY_OFFERED] = "offered-only",
		[COMPLIANCE_WHY_DETECT] = "detection-only",
		[COMPLIANCE_WHY_BLOCKED] = "blocked",
	};

	return texts[w];
}

/* ---- why ---- */

static enum compliance_why of_result(uint32_t result)
{
	static const enum compliance_why of[HRESULT_KINDS_] = {
		[HRESULT_OTHER] = COMPLIANCE_WHY_FAILED,
		[HRESULT_OK] = COMPLIANCE_WHY_FAILED, /* failed, and no code says how */
		[HRESULT_REBOOT] = COMPLIANCE_WHY_REBOOT,
		[HRESULT_DISK] = COMPLIANCE_WHY_DISK,
		[HRESULT_SERVICE] = COMPLIANCE_WHY_SERVICE,
		[HRESULT_PREREQUISITE] = COMPLIANCE_WHY_PREREQUISITE,
		[HRESULT_FILE] = COMPLIANCE_WHY_FILE,
		[HRESULT_NETWORK] = COMPLIANCE_WHY_NETWORK,
		[HRESULT_TRUST] = COMPLIANCE_WHY_TRUST,
	};

	return of[hresult_kind(result)];
}

static bool is_done(const struct compliance_item *item)
{
	if (!item->approval || item->state == COMPLIANCE_NOT_APPLICABLE)
		return true;
	if (item->approval->action == APPROVAL_DETECT)
		return item->state == COMPLIANCE_INSTALLED;
	/* A removal is done once the update is needed again, or no longer applies. */
	if (item->approval->action == APPROVAL_UNINSTALL)
		return item->state == COMPLIANCE_NEEDED || item->state == COMPLIANCE_DOWNLOADED;
	return item->state == COMPLIANCE_INSTALLED;
}

enum compliance_why compliance_judge(const struct computer *computer,
				     const struct compliance_item *item, int64_t now)
{
	const struct approval *a = item->approval;

	if (a && a->action == APPROVAL_BLOCK)
		return item->state == COMPLIANCE_INSTALLED ? COMPLIANCE_WHY_DONE
							   : COMPLIANCE_WHY_BLOCKED;
	if (is_done(item))
		return COMPLIANCE_WHY_DONE;
	if (now - computer->last_contact > (int64_t)LIMIT_CONTACT_DAYS * 86400)
		return COMPLIANCE_WHY_NO_CONTACT;
	if (item->state == COMPLIANCE_FAILED)
		return of_result(item->result);
	if (item->state == COMPLIANCE_REBOOT)
		return COMPLIANCE_WHY_REBOOT;
	/* Scans that fail now explain an old or missing status better than anything else. */
	if (computer->detection_error != 0)
		return of_result((uint32_t)computer->detection_error);
	if (item->state == COMPLIANCE_UNKNOWN)
		return COMPLIANCE_WHY_NO_REPORT;
	if (a->action == APPROVAL_DETECT)
		return COMPLIANCE_WHY_DETECT;
	return a->is_assigned && a->action != APPROVAL_OPTIONAL ? COMPLIANCE_WHY_WAITING
								: COMPLIANCE_WHY_OFFERED;
}

/* ---- loading ---- */

void compliance_detail_clear(struct compliance_detail *d)
{
	free(d->items);
	*d = (struct compliance_detail){ 0 };
}

static int by_update(const void *left, const void *right)
{
	const struct compliance_item *a = left, *b = right;

	return memcmp(a->update_id, b->update_id, 16);
}

static void add_approved(const struct approval_rows *rows, const struct compliance_question *q,
			 struct compliance_detail *out)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct approval *a = &rows->items[i];
		struct compliance_item item = {
			.state = q->computer->last_status < a->last_change
					 ? COMPLIANCE_UNKNOWN
					 : COMPLIANCE_NOT_APPLICABLE,
			.approval = a,
		};

		if (a->action == APPROVAL_NONE ||
		    (q->only && memcmp(q->only, a->update_id, 16) != 0))
			continue;
		memcpy(item.update_id, a->update_id, 16);
		out->items[out->count++] = item;
	}
}

static void add_named(const struct compliance_sets *sets, const struct compliance_question *q,
		      const struct compliance_said *said, struct compliance_detail *out)
{
	const size_t approved = out->count;

	for (size_t i = 0; i < said->count; i++) {
		const struct compliance_named *n = &said->items[i];
		const unsigned char *update_id = compliance_sets_guid(sets, n->number);
		struct compliance_item key = { 0 }, *item = NULL;

		if (!update_id || (q->only && memcmp(q->only, update_id, 16) != 0))
			continue;
		memcpy(key.update_id, update_id, 16);
		if (approved > 0)
			item = bsearch(&key, out->items, approved, sizeof key, by_update);
		if (!item) {
			item = &out->items[out->count++];
			*item = key;
		}
		item->state = n->state;
		item->result = n->result;
		item->failed_event = n->failed_event;
		item->failed_at = n->failed_at;
	}
	if (out->count > approved)
		qsort(out->items, out->count, sizeof *out->items, by_update);
}

int compliance_detail_load(struct clients *c, struct compliance_sets *sets,
			   const struct compliance_question *q, struct compliance_detail *out,
			   struct error *err)
{
	CLEANUP(compliance_said_clear) struct compliance_said said = { 0 };
	const struct approval_rows *rows = compliance_sets_get(sets, &q->computer->groups);
	CLEANUP(lock_release) struct lock *held = lock_take(c->lock);

	*out = (struct compliance_detail){ 0 };
	if (compliance_said_read(c, q->computer->id, &said, err) < 0)
		return -1;
	out->items = buf_malloc((rows->count + said.count + 1) * sizeof *out->items);
	add_approved(rows, q, out);
	add_named(sets, q, &said, out);
	for (size_t i = 0; i < out->count; i++)
		out->items[i].why = compliance_judge(q->computer, &out->items[i], q->now);
	return 0;
}
