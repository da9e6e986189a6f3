#include "tests/tools/months.h"

#include "lib/base/buf.h"

int64_t months_first_created(const struct model_options *o)
{
	return o->created - (o->true_scale ? (int64_t)o->months * MODEL_MONTH : 0);
}

/* 376 and 522 more than 136,000 in two months of 2026. */
size_t months_growth(const struct model_options *o)
{
	return o->true_scale ? 1 + o->updates * (size_t)35 / 10000 : 0;
}

/* Of a series the first bundle, to which no other update refers, and without licences. */
static bool may_go(const struct model *m, size_t bundle)
{
	const struct model_update *u = &m->updates[bundle];

	return u->series_from == bundle && u->twin == MODEL_NONE && u->eulas == 0;
}

static void take_away(struct model *m, size_t bundle)
{
	m->updates[bundle].gone = true;
	for (size_t i = 0; i < m->updates[bundle].children; i++)
		m->updates[m->updates[bundle].children_at + i].gone = true;
}

/* Revision ids and everything else stay as they were: a later state, in which some are gone. */
static void drop_bundles(struct model *m)
{
	size_t last = m->evaluates + m->bundles;
	uint32_t left = m->options.drop;

	for (size_t b = m->evaluates; b < last && left > 0; b++) {
		if (!may_go(m, b))
			continue;
		take_away(m, b);
		left--;
	}
}

/* The newest bundles are of later months; of what has licences or a twin, none is. */
static void hide_later(struct model *m)
{
	size_t left = months_growth(&m->options) *
		      (MODEL_MONTHS -
		       (m->options.months < MODEL_MONTHS ? m->options.months : MODEL_MONTHS));

	for (size_t b = m->evaluates + m->bundles; left > 0 && b-- > m->evaluates;) {
		const struct model_update *u = &m->updates[b];
		size_t with = 1 + u->children;

		if (u->twin != MODEL_NONE || u->eulas > 0 || with > left)
			continue;
		take_away(m, b);
		left -= with;
	}
}

static void list_what_is_there(struct model *m)
{
	size_t kept = 0;

	m->place = buf_malloc(m->count * sizeof *m->place);
	for (size_t i = 0; i < m->count; i++) {
		if (m->updates[m->order[i]].gone)
			continue;
		m->place[kept] = (uint32_t)i;
		m->order[kept++] = m->order[i];
	}
	m->listed = kept;
}

void months_apply(struct model *m)
{
	if (m->options.drop > 0)
		drop_bundles(m);
	hide_later(m);
	list_what_is_there(m);
}
