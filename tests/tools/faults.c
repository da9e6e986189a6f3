#include "tests/tools/faults.h"

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "tests/tools/master.h"
#include "tests/tools/payload.h"

#include <string.h>

enum target { LEAF, SIBLING, DETECTOID, UNNEEDED, BUNDLE, DOCUMENT, CABINET, HOSTILE };

enum change { NOTHING, ACTION, DAMAGE, DANGLING, BUNDLE_CYCLE, NEED_CYCLE, SPOIL, REMOVE };

static const struct kind {
	const char *name;
	enum target target;
	enum change change;
	bool quarantine; /* the victim itself is in error, not only suspicious */
	unsigned flag;   /* of the model, the document or the cabinet */
	const char *action;
} kinds[] = {
	{ "unknown-action", LEAF, ACTION, true, 0, "Deploy" },
	{ "empty-action", LEAF, ACTION, true, 0, "" },
	{ "wrong-case-action", LEAF, ACTION, true, 0, "bundle" },
	{ "evaluate-with-payload", DETECTOID, DAMAGE, true, MODEL_HAS_PAYLOAD, NULL },
	{ "bundle-with-payload", BUNDLE, DAMAGE, true, MODEL_HAS_PAYLOAD, NULL },
	{ "bundle-without-bundledby", SIBLING, DAMAGE, true, MODEL_NO_BUNDLE, NULL },
	{ "duplicate-revision", UNNEEDED, DAMAGE, true, MODEL_TWICE, NULL },
	{ "dangling-prerequisite", BUNDLE, DANGLING, false, 0, NULL },
	{ "bundle-cycle", BUNDLE, BUNDLE_CYCLE, true, 0, NULL },
	{ "prerequisite-cycle", UNNEEDED, NEED_CYCLE, true, 0, NULL },
	{ "malformed-core", LEAF, DAMAGE, true, MODEL_MALFORMED_CORE, NULL },
	{ "master-core-mismatch", LEAF, DAMAGE, false, MODEL_CORE_MISMATCH, NULL },
	{ "bad-digest", LEAF, SPOIL, false, 0, NULL },
	{ "missing-payload", LEAF, REMOVE, false, 0, NULL },
	{ "xml-dtd", DOCUMENT, NOTHING, false, MASTER_DTD, NULL },
	{ "xml-attributes", DOCUMENT, NOTHING, false, MASTER_ATTRIBUTES, NULL },
	{ "xml-depth", DOCUMENT, NOTHING, false, MASTER_DEPTH, NULL },
	{ "xml-malformed", DOCUMENT, NOTHING, false, MASTER_CUT, NULL },
	{ "cab-checksum", CABINET, NOTHING, false, CAB_DAMAGE_CHECKSUM, NULL },
	{ "cab-truncated", CABINET, NOTHING, false, CAB_DAMAGE_TRUNCATED, NULL },
	{ "cab-count", CABINET, NOTHING, false, CAB_DAMAGE_COUNT, NULL },
	{ "cab-name", HOSTILE, NOTHING, false, 0, NULL },
	{ "not-a-cab", CABINET, NOTHING, false, CAB_DAMAGE_MAGIC, NULL },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

const char *faults_name(size_t row)
{
	return row < KINDS ? kinds[row].name : NULL;
}

int faults_parse(struct faults *f, const char *text, struct error *err)
{
	size_t name_len = strcspn(text, ":"), row = 0;
	uint64_t nth = 1;

	while (row < KINDS && (strlen(kinds[row].name) != name_len ||
			       strncmp(kinds[row].name, text, name_len) != 0))
		row++;
	if (row == KINDS)
		return error_set(err, ERROR_USAGE, "--fault %s: unknown kind", text);
	if (text[name_len] == ':' && (!str_to_u64(text + name_len + 1, strlen(text) - name_len - 1,
						  MODEL_UPDATES_MAX, &nth) ||
				      nth == 0))
		return error_set(err, ERROR_USAGE, "--fault %s: N counts from 1", text);
	if (f->count == FAULTS_MAX)
		return error_set(err, ERROR_USAGE, "--fault: more than %d", FAULTS_MAX);
	f->items[f->count++] = (struct fault){ row, (uint32_t)nth, MODEL_NONE, MODEL_NONE };
	if (kinds[row].target == DOCUMENT)
		f->master |= kinds[row].flag;
	if (kinds[row].target == CABINET)
		f->cabinet |= kinds[row].flag;
	if (kinds[row].target == HOSTILE)
		f->hostile = (uint32_t)nth;
	return 0;
}

static bool suits(const struct faults *f, const struct model *m, size_t index, enum target target)
{
	const struct model_update *u = &m->updates[index];

	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].victim == index || f->items[i].second == index)
			return false;
	switch (target) {
	case LEAF:
		return u->kind == MODEL_LEAF;
	case SIBLING:
		return u->kind == MODEL_LEAF && m->updates[u->bundle].children > 1;
	case DETECTOID:
		return u->kind == MODEL_DETECTOID;
	case UNNEEDED:
		return u->kind == MODEL_DETECTOID && u->is_leaf && u->twin == MODEL_NONE;
	case BUNDLE:
		return u->kind == MODEL_BUNDLE;
	case DOCUMENT:
	case CABINET:
	case HOSTILE:
		break;
	}
	return false;
}

/* The nth suitable update from the newest one on, or MODEL_NONE. */
static uint32_t choose(const struct faults *f, const struct model *m, enum target target,
		       uint32_t nth)
{
	for (size_t i = m->count; i-- > 0;)
		if (suits(f, m, i, target) && --nth == 0)
			return (uint32_t)i;
	return MODEL_NONE;
}

static void change(struct model *m, const struct kind *k, const struct fault *item)
{
	struct model_update *u = &m->updates[item->victim];
	uint32_t nobody = MODEL_NONE;

	switch (k->change) {
	case ACTION:
		u->action = k->action;
		break;
	case DAMAGE:
		u->damage |= k->flag;
		break;
	case DANGLING:
		model_add_group(m, u, &nobody, 1, false);
		break;
	case BUNDLE_CYCLE:
		u->bundle = item->second;
		m->updates[item->second].bundle = item->victim;
		break;
	case NEED_CYCLE:
		model_add_group(m, u, &item->second, 1, false);
		model_add_group(m, &m->updates[item->second], &item->victim, 1, false);
		break;
	case NOTHING:
	case SPOIL:
	case REMOVE:
		break;
	}
}

int faults_apply(struct faults *f, struct model *m, struct error *err)
{
	for (size_t i = 0; i < f->count; i++) {
		struct fault *item = &f->items[i];
		const struct kind *k = &kinds[item->row];

		if (k->target >= DOCUMENT)
			continue;
		if ((k->change == SPOIL || k->change == REMOVE) && m->options.payloads == 0)
			return error_set(err, ERROR_USAGE, "--fault %s: needs --payloads", k->name);
		item->victim = choose(f, m, k->target, item->nth);
		if (item->victim != MODEL_NONE &&
		    (k->change == BUNDLE_CYCLE || k->change == NEED_CYCLE))
			item->second = choose(f, m, k->target, 1);
		if (item->victim == MODEL_NONE ||
		    ((k->change == BUNDLE_CYCLE || k->change == NEED_CYCLE) &&
		     item->second == MODEL_NONE))
			return error_set(err, ERROR_USAGE, "--fault %s: no suitable update",
					 k->name);
		change(m, k, item);
	}
	return 0;
}

int faults_spoil(const struct faults *f, const struct model *m, int dirfd, struct error *err)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct fault *item = &f->items[i];
		int result = 0;

		if (item->victim == MODEL_NONE)
			continue;
		if (kinds[item->row].change == SPOIL)
			result = payload_spoil(m, dirfd, m->updates[item->victim].files_at, err);
		else if (kinds[item->row].change == REMOVE)
			result = payload_remove(m, dirfd, m->updates[item->victim].files_at, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

static bool present(const struct model *m, uint32_t member, const bool *out)
{
	if (member == MODEL_NONE || !out[member])
		return true;
	uint32_t twin = m->updates[member].twin;

	return twin != MODEL_NONE && !out[twin];
}

static bool lost(const struct model *m, const struct model_update *u, const bool *out)
{
	for (uint32_t g = 0; g < u->groups; g++) {
		const struct model_group *group = &m->groups[u->groups_at + g];
		bool alive = group->members == 0;

		for (uint32_t i = 0; i < group->members && !alive; i++)
			alive = present(m, m->members[group->members_at + i], out);
		if (!alive)
			return true;
	}
	for (uint32_t i = 0; u->kind == MODEL_BUNDLE && i < u->children; i++)
		if (out[u->children_at + i] &&
		    !(m->updates[u->children_at + i].damage & MODEL_NO_BUNDLE))
			return true;
	return u->kind == MODEL_LEAF && !(u->damage & MODEL_NO_BUNDLE) && out[u->bundle];
}

void faults_quarantine(const struct faults *f, const struct model *m, bool *out)
{
	bool more = false;

	memset(out, 0, m->count * sizeof *out);
	for (size_t i = 0; i < f->count; i++) {
		const struct fault *item = &f->items[i];

		if (item->victim == MODEL_NONE || !kinds[item->row].quarantine)
			continue;
		out[item->victim] = more = true;
		if (item->second != MODEL_NONE)
			out[item->second] = true;
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < m->count; i++)
			if (!out[i] && lost(m, &m->updates[i], out))
				out[i] = more = true;
	}
}
