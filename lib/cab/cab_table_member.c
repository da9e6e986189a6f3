#include "lib/cab/cab_internal.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENTRY = 16, /* CFFILE before the name */
	ATTRIBUTE_UTF8 = 0x80,
	FOLDER_CONTINUED = 0xfffd, /* this and above: the member lies in several cabinets */
};

static int short_table(const struct cab_table *t, const struct cab_input *in, uint32_t i,
		       struct error *err)
{
	return error_set(err, ERROR_CAB_COUNT,
			 "%s: offset %" PRIu64 ": the member table ends after %" PRIu32
			 " of %" PRIu32 " members",
			 in->label, in->at, i, t->info.members);
}

/* The name at byte `at` of the table.  Sets *end to the byte after its terminator. */
static int read_name(struct cab_table *t, const struct cab_input *in, uint32_t i, size_t at,
		     bool utf8, size_t *end, struct error *err)
{
	char *name = t->bytes + at;
	size_t room = t->size - at;
	bool capped = room > LIMIT_CAB_NAME + 1;
	const char *stop = memchr(name, '\0', capped ? LIMIT_CAB_NAME + 1 : room);
	uint64_t where = in->at - t->size + at;

	if (!stop && !capped)
		return short_table(t, in, i, err);
	if (!stop)
		return error_set(err, ERROR_CAB_NAME,
				 "%s: offset %" PRIu64 ": the name of member %" PRIu32
				 " is longer than %u bytes",
				 in->label, where, i, LIMIT_CAB_NAME);
	const char *problem = cab_name_check(name, (size_t)(stop - name), utf8);

	if (problem) {
		char shown[CAB_NAME_SHOWN];

		cab_name_show(name, shown);
		return error_set(err, ERROR_CAB_NAME,
				 "%s: offset %" PRIu64 ": the name of member %" PRIu32
				 " (\"%s\") %s",
				 in->label, where, i, shown, problem);
	}
	*end = (size_t)(stop - t->bytes) + 1;
	return 0;
}

/* Members follow each other in their folder, and folders follow each other, without gaps. */
static int place(struct cab_table *t, const struct cab_input *in, uint32_t i, size_t at,
		 struct error *err)
{
	const unsigned char *r = (const unsigned char *)t->bytes + at;
	uint64_t where = in->at - t->size + at;
	uint32_t offset = cab_le32(r + 4), folder = cab_le16(r + 8);
	uint32_t before = i > 0 ? t->entries[i - 1].folder : 0;

	if (folder >= FOLDER_CONTINUED)
		return error_set(err, ERROR_CAB_SPANNED,
				 "%s: offset %" PRIu64 ": member %" PRIu32
				 " continues in another cabinet",
				 in->label, where, i);
	if (folder >= t->info.folders || folder < before)
		return error_set(err, ERROR_CAB_TABLE,
				 "%s: offset %" PRIu64 ": member %" PRIu32 " is in folder %" PRIu32
				 ", after folder %" PRIu32 " and of %" PRIu32,
				 in->label, where, i, folder, before, t->info.folders);
	struct cab_folder *f = &t->folders[folder];

	if (offset != f->output)
		return error_set(err, ERROR_CAB_TABLE,
				 "%s: offset %" PRIu64 ": member %" PRIu32
				 " begins at byte %" PRIu32 " of folder %" PRIu32
				 ", the one before ends at %" PRIu64,
				 in->label, where, i, offset, folder, f->output);
	t->entries[i].size = cab_le32(r);
	t->entries[i].folder = folder;
	f->output += t->entries[i].size;
	return 0;
}

struct order {
	const struct cab_entry **items;
};

static void order_clear(struct order *o)
{
	free(o->items);
}
DEFINE_CLEANUP_IN_PLACE(struct order, order_clear);

static int by_name(const void *a, const void *b, void *bytes)
{
	const struct cab_entry *const *x = a, *const *y = b;

	return cab_name_compare((const char *)bytes + (*x)->name, (const char *)bytes + (*y)->name);
}

/* No two names are equal, with or without regard to case.  Sorting cannot be made slow by input. */
static int check_unique(const struct cab_table *t, const struct cab_input *in, struct error *err)
{
	size_t count = t->info.members;
	CLEANUP(order_clear)
	struct order order = { .items = buf_calloc(count, sizeof(struct cab_entry *)) };
	const struct cab_entry **sorted = order.items;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &t->entries[i];
	qsort_r(sorted, count, sizeof *sorted, by_name, t->bytes);
	for (size_t i = 1; i < count; i++) {
		const char *a = t->bytes + sorted[i - 1]->name, *b = t->bytes + sorted[i]->name;
		char shown[CAB_NAME_SHOWN];

		if (cab_name_compare(a, b) != 0)
			continue;
		cab_name_show(b, shown);
		return error_set(err, ERROR_CAB_NAME, "%s: members %td and %td have %s name \"%s\"",
				 in->label, sorted[i - 1] - t->entries, sorted[i] - t->entries,
				 strcmp(a, b) == 0 ? "the same" : "but for case the same", shown);
	}
	return 0;
}

int cab_table_members(struct cab_table *t, const struct cab_input *in, struct error *err)
{
	size_t at = 0;

	t->entries = buf_calloc(t->info.members, sizeof *t->entries);
	for (uint32_t i = 0; i < t->info.members; i++) {
		if (t->size - at < ENTRY + 1)
			return short_table(t, in, i, err);
		const unsigned char *r = (const unsigned char *)t->bytes + at;

		if (place(t, in, i, at, err) < 0)
			return -1;
		t->entries[i].name = (uint32_t)(at + ENTRY);
		if (read_name(t, in, i, at + ENTRY, cab_le16(r + 14) & ATTRIBUTE_UTF8, &at, err) <
		    0)
			return -1;
	}
	if (at != t->size)
		return error_set(err, ERROR_CAB_COUNT,
				 "%s: offset %" PRIu64 ": %zu bytes follow the last of %" PRIu32
				 " members (a 16-bit count wraps at 65536)",
				 in->label, in->at - t->size + at, t->size - at, t->info.members);
	return check_unique(t, in, err);
}
