#include "tests/tools/fragment.h"

#include "lib/base/base64.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "tests/tools/names.h"
#include "tests/tools/xml_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PURPOSE_CORE = 1, PURPOSE_EULA = 2, PURPOSE_OTHER_ID = 3 };

/* Four in ten updates do not spell their ids in lower case. */
static enum xml_case spelling(const struct model_update *u)
{
	unsigned dice = u->dress >> 8 & 15;

	return dice < 4 ? XML_UPPER : dice < 7 ? XML_MIXED : XML_LOWER;
}

static void put_identity(struct buf *b, const unsigned char id[16], enum xml_case spell)
{
	xml_write_raw(b, "<UpdateIdentity");
	xml_write_guid(b, "UpdateID", id, spell);
	xml_write_raw(b, " />");
}

/* One member: with or without AtLeastOne; more, or none: with it. */
static void put_group(const struct model *m, const struct model_update *u,
		      const struct model_group *g, struct buf *b)
{
	bool plain = g->members == 1 && !g->category && (u->dress >> 12 & 1);
	unsigned char id[16];

	if (g->members == 0) {
		xml_write_raw(b, "<AtLeastOne />");
		return;
	}
	if (!plain)
		xml_write_raw(b, g->category ? "<AtLeastOne IsCategory=\"true\">" : "<AtLeastOne>");
	for (uint32_t i = 0; i < g->members; i++) {
		model_member_id(m, m->members[g->members_at + i], id);
		put_identity(b, id, spelling(u));
	}
	if (!plain)
		xml_write_raw(b, "</AtLeastOne>");
}

static void put_prerequisites(const struct model *m, const struct model_update *u, struct buf *b)
{
	if (u->groups == 0)
		return;
	xml_write_raw(b, "<Prerequisites>");
	for (uint32_t g = 0; g < u->groups; g++)
		put_group(m, u, &m->groups[u->groups_at + g], b);
	xml_write_raw(b, "</Prerequisites>");
}

static void put_superseded(const struct model *m, const struct model_update *u, struct buf *b)
{
	size_t index = (size_t)(u - m->updates);
	bool any = false;

	for (size_t i = u->series_from; i < index; i++) {
		const struct model_update *old = &m->updates[i];

		/* Two revisions are one UpdateId. */
		if (!model_supersedes(u, old) || (old->twin != MODEL_NONE && old->twin < i))
			continue;
		if (!any)
			xml_write_raw(b, "<SupersededUpdates>");
		any = true;
		put_identity(b, old->id, XML_LOWER);
	}
	if (any)
		xml_write_raw(b, "</SupersededUpdates>");
}

static void put_bundled(const struct model *m, const struct model_update *u, struct buf *b)
{
	bool group = u->dress >> 13 & 1, any = false;

	for (uint32_t i = 0; i < u->children; i++) {
		const struct model_update *child = &m->updates[u->children_at + i];

		if (child->damage & MODEL_NO_BUNDLE)
			continue;
		if (!any)
			xml_write_raw(b, "<BundledUpdates>");
		any = true;
		xml_write_raw(b, group ? "<AtLeastOne><UpdateIdentity" : "<UpdateIdentity");
		xml_write_guid(b, "UpdateID", child->id, XML_LOWER);
		xml_write_format(b, " RevisionNumber=\"%u\" />", child->number);
		xml_write_raw(b, group ? "</AtLeastOne>" : "");
	}
	if (any)
		xml_write_raw(b, "</BundledUpdates>");
}

static void put_relationships(const struct model *m, const struct model_update *u, struct buf *b)
{
	static const char open[] = "<Relationships>";
	size_t before = b->len;

	xml_write_raw(b, open);
	if (u->kind == MODEL_BUNDLE)
		put_superseded(m, u, b);
	put_prerequisites(m, u, b);
	if (u->kind == MODEL_BUNDLE)
		put_bundled(m, u, b);
	if (b->len == before + sizeof open - 1)
		b->len = before;
	else
		xml_write_raw(b, "</Relationships>");
}

static void put_properties(const struct model *m, const struct model_update *u, struct buf *b)
{
	static const char *const types[] = { "Category", "Detectoid", "Software", "Software" };

	xml_write_raw(b, "<Properties");
	xml_write_attribute(b, "UpdateType", types[u->kind]);
	if (u->kind == MODEL_BUNDLE)
		xml_write_raw(b, " ExplicitlyDeployable=\"true\" AutoSelectOnWebSites=\"true\"");
	if (u->eulas > 0) {
		struct random r;
		unsigned char id[16];

		model_random(m, u, PURPOSE_EULA, &r);
		random_guid(&r, id);
		xml_write_guid(b, "EulaID", id, XML_LOWER);
	}
	xml_write_raw(b, " />");
}

/* Rules of a detectoid: registry values, as many as chance has it. */
static void put_detection(struct random *r, struct buf *b)
{
	static const char *const keys[] = { "Uninstall", "Servicing", "Component Based Servicing",
					    "Updates" };
	uint64_t rules = random_log_uniform(r, 1, 24);

	xml_write_raw(b, "<ApplicabilityRules><IsInstalled><Or>");
	for (uint64_t i = 0; i < rules; i++) {
		/* Drawn one by one: the order in which arguments are evaluated is open. */
		const char *key = keys[random_below(r, 4)];
		unsigned component = (unsigned)random_below(r, 9999);
		unsigned build = 10240 + (unsigned)random_below(r, 16000);

		xml_write_format(b,
				 "<And><b.RegValueExists Key=\"HKEY_LOCAL_MACHINE\" "
				 "Subkey=\"SOFTWARE\\Microsoft\\%s\\%u\" Value=\"Version\" "
				 "Type=\"REG_DWORD\" /><b.WindowsVersion Comparison=\"EqualTo\" "
				 "MajorVersion=\"10\" BuildNumber=\"%u\" /></And>",
				 key, component, build);
	}
	xml_write_raw(b, "</Or></IsInstalled></ApplicabilityRules>");
}

static void put_parent(unsigned feature, unsigned build, unsigned fix, struct buf *b)
{
	xml_write_format(b,
			 "<assemblyIdentity name=\"Microsoft-Windows-Feature-%u-Package\" "
			 "version=\"10.0.%u.%u\" processorArchitecture=\"amd64\" "
			 "language=\"neutral\" buildType=\"release\" "
			 "publicKeyToken=\"31bf3856ad364e35\" />",
			 feature, build, fix);
}

static void put_random_parents(struct random *r, uint64_t rows, struct buf *b)
{
	for (uint64_t i = 0; i < rows; i++) {
		/* Drawn one by one: the order in which arguments are evaluated is open. */
		unsigned feature = (unsigned)random_below(r, 3000);
		unsigned build = 10240 + (unsigned)random_below(r, 16000);

		put_parent(feature, build, (unsigned)random_below(r, 9999), b);
	}
}

/*
 * The packages of a system one after the other, the same ones for every update of a product but
 * for some: this is why a real catalog shrinks to a thirty-eighth.
 */
static void put_parents(const struct model_update *u, struct random *r, uint64_t rows,
			struct buf *b)
{
	enum { PACKAGES = 3000, OTHER = 2 };
	uint64_t first = random_below(r, PACKAGES);
	unsigned build = 10240 + u->kb % 4 * 4000;

	for (uint64_t i = 0; i < rows; i++) {
		unsigned feature = (unsigned)((first + i) % PACKAGES);
		bool other = random_below(r, OTHER) == 0;

		put_parent(feature, build, other ? (unsigned)random_below(r, 9999) : feature / 7,
			   b);
	}
}

/* The package metadata of a leaf, which is most of a catalog. */
static void put_package(const struct model *m, const struct model_update *u, struct random *r,
			struct buf *b)
{
	uint64_t most = m->options.core_bytes / 32, rows = random_log_uniform(r, 1, most + 1);

	if (rows > 40000)
		rows = 40000;
	xml_write_format(
		b,
		"<ApplicabilityRules><IsInstalled><CbsPackageInstalled /></IsInstalled>"
		"<IsInstallable><CbsPackageInstallable /></IsInstallable><Metadata>"
		"<CbsPackageApplicabilityMetadata><assembly xmlns=\"urn:schemas-microsoft-com"
		":asm.v3\" manifestVersion=\"1.0\" description=\"Fix for KB%u\"><package "
		"identifier=\"KB%u\" releaseType=\"Security Update\"><parent>",
		u->kb, u->kb);
	if (m->options.true_scale)
		put_parents(u, r, rows, b);
	else
		put_random_parents(r, rows, b);
	xml_write_raw(b, "</parent></package></assembly></CbsPackageApplicabilityMetadata>"
			 "</Metadata></ApplicabilityRules>");
}

void fragment_core(const struct model *m, const struct model_update *u, struct buf *b)
{
	struct random r;
	unsigned char id[16];

	memcpy(id, u->id, sizeof id);
	if (u->damage & MODEL_CORE_MISMATCH) {
		model_random(m, u, PURPOSE_OTHER_ID, &r);
		random_guid(&r, id);
	}
	xml_write_raw(b, "<UpdateIdentity");
	xml_write_guid(b, "UpdateID", id, spelling(u));
	xml_write_format(b, " RevisionNumber=\"%u\" />", u->number);
	put_properties(m, u, b);
	put_relationships(m, u, b);
	model_random(m, u, PURPOSE_CORE, &r);
	if (u->kind == MODEL_CATEGORY)
		xml_write_raw(b, "<ApplicabilityRules><IsInstalled><True /></IsInstalled>"
				 "</ApplicabilityRules>");
	else if (u->kind == MODEL_DETECTOID)
		put_detection(&r, b);
	else if (u->kind == MODEL_LEAF)
		put_package(m, u, &r, b);
	if (u->damage & MODEL_MALFORMED_CORE)
		b->len -= 5;
}

/* ---- x ---- */

static void put_file(const struct model *m, const struct model_update *u, size_t file,
		     struct buf *b)
{
	const struct model_file *f = &m->files[file];
	char name[MODEL_NAME_SIZE], time[STR_TIME_SIZE], digest[48];

	model_file_name(m, file, name);
	str_from_time(u->created, time);
	xml_write_raw(b, "<File");
	xml_write_base64(b, "Digest", f->sha1, sizeof f->sha1);
	xml_write_raw(b, " DigestAlgorithm=\"SHA1\"");
	xml_write_attribute(b, "FileName", name);
	xml_write_format(b, " Size=\"%llu\"", (unsigned long long)f->size);
	xml_write_attribute(b, "Modified", time);
	base64_encode(f->sha256, sizeof f->sha256, digest);
	xml_write_format(b,
			 " PatchingType=\"SelfContained\"><AdditionalDigest Algorithm=\"SHA256\">%s"
			 "</AdditionalDigest></File>",
			 digest);
}

static void put_handler(const struct model *m, const struct model_update *u, struct buf *b)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < u->files; i++)
		size += m->files[u->files_at + i].size;
	xml_write_format(
		b,
		"<ExtendedProperties DefaultPropertiesLanguage=\"en\" Handler=\"http://schemas"
		".microsoft.com/msus/2002/12/UpdateHandlers/Cbs\" MaxDownloadSize=\"%llu\" "
		"MinDownloadSize=\"0\"><InstallationBehavior RebootBehavior="
		"\"CanRequestReboot\" />",
		(unsigned long long)size);
	if (u->dress % 5 == 0)
		xml_write_raw(b, "<Language>en</Language>");
	xml_write_raw(b, "</ExtendedProperties>");
	if (u->files > 0) {
		xml_write_raw(b, "<Files>");
		for (uint32_t i = 0; i < u->files; i++)
			put_file(m, u, u->files_at + i, b);
		xml_write_raw(b, "</Files>");
	}
	xml_write_raw(b, "<HandlerSpecificData type=\"cbs:Cbs\"><CbsData PackageIdentity=\"\" />"
			 "</HandlerSpecificData>");
}

void fragment_extended(const struct model *m, const struct model_update *u, struct buf *b)
{
	static const char *const types[] = { "Company", "ProductFamily", "Product",
					     "UpdateClassification" };
	static const char *const severities[] = { "Critical", "Important", "Moderate", "Low" };

	if (u->kind == MODEL_LEAF) {
		put_handler(m, u, b);
		return;
	}
	xml_write_raw(b, "<ExtendedProperties DefaultPropertiesLanguage=\"en\"");
	if (u->kind == MODEL_CATEGORY)
		xml_write_format(
			b,
			" Handler=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/"
			"Category\" /><HandlerSpecificData type=\"cat:Category\">"
			"<CategoryInformation CategoryType=\"%s\" /></HandlerSpecificData>",
			types[u->category_kind]);
	else if (u->kind == MODEL_DETECTOID)
		xml_write_raw(b, " />");
	else
		xml_write_format(
			b,
			" MsrcSeverity=\"%s\" IsBeta=\"false\"><SupportUrl>http://support.microsoft"
			".com</SupportUrl><SecurityBulletinID>MS%02u-%03u</SecurityBulletinID>"
			"<KBArticleID>%u</KBArticleID></ExtendedProperties>",
			severities[u->dress >> 4 & 3], u->kb % 17, u->kb % 150, u->kb);
}

/* ---- l and e ---- */

static void title(const struct model *m, const struct model_update *u, char out[256])
{
	/* One title in 256 has a line break, and that of the first bundle. */
	bool broken = (u->dress >> 16 & 255) == 0 || u == m->updates + m->evaluates;
	const char *space = broken ? "\n" : " ";

	if (u->kind == MODEL_CATEGORY)
		snprintf(out, 256, "%s", names_category((size_t)(u - m->updates)));
	else if (u->kind == MODEL_DETECTOID)
		snprintf(out, 256, "Detection%sof component %u", space, u->dress % 5000);
	else
		snprintf(out, 256,
			 "%04u-%02u Cumulative Update for %s for x64-based Systems%s(KB%u)",
			 2004 + u->kb % 22, 1 + u->kb % 12,
			 names_category(u->category[MODEL_PRODUCT]), space, u->kb);
}

void fragment_localized(const struct model *m, const struct model_update *u, size_t language,
			struct buf *b)
{
	char text[256];

	title(m, u, text);
	xml_write_format(b, "<LocalizedProperties><Language>%s</Language><Title>",
			 model_language(language));
	xml_write_text(b, text);
	if (u->kind == MODEL_BUNDLE)
		xml_write_format(
			b,
			"</Title><Description>A security issue has been identified in a Microsoft "
			"software product that could affect your system. You can help protect your "
			"system by installing this update from Microsoft. After you install this "
			"update, you may have to restart your system.</Description><MoreInfoUrl>"
			"https://support.microsoft.com/help/%u</MoreInfoUrl>"
			"</LocalizedProperties>",
			u->kb);
	else
		xml_write_raw(b, "</Title></LocalizedProperties>");
}

void fragment_eula(const struct model *m, const struct model_eula *e, struct buf *b)
{
	char digest[48];

	(void)m;
	base64_encode(e->sha256, sizeof e->sha256, digest);
	xml_write_raw(b, "<EulaFile");
	xml_write_base64(b, "Digest", e->sha1, sizeof e->sha1);
	xml_write_format(
		b,
		" DigestAlgorithm=\"SHA1\" FileName=\"eula-%s.txt\" Size=\"%u\" Language=\"%s\">"
		"<AdditionalDigest Algorithm=\"SHA256\">%s</AdditionalDigest></EulaFile>",
		model_language(e->language), e->size, model_language(e->language), digest);
}

void fragment_eula_text(const struct model *m, const struct model_eula *e, struct buf *b)
{
	static const char *const sentences[] = {
		"These terms are an agreement between you and the maker of this.\r\n",
		"You may install and use any number of copies on your devices.\r\n",
		"The software is licensed as is; you bear the risk of using it.\r\n",
		"You may not work around any technical limitations in the software.\r\n",
	};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(64u << 10);
	struct random r;

	model_random(m, &m->updates[e->update], 64u + e->language, &r);
	xml_write_format(&text, "LICENCE TERMS (%s, %u)\r\n", model_language(e->language),
			 e->update);
	uint64_t count = 30 + random_below(&r, 90);

	while (count-- > 0)
		xml_write_raw(&text, sentences[random_below(&r, 4)]);
	struct error err = ERROR_INIT;
	unsigned char *out = buf_room(b, 2 + 2 * text.len, &err);

	if (!out)
		abort();
	*out++ = 0xff;
	*out++ = 0xfe;
	for (size_t i = 0; i < text.len; i++) {
		*out++ = text.bytes[i];
		*out++ = 0;
	}
	b->len += 2 + 2 * text.len;
}
