/* Deriving fragments from a complete <Update> document. */
#include "lib/wusp/fragment.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/xml/xml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A prefix that is declared, and the one that clients want for its namespace. */
struct declared {
	unsigned depth;
	char *prefix; /* "": the default namespace */
	const char *wanted;
};

enum { LANGUAGE_MAX = 64 };

struct transform {
	enum wusp_fragment kind;
	const char *locale;
	struct buf *out;
	struct arena texts;
	struct declared *names;
	size_t names_count, names_capacity;
	unsigned depth;   /* of the element that is open */
	unsigned writing; /* depth of the outermost element that is written; 0: none */
	unsigned skipping;
	unsigned language_at; /* depth of the <Language> being read, 0: none */
	size_t mark;          /* where the LocalizedProperties begin in out */
	bool tag_open;        /* ">" of the last start tag is not written yet */
	bool is_update;
	bool had_child[LIMIT_XML_DEPTH + 2];
	struct buf text; /* not written yet: it may be white space between elements */
	char language[LANGUAGE_MAX];
	size_t found;

	/* Of wusp_fragment_languages() only. */
	void (*each)(void *ctx, const char *language);
	void *each_ctx;
};

static void transform_clear(struct transform *t)
{
	arena_clear(&t->texts);
	free(t->names);
	buf_clear(&t->text);
}
DEFINE_CLEANUP_IN_PLACE(struct transform, transform_clear);

/* ---- names ---- */

static const char *wanted_prefix(const char *uri, size_t len)
{
	static const struct {
		const char *uri, *prefix;
	} table[] = {
		{ "http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules", "b." },
		{ "http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules", "m." },
		{ "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver", "d." },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strlen(table[i].uri) == len && memcmp(table[i].uri, uri, len) == 0)
			return table[i].prefix;
	return "";
}

static bool is_declaration(const char *name)
{
	return strncmp(name, "xmlns", 5) == 0 && (name[5] == '\0' || name[5] == ':');
}

static void declare(struct transform *t, const struct xml_attribute *a)
{
	const char *prefix = a->name[5] == ':' ? a->name + 6 : "";

	t->names = buf_grow(t->names, &t->names_capacity, t->names_count, sizeof *t->names);
	t->names[t->names_count++] = (struct declared){
		.depth = t->depth,
		.prefix = arena_text(&t->texts, prefix, strlen(prefix)),
		.wanted = wanted_prefix(a->value, a->len),
	};
}

/* What follows the prefix, if that is a name; prefixes need not be declared, so this is text. */
static const char *local_name(const char *name)
{
	const char *colon = strchr(name, ':');
	unsigned char first = colon ? (unsigned char)colon[1] : 0;
	bool is_name = (first | 0x20) >= 'a' && (first | 0x20) <= 'z';

	return is_name || first == '_' || first >= 0x80 ? colon + 1 : name;
}

static const char *prefix_of(const struct transform *t, const char *name)
{
	size_t len = (size_t)(local_name(name) - name);

	len -= len > 0;
	for (size_t i = t->names_count; i > 0; i--) {
		const struct declared *d = &t->names[i - 1];

		if (strlen(d->prefix) == len && memcmp(d->prefix, name, len) == 0)
			return d->wanted;
	}
	return "";
}

/* ---- writing ---- */

static int put(struct transform *t, const char *text, struct error *err)
{
	return buf_append(t->out, text, strlen(text), err);
}

static int put_escaped(struct transform *t, const char *text, size_t len, bool attribute,
		       struct error *err)
{
	for (size_t i = 0, begin = 0; i <= len; i++) {
		const char *as = NULL;

		if (i < len && text[i] == '&')
			as = "&amp;";
		else if (i < len && text[i] == '<')
			as = "&lt;";
		else if (i < len && text[i] == '>')
			as = "&gt;";
		else if (i < len && attribute && text[i] == '"')
			as = "&quot;";
		else if (i < len && attribute && text[i] == '\n')
			as = "&#xA;";
		else if (i < len && attribute && text[i] == '\t')
			as = "&#x9;";
		else if (i < len && text[i] == '\r')
			as = "&#xD;";
		if (!as && i < len)
			continue;
		if (buf_append(t->out, text + begin, i - begin, err) < 0 ||
		    (as && put(t, as, err) < 0))
			return -1;
		begin = i + 1;
	}
	return 0;
}

static int close_tag(struct transform *t, struct error *err)
{
	if (!t->tag_open)
		return 0;
	t->tag_open = false;
	return put(t, ">", err);
}

static bool is_space(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (!strchr(" \t\r\n", b->bytes[i]) || b->bytes[i] == '\0')
			return false;
	return true;
}

/* Text before a tag; white space counts only in an element that has nothing else. */
static int flush_text(struct transform *t, bool only_text, struct error *err)
{
	bool drop = t->text.len == 0 || (!only_text && is_space(&t->text));
	int result = 0;

	if (!drop)
		result = close_tag(t, err) < 0 || put_escaped(t, (const char *)t->text.bytes,
							      t->text.len, false, err) < 0
				 ? -1
				 : 0;
	t->text.len = 0;
	return result;
}

static bool listed(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static bool is_false(const struct xml_attribute *a)
{
	return (a->len == 5 && memcmp(a->value, "false", 5) == 0) ||
	       (a->len == 1 && *a->value == '0');
}

/* Whether this attribute of <Properties> goes into the fragment. */
static bool property_wanted(const struct transform *t, const struct xml_attribute *a)
{
	static const char *const core[] = {
		"UpdateType", "ExplicitlyDeployable", "AutoSelectOnWebSites", "OSUpgrade", "EulaID",
		NULL
	};
	static const char *const inner[] = { "UpdateType",
					     "ExplicitlyDeployable",
					     "AutoSelectOnWebSites",
					     "EulaID",
					     "PublicationState",
					     "PublisherID",
					     "CreationDate",
					     "IsPublic",
					     "LegacyName",
					     "DetectoidType",
					     "OSUpgrade",
					     "PerUser",
					     NULL };

	if (t->kind == WUSP_CORE)
		return listed(a->name, core) && !is_false(a);
	return !listed(a->name, inner);
}

static const char *attribute_name(const struct xml_attribute *a)
{
	return strncmp(a->name, "xml:", 4) == 0 ? a->name : local_name(a->name);
}

/* Attributes that only their prefixes told apart: the first one stays. */
static bool comes_again(const struct xml_attribute *attributes, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!is_declaration(attributes[k].name) &&
		    strcmp(attribute_name(&attributes[k]), attribute_name(&attributes[i])) == 0)
			return true;
	return false;
}

static int put_attribute(struct transform *t, const struct xml_attribute *a, struct error *err)
{
	const char *name = attribute_name(a);

	return put(t, " ", err) < 0 || put(t, name, err) < 0 || put(t, "=\"", err) < 0 ||
			       put_escaped(t, a->value, a->len, true, err) < 0 ||
			       put(t, "\"", err) < 0
		       ? -1
		       : 0;
}

static int put_start(struct transform *t, const char *name, const struct xml_attribute *attributes,
		     size_t count, struct error *err)
{
	bool properties = t->depth == 2 && strcmp(local_name(name), "Properties") == 0;
	const char *as =
		properties && t->kind == WUSP_EXTENDED ? "ExtendedProperties" : local_name(name);
	bool empty = t->kind == WUSP_CORE && strcmp(as, "WindowsDriverMetaData") == 0;

	if (flush_text(t, false, err) < 0 || close_tag(t, err) < 0 || put(t, "<", err) < 0 ||
	    put(t, prefix_of(t, name), err) < 0 || put(t, as, err) < 0)
		return -1;
	for (size_t i = 0; i < count && !empty; i++) {
		if (is_declaration(attributes[i].name) || comes_again(attributes, i) ||
		    (properties && !property_wanted(t, &attributes[i])))
			continue;
		if (put_attribute(t, &attributes[i], err) < 0)
			return -1;
	}
	t->tag_open = true;
	if (empty || (properties && t->kind == WUSP_CORE))
		t->skipping = t->depth + 1;
	return 0;
}

/* ---- which elements ---- */

static bool begins_here(const struct transform *t, const char *name,
			const struct xml_attribute *attributes, size_t count)
{
	static const char *const core[] = { "UpdateIdentity", "Properties", "Relationships",
					    "ApplicabilityRules", NULL };
	static const char *const extended[] = { "Properties", "Files", "HandlerSpecificData",
						NULL };

	switch (t->kind) {
	case WUSP_CORE:
		return t->depth == 2 && listed(name, core);
	case WUSP_EXTENDED:
		return t->depth == 2 && listed(name, extended);
	case WUSP_LOCALIZED:
		return t->depth == 3 && strcmp(name, "LocalizedProperties") == 0;
	case WUSP_EULA:
		for (size_t i = 0; strcmp(name, "EulaFile") == 0 && i < count; i++)
			if (strcmp(attributes[i].name, "Language") == 0)
				return !t->locale || (attributes[i].len == strlen(t->locale) &&
						      strncasecmp(attributes[i].value, t->locale,
								  attributes[i].len) == 0);
		return false;
	case WUSP_FRAGMENTS_:
		break;
	}
	return false;
}

static void keep_language(struct transform *t, const char *text, size_t len)
{
	size_t have = strlen(t->language);

	if (len < sizeof t->language - have) {
		memcpy(t->language + have, text, len);
		t->language[have + len] = '\0';
	}
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *attributes,
		    size_t count, struct error *err)
{
	struct transform *t = ctx;
	const char *local = local_name(name);

	t->depth++;
	t->had_child[t->depth - 1] = true;
	t->had_child[t->depth] = false;
	for (size_t i = 0; i < count; i++)
		if (is_declaration(attributes[i].name))
			declare(t, &attributes[i]);
	if (t->depth == 1)
		t->is_update = strcmp(local, "Update") == 0;
	if (!t->is_update || (t->skipping && t->depth >= t->skipping))
		return 0;
	if (!t->writing && begins_here(t, local, attributes, count)) {
		t->writing = t->depth;
		t->mark = t->out->len;
		t->language[0] = '\0';
		for (size_t i = 0; t->kind == WUSP_EULA && i < count; i++)
			if (strcmp(attributes[i].name, "Language") == 0)
				keep_language(t, attributes[i].value, attributes[i].len);
	}
	if (!t->writing)
		return 0;
	if (t->kind == WUSP_LOCALIZED && t->depth == t->writing + 1 &&
	    strcmp(local, "Language") == 0)
		t->language_at = t->depth;
	return put_start(t, name, attributes, count, err);
}

/* The outermost element that was being written ends: was it one of those wanted? */
static void end_piece(struct transform *t)
{
	t->writing = 0;
	if (t->each) {
		t->out->len = t->mark;
		if (*t->language)
			t->each(t->each_ctx, t->language);
		return;
	}
	if (t->kind == WUSP_LOCALIZED && strcasecmp(t->language, t->locale ? t->locale : "") != 0)
		t->out->len = t->mark;
	else
		t->found++;
}

static int put_end(struct transform *t, const char *name, struct error *err)
{
	bool properties = t->depth == 2 && strcmp(local_name(name), "Properties") == 0;
	const char *as =
		properties && t->kind == WUSP_EXTENDED ? "ExtendedProperties" : local_name(name);

	if (flush_text(t, !t->had_child[t->depth], err) < 0)
		return -1;
	if (t->tag_open) {
		t->tag_open = false;
		return put(t, " />", err);
	}
	return put(t, "</", err) < 0 || put(t, prefix_of(t, name), err) < 0 ||
			       put(t, as, err) < 0 || put(t, ">", err) < 0
		       ? -1
		       : 0;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct transform *t = ctx;

	if (t->skipping && t->depth < t->skipping)
		t->skipping = 0;
	if (t->writing && !t->skipping) {
		if (put_end(t, name, err) < 0)
			return -1;
		if (t->depth == t->language_at)
			t->language_at = 0;
		if (t->depth == t->writing)
			end_piece(t);
	}
	while (t->names_count > 0 && t->names[t->names_count - 1].depth == t->depth)
		t->names_count--;
	t->depth--;
	return 0;
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	struct transform *t = ctx;

	if (!t->writing || (t->skipping && t->depth + 1 >= t->skipping))
		return 0;
	if (t->language_at == t->depth)
		keep_language(t, text, len);
	return buf_append(&t->text, text, len, err);
}

static int transform(struct transform *t, const void *document, size_t len, const char *label,
		     struct error *err)
{
	static const struct xml_handler handler = { .start = on_start,
						    .end = on_end,
						    .text = on_text };
	CLEANUP(xml_reader_free) struct xml_reader *r = xml_reader_new(&handler, t, label);

	if (xml_reader_feed(r, document, len, err) < 0 || xml_reader_finish(r, err) < 0)
		return -1;
	if (!t->is_update)
		return error_set(err, ERROR_WUSP_DOCUMENT, "%s: its root is not Update", label);
	return 0;
}

int wusp_fragment_derive(const void *document, size_t len, const char *label,
			 enum wusp_fragment kind, const char *locale, struct buf *out,
			 struct error *err)
{
	CLEANUP(transform_clear)
	struct transform t = { .kind = kind,
			       .locale = locale ? locale : "",
			       .out = out,
			       .text = BUF_INIT(LIMIT_FRAGMENT_BYTES) };
	size_t before = out->len;

	if (transform(&t, document, len, label, err) < 0) {
		out->len = before;
		return -1;
	}
	return t.found > 0;
}

int wusp_fragment_languages(const void *document, size_t len, const char *label,
			    enum wusp_fragment kind, void (*each)(void *ctx, const char *language),
			    void *ctx, struct error *err)
{
	CLEANUP(buf_clear) struct buf scratch = BUF_INIT(LIMIT_FRAGMENT_BYTES);
	CLEANUP(transform_clear)
	struct transform t = { .kind = kind,
			       .out = &scratch,
			       .text = BUF_INIT(LIMIT_FRAGMENT_BYTES),
			       .each = each,
			       .each_ctx = ctx };

	return transform(&t, document, len, label, err);
}
