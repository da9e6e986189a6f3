#include "tests/tools/truth.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "tests/tools/tree.h"
#include "tests/tools/xml_write.h"

#include <stdlib.h>

enum { TRUTH_MAX = 64 << 20 };

static void put(struct buf *b, const char *key, uint64_t value)
{
	xml_write_format(b, "%s %llu\n", key, (unsigned long long)value);
}

static void put_counts(const struct model *m, const struct layout_result *r, struct buf *b)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->file_count && m->options.payloads > 0; i++)
		bytes += m->files[i].size;
	xml_write_format(b, "cabinet %s\n", r->name);
	put(b, "updates", m->listed);
	put(b, "categories", m->categories);
	put(b, "detectoids", m->evaluates - m->categories);
	put(b, "bundles", m->bundles);
	put(b, "leaves", m->count - m->evaluates - m->bundles);
	put(b, "dropped", m->count - m->listed);
	put(b, "shards", r->shards);
	put(b, "fragments", r->fragments);
	put(b, "licences", m->eula_count);
	put(b, "locations", m->file_count + m->eula_count);
	put(b, "payload_files", m->options.payloads);
	put(b, "payload_bytes", bytes);
	put(b, "first_revision", m->updates[m->order[0]].revision);
	put(b, "last_revision", m->updates[m->order[m->listed - 1]].revision);
}

static void put_fault(const struct model *m, const struct fault *f, uint32_t victim, struct buf *b)
{
	char id[STR_GUID_SIZE];

	if (victim == MODEL_NONE) {
		xml_write_format(b, "fault %s\n", faults_name(f->row));
		return;
	}
	str_from_guid(m->updates[victim].id, id);
	xml_write_format(b, "fault %s %u %s\n", faults_name(f->row), m->updates[victim].revision,
			 id);
}

int truth_write(const struct model *m, const struct faults *f, const struct layout_result *r,
		int dirfd, struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(TRUTH_MAX);
	bool *quarantined = buf_calloc(m->count, sizeof *quarantined);
	size_t count = 0;

	put_counts(m, r, &b);
	faults_quarantine(f, m, quarantined);
	for (size_t i = 0; i < m->count; i++)
		count += quarantined[i];
	put(&b, "quarantined_updates", count);
	for (size_t i = 0; i < f->count; i++) {
		put_fault(m, &f->items[i], f->items[i].victim, &b);
		if (f->items[i].second != MODEL_NONE)
			put_fault(m, &f->items[i], f->items[i].second, &b);
	}
	for (size_t i = 0; i < m->listed; i++)
		if (quarantined[m->order[i]])
			put(&b, "quarantined", m->updates[m->order[i]].revision);
	free(quarantined);
	return tree_write(dirfd, "truth.txt", b.bytes, b.len, err);
}
