/* The driver pass: which deployed driver is the best for each device. */
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/wusp/sync.h"
#include "lib/wusp/wusp_internal.h"
#include "lib/wusp/wusp_scratch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SCORE_ABSENT = 255 };

/* How well a driver fits; compared member by member, smaller first, but for the last two. */
struct fit {
	size_t computer; /* place in the client's list, SIZE_MAX: for any computer */
	unsigned score;
	size_t place; /* of the matching id among those of the device */
	int64_t date;
	uint64_t version;
};

static bool better(const struct fit *a, const struct fit *b)
{
	if (a->computer != b->computer)
		return a->computer < b->computer;
	if (a->score != b->score)
		return a->score < b->score;
	if (a->place != b->place)
		return a->place < b->place;
	if (a->date != b->date)
		return a->date > b->date;
	return a->version > b->version;
}

static size_t place_of_computer(const struct wusp_sync_request *q, const struct catalog_guid *id)
{
	for (size_t i = 0; i < q->computers_count && i < LIMIT_WUSP_COMPUTERS; i++)
		if (memcmp(&q->computers[i], id, sizeof *id) == 0)
			return i;
	return SIZE_MAX;
}

static size_t id_count(const struct wusp_device *v)
{
	return v->hardware_ids_count + v->compatible_ids_count;
}

/* Hardware ids come before compatible ones. */
static const char *id_at(const struct wusp_device *v, size_t i)
{
	return i < v->hardware_ids_count ? v->hardware_ids[i]
					 : v->compatible_ids[i - v->hardware_ids_count];
}

static size_t place_of_id(const struct wusp_device *v, const char *id)
{
	for (size_t i = 0; id && *id && i < id_count(v); i++)
		if (strcasecmp(id_at(v, i), id) == 0)
			return i;
	return SIZE_MAX;
}

/* What the device has; false when it has nothing to compare with. */
static bool fit_of_installed(const struct wusp_sync_request *q, const struct wusp_device *v,
			     struct fit *out)
{
	const struct wusp_installed_driver *i = &v->installed;

	if (!i->present)
		return false;
	*out = (struct fit){
		.computer = i->has_computer ? place_of_computer(q, &i->computer) : SIZE_MAX,
		.score = i->has_rank ? i->rank >> 16 & 0xff : SCORE_ABSENT,
		.place = place_of_id(v, i->matching_id),
		.date = i->date,
		.version = i->version,
	};
	return true;
}

static unsigned score_for(const struct wusp_driver *driver, const char *key)
{
	for (size_t i = 0; key && i < driver->scores_count; i++)
		if (strcasecmp(driver->scores[i].system, key) == 0)
			return driver->scores[i].score;
	return SCORE_ABSENT;
}

/* false when the driver is for other computers. */
static bool fit_of_driver(const struct wusp_sync_request *q, const struct wusp_driver *driver,
			  size_t place, struct fit *out)
{
	*out = (struct fit){
		.computer = SIZE_MAX,
		.score = score_for(driver, q->feature_key),
		.place = place,
		.date = driver->date,
		.version = driver->version,
	};
	for (size_t i = 0; i < driver->computers_count; i++) {
		size_t at = place_of_computer(q, &driver->computers[i]);

		if (at < out->computer)
			out->computer = at;
	}
	return driver->computers_count == 0 || out->computer != SIZE_MAX;
}

static bool same(const char *a, const char *b)
{
	return strcasecmp(a ? a : "", b ? b : "") == 0;
}

/* A printer keeps its provider and manufacturer. */
static bool suits(const struct wusp_device *v, const struct wusp_driver *driver)
{
	return !v->is_printer || !v->installed.present ||
	       (same(v->installed.provider, driver->provider) &&
		same(v->installed.manufacturer, driver->manufacturer));
}

static bool is_satisfied(const struct wusp_graph *g, const uint64_t *satisfied, uint32_t node)
{
	for (uint32_t k = g->clauses.first[node]; k < g->clauses.first[node + 1]; k++)
		if (!wusp_bit(satisfied, g->clauses.items[k]))
			return false;
	return true;
}

/* Only what is approved is offered, not what something else needs; a blocked one hides no other. */
static bool is_candidate(const struct wusp_graph *g, const struct wusp_deployments *d,
			 const struct wusp_sync_scratch *s, uint32_t node)
{
	const struct wusp_entry *e = wusp_entry_of(d, node);

	return g->type[node] == WUSP_DRIVER && e && e->deployment.id < WUSP_DERIVED_ID &&
	       e->deployment.action != WUSP_BLOCK && is_satisfied(g, s->satisfied.words, node);
}

static void look_at_device(const struct wusp_graph *g, const struct wusp_deployments *d,
			   const struct wusp_sync_request *q, const struct wusp_device *v,
			   struct wusp_sync_scratch *s)
{
	struct fit best = { .place = SIZE_MAX };
	struct wusp_pick pick = { .node = WUSP_NONE };
	bool has = fit_of_installed(q, v, &best);

	for (size_t place = 0; place < id_count(v); place++) {
		const char *id = id_at(v, place);

		for (size_t h = wusp_graph_hardware(g, id);
		     h < g->hardware_count && strcasecmp(g->hardware[h].id, id) == 0; h++) {
			const struct wusp_driver *driver = &g->drivers[g->hardware[h].driver];
			struct fit fit;

			if (!is_candidate(g, d, s, g->hardware[h].node) ||
			    !fit_of_driver(q, driver, place, &fit) || !suits(v, driver) ||
			    (has && !better(&fit, &best)))
				continue;
			has = true;
			best = fit;
			pick = (struct wusp_pick){ g->hardware[h].node, driver->hardware_id };
		}
	}
	if (pick.node == WUSP_NONE)
		return;
	s->picks = buf_grow(s->picks, &s->picks_capacity, s->picks_count, sizeof *s->picks);
	s->picks[s->picks_count++] = pick;
}

static int by_node(const void *left, const void *right)
{
	const struct wusp_pick *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return strcasecmp(a->hardware_id, b->hardware_id);
}

/* The picks of one node as one item, with each hardware id once. */
static void add_pick(const struct wusp_graph *g, const struct wusp_deployments *d,
		     const struct wusp_sync_request *q, struct wusp_sync_reply *reply,
		     const struct wusp_pick *picks, size_t count, size_t *bytes)
{
	struct wusp_sync_scratch *s = reply->scratch;
	struct wusp_sync_item item;
	size_t first = s->hardware_count;

	if (wusp_bit(s->cached.words, picks->node))
		return;
	if (reply->truncated || wusp_page_is_full(g, reply, picks->node, bytes)) {
		reply->truncated = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcasecmp(picks[i].hardware_id, picks[i - 1].hardware_id) != 0)
			s->hardware[s->hardware_count++] = picks[i].hardware_id;
	if (!wusp_sync_item(g, d, picks->node, q->client_version, &item))
		return;
	item.hardware_ids = s->hardware + first;
	item.hardware_ids_count = s->hardware_count - first;
	reply->new_updates = buf_grow(reply->new_updates, &s->new_capacity, reply->new_count,
				      sizeof *reply->new_updates);
	reply->new_updates[reply->new_count++] = item;
}

void wusp_drivers_find(const struct wusp_graph *g, const struct wusp_deployments *d,
		       const struct wusp_sync_request *q, struct wusp_sync_reply *reply)
{
	struct wusp_sync_scratch *s = reply->scratch;
	size_t ids = 0, bytes = 0;

	s->picks_count = 0;
	if (d->drivers_count == 0)
		return;
	for (size_t i = 0; i < q->devices_count; i++) {
		ids += id_count(&q->devices[i]);
		if (ids > LIMIT_WUSP_DEVICE_IDS)
			break;
		look_at_device(g, d, q, &q->devices[i], s);
	}
	if (s->picks_count > s->hardware_capacity) {
		s->hardware_capacity = s->picks_count;
		s->hardware = buf_realloc(s->hardware, s->hardware_capacity, sizeof *s->hardware);
	}
	if (s->picks_count > 1)
		qsort(s->picks, s->picks_count, sizeof *s->picks, by_node);
	for (size_t i = 0, end; i < s->picks_count; i = end) {
		for (end = i + 1; end < s->picks_count && s->picks[end].node == s->picks[i].node;
		     end++)
			;
		wusp_bit_on(s->needed.words, s->picks[i].node);
		add_pick(g, d, q, reply, s->picks + i, end - i, &bytes);
	}
}
