/* <WindowsDriverMetaData>: which devices a driver is for. */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/wusp/fragment.h"
#include "lib/xml/xml.h"

#include <stdlib.h>
#include <string.h>

enum { GUID_TEXT = 38 };

struct guid_list {
	struct catalog_guid *items;
	size_t count, capacity;
};

struct walk {
	struct wusp_drivers *out;
	size_t capacity, scores_capacity;
	unsigned depth, driver_at; /* depth of the WindowsDriverMetaData, 0: none */
	struct guid_list target, distribution, *reading;
	struct wusp_driver_score *scores;
	char text[GUID_TEXT + 1];
	size_t text_len;
};

static void walk_clear(struct walk *w)
{
	free(w->target.items);
	free(w->distribution.items);
	free(w->scores);
}
DEFINE_CLEANUP_IN_PLACE(struct walk, walk_clear);

void wusp_fragment_drivers_clear(struct wusp_drivers *d)
{
	if (d->arena)
		arena_clear(d->arena);
	free(d->arena);
	free(d->items);
	*d = (struct wusp_drivers){ NULL, 0, NULL };
}

/* Without the prefix of a document ("drv:") or of a fragment ("d."). */
static const char *bare(const char *name)
{
	size_t len = strcspn(name, ":.");

	return name[len] ? name + len + 1 : name;
}

static const char *copy(struct walk *w, const struct xml_attribute *a)
{
	return arena_text(w->out->arena, a->value, a->len);
}

/* "2019-05-20", with or without a time behind it; 0 when it is none. */
static int64_t date_of(const struct xml_attribute *a)
{
	char text[] = "0000-00-00T00:00:00Z";
	int64_t seconds = 0;

	if (a->len < 10)
		return 0;
	memcpy(text, a->value, 10);
	return str_to_time(text, sizeof text - 1, &seconds) ? seconds : 0;
}

/* "10.0.19041.1": four numbers of 16 bits; what is malformed or left out is 0. */
static uint64_t version_of(const struct xml_attribute *a)
{
	uint64_t version = 0;
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		uint64_t value = 0;

		for (; at < a->len && a->value[at] >= '0' && a->value[at] <= '9'; at++)
			value = (value * 10 + (uint64_t)(a->value[at] - '0')) & 0xffff;
		at += at < a->len && a->value[at] == '.';
		version = version << 16 | value;
	}
	return version;
}

static int begin_driver(struct walk *w, const struct xml_attribute *a, size_t count,
			struct error *err)
{
	struct wusp_driver d = { "", "", "", "", "", 0, 0, NULL, 0, NULL, 0 };

	if (w->out->count >= LIMIT_WUSP_DRIVERS)
		return error_set(err, ERROR_WUSP_DOCUMENT, "more than %u drivers",
				 LIMIT_WUSP_DRIVERS);
	for (size_t i = 0; i < count; i++) {
		const char *name = a[i].name;

		if (strcmp(name, "HardwareID") == 0)
			d.hardware_id = copy(w, &a[i]);
		else if (strcmp(name, "Provider") == 0)
			d.provider = copy(w, &a[i]);
		else if (strcmp(name, "Manufacturer") == 0)
			d.manufacturer = copy(w, &a[i]);
		else if (strcmp(name, "Class") == 0)
			d.driver_class = copy(w, &a[i]);
		else if (strcmp(name, "Model") == 0)
			d.model = copy(w, &a[i]);
		else if (strcmp(name, "DriverVerDate") == 0)
			d.date = date_of(&a[i]);
		else if (strcmp(name, "DriverVerVersion") == 0)
			d.version = version_of(&a[i]);
	}
	w->out->items = buf_grow(w->out->items, &w->capacity, w->out->count, sizeof d);
	w->out->items[w->out->count++] = d;
	w->driver_at = w->depth;
	w->target.count = w->distribution.count = 0;
	return 0;
}

static int add_score(struct walk *w, const struct xml_attribute *a, size_t count, struct error *err)
{
	struct wusp_driver *d = &w->out->items[w->out->count - 1];
	struct wusp_driver_score s = { "", 0 };
	bool has = false;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(a[i].name, "OperatingSystem") == 0)
			s.system = copy(w, &a[i]);
		else if (strcmp(a[i].name, "FeatureScore") == 0)
			has = str_from_any_hex(a[i].value, a[i].len, &s.score, 1);
	}
	if (!has)
		return 0;
	if (d->scores_count >= LIMIT_XML_ATTRIBUTES)
		return error_set(err, ERROR_WUSP_DOCUMENT, "more than %u feature scores",
				 LIMIT_XML_ATTRIBUTES);
	w->scores = buf_grow(w->scores, &w->scores_capacity, d->scores_count, sizeof s);
	w->scores[d->scores_count++] = s;
	return 0;
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *attributes,
		    size_t count, struct error *err)
{
	struct walk *w = ctx;
	const char *what = bare(name);

	w->depth++;
	if (w->driver_at == 0)
		return strcmp(what, "WindowsDriverMetaData") == 0
			       ? begin_driver(w, attributes, count, err)
			       : 0;
	w->text_len = 0;
	if (strcmp(what, "TargetComputerHardwareId") == 0)
		w->reading = &w->target;
	else if (strcmp(what, "DistributionComputerHardwareId") == 0)
		w->reading = &w->distribution;
	else if (strcmp(what, "FeatureScore") == 0)
		return add_score(w, attributes, count, err);
	return 0;
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	struct walk *w = ctx;

	(void)err;
	if (w->reading && len <= GUID_TEXT - w->text_len) {
		memcpy(w->text + w->text_len, text, len);
		w->text_len += len;
	}
	return 0;
}

static bool contains(const struct guid_list *l, const struct catalog_guid *id)
{
	for (size_t i = 0; i < l->count; i++)
		if (memcmp(&l->items[i], id, sizeof *id) == 0)
			return true;
	return false;
}

/* The computers of both lists, where there are two. */
static void end_driver(struct walk *w)
{
	struct wusp_driver *d = &w->out->items[w->out->count - 1];
	const struct guid_list *from = w->target.count > 0 ? &w->target : &w->distribution;
	bool both = w->target.count > 0 && w->distribution.count > 0;
	struct catalog_guid *computers =
		arena_alloc(w->out->arena, (from->count + 1) * sizeof *computers);
	struct wusp_driver_score *scores =
		arena_alloc(w->out->arena, (d->scores_count + 1) * sizeof *scores);

	for (size_t i = 0; i < from->count; i++)
		if (!both || contains(&w->distribution, &from->items[i]))
			computers[d->computers_count++] = from->items[i];
	for (size_t i = 0; i < d->scores_count; i++)
		scores[i] = w->scores[i];
	d->computers = computers;
	d->scores = scores;
	/* Two lists without a common computer: for none, which a list of one nobody says. */
	if (from->count > 0 && d->computers_count == 0)
		computers[d->computers_count++] = (struct catalog_guid){ { 0 } };
	w->driver_at = 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct walk *w = ctx;
	struct catalog_guid id;

	(void)name;
	if (w->reading && str_to_guid(w->text, w->text_len, id.bytes)) {
		struct guid_list *l = w->reading;

		if (l->count >= LIMIT_WUSP_DEVICE_IDS)
			return error_set(err, ERROR_WUSP_DOCUMENT,
					 "more than %u computers of one driver",
					 LIMIT_WUSP_DEVICE_IDS);
		l->items = buf_grow(l->items, &l->capacity, l->count, sizeof id);
		l->items[l->count++] = id;
	}
	w->reading = NULL;
	if (w->driver_at > 0 && w->depth == w->driver_at)
		end_driver(w);
	w->depth--;
	return 0;
}

int wusp_fragment_drivers(const void *bytes, size_t len, const char *label,
			  struct wusp_drivers *out, struct error *err)
{
	static const struct xml_handler handler = { .start = on_start,
						    .end = on_end,
						    .text = on_text };
	CLEANUP(walk_clear) struct walk w = { .out = out };
	CLEANUP(xml_reader_free) struct xml_reader *r = xml_reader_new(&handler, &w, label);

	out->arena = buf_calloc(1, sizeof *out->arena);
	if (len >= 5 && memcmp(bytes, "<?xml", 5) == 0) {
		if (xml_reader_feed(r, bytes, len, err) < 0)
			return -1;
		return xml_reader_finish(r, err);
	}
	return xml_reader_fragment(r, label, bytes, len, err);
}
