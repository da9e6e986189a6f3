#include "tests/tools/master.h"

#include "lib/base/str.h"
#include "tests/tools/xml_write.h"

enum { PURPOSE_PACKAGE_ID = 9, FLUSH_AT = 256 << 10, DOCUMENT_STEP = 8 << 20 };

static void put_group(const struct model *m, const struct model_group *g, struct buf *b)
{
	unsigned char id[16];

	if (g->members == 0) {
		xml_write_raw(b, "<Or />");
		return;
	}
	if (g->members > 1)
		xml_write_raw(b, "<Or>");
	for (uint32_t i = 0; i < g->members; i++) {
		model_member_id(m, m->members[g->members_at + i], id);
		xml_write_raw(b, "<UpdateId");
		xml_write_guid(b, "Id", id, XML_LOWER);
		xml_write_raw(b, " />");
	}
	if (g->members > 1)
		xml_write_raw(b, "</Or>");
}

static void put_prerequisites(const struct model *m, const struct model_update *u, struct buf *b)
{
	if (u->groups == 0)
		return;
	xml_write_raw(b, "<Prerequisites>");
	for (uint32_t g = 0; g < u->groups; g++)
		put_group(m, &m->groups[u->groups_at + g], b);
	xml_write_raw(b, "</Prerequisites>");
}

static void put_superseded_by(const struct model *m, const struct model_update *u, struct buf *b)
{
	bool any = false;

	for (size_t i = (size_t)(u - m->updates) + 1; i < u->series_to; i++) {
		if (m->updates[i].gone || !model_supersedes(&m->updates[i], u))
			continue;
		if (!any)
			xml_write_raw(b, "<SupersededBy>");
		any = true;
		xml_write_format(b, "<Revision Id=\"%u\" />", m->updates[i].revision);
	}
	if (any)
		xml_write_raw(b, "</SupersededBy>");
}

static void put_categories(const struct model *m, const struct model_update *u, struct buf *b)
{
	static const char *const types[4] = { "Company", "ProductFamily", "Product",
					      "UpdateClassification" };

	xml_write_raw(b, "<Categories>");
	for (unsigned i = 0; i < 4; i++) {
		unsigned which = (i + u->dress) % 4;

		xml_write_format(b, "<Category Type=\"%s\"", types[which]);
		xml_write_guid(b, "Id", m->updates[u->category[which]].id, XML_LOWER);
		xml_write_raw(b, " />");
	}
	xml_write_raw(b, "</Categories>");
}

static void put_payload(const struct model *m, const struct model_update *u, struct buf *b)
{
	uint32_t count = u->files;

	if (count == 0 && (u->damage & MODEL_HAS_PAYLOAD))
		count = 1;
	if (count == 0)
		return;
	xml_write_raw(b, "<PayloadFiles>");
	for (uint32_t i = 0; i < count; i++) {
		xml_write_raw(b, "<File");
		xml_write_base64(b, "Id", m->files[u->files_at + i].sha1, 20);
		xml_write_raw(b, " />");
	}
	xml_write_raw(b, "</PayloadFiles>");
}

static void put_eulas(const struct model *m, const struct model_update *u, struct buf *b)
{
	if (u->eulas == 0)
		return;
	xml_write_raw(b, "<EulaFiles>");
	for (uint32_t i = 0; i < u->eulas; i++) {
		const struct model_eula *e = &m->eulas[u->eulas_at + i];

		xml_write_raw(b, "<File");
		xml_write_base64(b, "Id", e->sha1, sizeof e->sha1);
		xml_write_format(b, "><Language Name=\"%s\" /></File>",
				 model_language(e->language));
	}
	xml_write_raw(b, "</EulaFiles>");
}

static void put_bundled_by(const struct model *m, const struct model_update *u, struct buf *b)
{
	if (u->bundle == MODEL_NONE || (u->damage & MODEL_NO_BUNDLE))
		return;
	xml_write_format(b, "<BundledBy><Revision Id=\"%u\" /></BundledBy>",
			 m->updates[u->bundle].revision);
}

/* Readers must not rely on the order of children: three orders occur. */
static void put_children(const struct model *m, const struct model_update *u, struct buf *b)
{
	bool early = m->options.old_layout || u->dress % 7 == 0;

	if (early) {
		put_payload(m, u, b);
		put_eulas(m, u, b);
		if (u->kind == MODEL_BUNDLE)
			put_categories(m, u, b);
	}
	put_prerequisites(m, u, b);
	if (u->kind == MODEL_BUNDLE)
		put_superseded_by(m, u, b);
	put_bundled_by(m, u, b);
	if (u->kind == MODEL_LEAF && u->dress % 5 == 0)
		xml_write_raw(b, "<Languages><Language Name=\"en\" /></Languages>");
	if (!early) {
		put_payload(m, u, b);
		put_eulas(m, u, b);
		if (u->kind == MODEL_BUNDLE)
			put_categories(m, u, b);
	}
}

static void put_attributes(const struct model *m, const struct model_update *u, struct buf *b)
{
	char time[STR_TIME_SIZE];

	str_from_time(u->created, time);
	xml_write_attribute(b, "CreationDate", time);
	xml_write_raw(b, " DefaultLanguage=\"en\"");
	xml_write_guid(b, "UpdateId", u->id, XML_LOWER);
	xml_write_format(b, " RevisionNumber=\"%u\" RevisionId=\"%u\"", u->number, u->revision);
	if (u->action && m->options.old_layout)
		xml_write_attribute(b, "DeploymentAction", u->action);
	if (u->is_leaf)
		xml_write_raw(b, " IsLeaf=\"true\"");
	if (u->action && !m->options.old_layout)
		xml_write_attribute(b, "DeploymentAction", u->action);
	if (u->kind == MODEL_BUNDLE)
		xml_write_raw(b, " IsBundle=\"true\"");
	if (u->kind == MODEL_CATEGORY || u->kind == MODEL_DETECTOID)
		xml_write_raw(b, " IsSoftware=\"false\"");
}

static void put_update(const struct model *m, const struct model_update *u, struct buf *b)
{
	xml_write_raw(b, "<Update");
	put_attributes(m, u, b);
	xml_write_raw(b, ">");
	size_t empty = b->len;

	put_children(m, u, b);
	if (b->len > empty) {
		xml_write_raw(b, "</Update>");
	} else {
		b->len--;
		xml_write_raw(b, " />");
	}
}

/* The same RevisionId again, on a detectoid that is otherwise fine and that nobody needs. */
static void put_double(const struct model *m, const struct model_update *u, struct buf *b)
{
	struct model_update other = *u;
	struct random r;

	model_random(m, u, PURPOSE_PACKAGE_ID, &r);
	random_guid(&r, other.id);
	put_update(m, &other, b);
}

static void put_location(const struct model *m, size_t file, struct buf *b)
{
	char name[MODEL_NAME_SIZE];

	model_url_name(m, file, name);
	xml_write_raw(b, "<FileLocation");
	xml_write_base64(b, "Id", m->files[file].sha1, 20);
	xml_write_format(
		b,
		" Url=\"http://download.windowsupdate.com/%c/msdownload/update/software/secu/"
		"%u/%02zu/%s\" />",
		file % 2 ? 'c' : 'd', 2010 + m->files[file].kb % 16, 1 + file % 12, name);
}

static void put_eula_location(const struct model_eula *e, struct buf *b)
{
	char sha1[41];

	str_to_hex(e->sha1, sizeof e->sha1, sha1);
	xml_write_raw(b, "<FileLocation");
	xml_write_base64(b, "Id", e->sha1, sizeof e->sha1);
	xml_write_format(
		b,
		" Url=\"http://download.windowsupdate.com/msdownload/update/eula/%s_%s.txt\""
		" IsIncluded=\"true\" />",
		model_language(e->language), sha1);
}

static void put_doctype(struct buf *b)
{
	xml_write_raw(b, "<!DOCTYPE OfflineSyncPackage [<!ENTITY a \"aaaaaaaaaa\">");
	for (char c = 'b'; c <= 'j'; c++)
		xml_write_format(b, "<!ENTITY %c \"&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;\">", c, c - 1,
				 c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
	xml_write_raw(b, "<!ENTITY file SYSTEM \"file:///etc/hostname\">]>");
}

static void put_head(const struct model *m, unsigned faults, struct buf *b)
{
	bool old = m->options.old_layout;
	char time[STR_TIME_SIZE];
	unsigned char id[16];
	struct random r;

	random_init(&r, m->options.seed + m->options.months, PURPOSE_PACKAGE_ID);
	random_guid(&r, id);
	str_from_time(m->options.created, time);
	xml_write_raw(b, old ? "\xef\xbb\xbf" : "");
	xml_write_raw(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>");
	if (faults & MASTER_DTD)
		put_doctype(b);
	xml_write_format(b, "<OfflineSyncPackage MinimumClientVersion=\"%s\"",
			 old ? "5.4.3790.2191" : "5.8.0.2678");
	xml_write_guid(b, "PackageId", id, XML_LOWER);
	xml_write_format(
		b,
		" PackageVersion=\"%s\" ProtocolVersion=\"%s\" CreationDate=\"%s\" SourceId=\"%s\""
		" xmlns=\"http://schemas.microsoft.com/msus/2004/02/OfflineSync\"><Updates>",
		old ? "1.0" : "1.1", old ? "2.0" : "1.0", time,
		old ? "8af5b5e4-1eb7-4fad-aac4-cb031bc3147e"
		    : "802cb907-a558-4033-9844-bbf65cd3481e");
}

static void put_excess(unsigned faults, struct buf *b)
{
	if (faults & MASTER_ATTRIBUTES) {
		xml_write_raw(b, "<Update");
		for (unsigned i = 0; i < 80000; i++)
			xml_write_format(b, " a%u=\"\"", i);
		xml_write_raw(b, " />");
	}
	if (faults & MASTER_DEPTH) {
		for (unsigned i = 0; i < 5000; i++)
			xml_write_raw(b, "<Or>");
		for (unsigned i = 0; i < 5000; i++)
			xml_write_raw(b, "</Or>");
	}
}

static int flush(struct buf *b, size_t at, master_sink *sink, void *ctx, struct error *err)
{
	if (b->len < at || b->len == 0)
		return 0;
	if (sink(ctx, b->bytes, b->len, err) < 0)
		return -1;
	b->len = 0;
	return 0;
}

int master_write(const struct model *m, unsigned faults, master_sink *sink, void *ctx,
		 struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(DOCUMENT_STEP);

	put_head(m, faults, &b);
	put_excess(faults, &b);
	for (size_t i = m->listed; i-- > 0;) {
		const struct model_update *u = &m->updates[m->order[i]];

		put_update(m, u, &b);
		if (u->damage & MODEL_TWICE)
			put_double(m, u, &b);
		if ((faults & MASTER_CUT) && i == m->listed / 2) {
			b.len -= 7;
			return flush(&b, 0, sink, ctx, err);
		}
		if (flush(&b, FLUSH_AT, sink, ctx, err) < 0)
			return -1;
	}
	xml_write_raw(&b, "</Updates><FileLocations>");
	for (size_t i = 0; i < m->file_count; i++) {
		put_location(m, i, &b);
		if (flush(&b, FLUSH_AT, sink, ctx, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < m->eula_count; i++)
		put_eula_location(&m->eulas[i], &b);
	xml_write_raw(&b, "</FileLocations></OfflineSyncPackage>");
	return flush(&b, 0, sink, ctx, err);
}

void master_index(const uint32_t *starts, size_t shards, struct buf *b)
{
	xml_write_raw(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?><INDEX VERSION=\"1\">"
			 "<CABLIST XOR=\"0\"><CAB NAME=\"package.cab\" />");
	for (size_t i = 0; i < shards; i++)
		xml_write_format(b, "<CAB NAME=\"package%zu.cab\" RANGESTART=\"%u\"%s />", i + 2,
				 starts[i], i == 0 ? " FILESDIR=\"1\"" : "");
	xml_write_raw(b, "</CABLIST></INDEX>");
}
