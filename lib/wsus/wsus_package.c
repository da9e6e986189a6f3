#include "lib/wsus/wsus_package.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* An attribute, escaped as .NET does it. */
static int put_attribute(const char *name, const char *value, struct buf *out, struct error *err)
{
	if (buf_printf(out, err, " %s=\"", name) < 0)
		return -1;
	for (const char *p = value; *p;) {
		size_t plain = strcspn(p, "&<>\"\t\n\r");
		const char *text = p[plain] == '&'    ? "&amp;"
				   : p[plain] == '<'  ? "&lt;"
				   : p[plain] == '>'  ? "&gt;"
				   : p[plain] == '"'  ? "&quot;"
				   : p[plain] == '\t' ? "&#x9;"
				   : p[plain] == '\n' ? "&#xA;"
				   : p[plain] == '\r' ? "&#xD;"
						      : "";

		if (buf_append(out, p, plain, err) < 0 ||
		    buf_append(out, text, strlen(text), err) < 0)
			return -1;
		p += plain + (p[plain] != '\0');
	}
	return buf_append(out, "\"", 1, err);
}

int wsus_package_begin(const struct wsus_package_head *head, struct buf *out, struct error *err)
{
	char guid[STR_GUID_SIZE], created[STR_TIME_SIZE];

	str_from_guid(head->server_id, guid);
	str_from_time(head->created, created);
	if (buf_printf(out, err,
		       "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>"
		       "<ExportPackage ServerID=\"%s\" CreationTime=\"%s\" FormatVersion=\"1.0\"",
		       guid, created) < 0 ||
	    put_attribute("ProtocolVersion", head->protocol_version, out, err) < 0 ||
	    buf_append(out, ">", 1, err) < 0)
		return -1;
	if (buf_append(out, head->languages, head->languages_len, err) < 0)
		return -1;
	return buf_printf(out, err, head->files > 0 ? "<Files>" : "<Files />");
}

int wsus_package_file(const char *sha1, const char *url, const char *name, struct buf *out,
		      struct error *err)
{
	if (buf_printf(out, err, "<File") < 0 || put_attribute("Digest", sha1, out, err) < 0 ||
	    put_attribute("MUUrl", url, out, err) < 0 || put_attribute("Name", name, out, err) < 0)
		return -1;
	return buf_printf(out, err, " />");
}

int wsus_package_updates(size_t files, struct buf *out, struct error *err)
{
	return buf_printf(out, err, "%s<Updates>", files > 0 ? "</Files>" : "");
}

/* <list><item attribute="..." />...</list>, or <list />. */
static int put_list(const char *list, const char *item, const char *attribute, size_t count,
		    const char *(*value)(void *ctx, size_t i), void *ctx, struct buf *out,
		    struct error *err)
{
	if (count == 0)
		return buf_printf(out, err, "<%s />", list);
	if (buf_printf(out, err, "<%s>", list) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (buf_printf(out, err, "<%s", item) < 0 ||
		    put_attribute(attribute, value(ctx, i), out, err) < 0 ||
		    buf_printf(out, err, " />") < 0)
			return -1;
	return buf_printf(out, err, "</%s>", list);
}

int wsus_package_update(const struct wsus_package_update *u, struct buf *out, struct error *err)
{
	char guid[STR_GUID_SIZE];

	str_from_guid(u->update_id, guid);
	if (buf_printf(out, err, "<Update UpdateId=\"%s\" RevisionNumber=\"%" PRIu32 "\">", guid,
		       u->revision) < 0 ||
	    put_list("Files", "File", "Digest", u->files, u->file, u->ctx, out, err) < 0 ||
	    put_list("Categories", "Category", "Value", u->products, u->product, u->ctx, out, err) <
		    0 ||
	    put_list("Classifications", "Classification", "Value", u->classifications,
		     u->classification, u->ctx, out, err) < 0)
		return -1;
	return buf_printf(out, err, "</Update>");
}

int wsus_package_end(struct buf *out, struct error *err)
{
	return buf_printf(out, err, "</Updates></ExportPackage>");
}
