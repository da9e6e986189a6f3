#include "importer/server/soap_read.h"

#include "importer/server/soap_ints.h"
#include "importer/server/soap_value.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/xml/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char uri_11[] = "http://schemas.xmlsoap.org/soap/envelope/";
static const char uri_12[] = "http://www.w3.org/2003/05/soap-envelope";

/* Depth of an element: those above the operation are the envelope's. */
enum { ENVELOPE = 1, BODY = 2, OPERATION = 3 };

/* A declaration of a namespace in force; only those of the three outermost elements matter. */
struct binding {
	const char *prefix, *uri;
	unsigned depth;
};

/* An element of the operation that is open. */
struct frame {
	const struct soap_field *field;  /* its row; NULL for the operation itself */
	const struct soap_field *fields; /* of its children; NULL: it holds a value */
	unsigned char *base;             /* of its struct, or of the struct around a value */
};

struct reader {
	const struct soap_service *service;
	struct xml_reader *xml;
	const struct soap_ints *ints; /* what was taken out of the body */
	size_t run;                   /* the next of its runs */
	struct soap_message *out;
	unsigned depth; /* of open elements */
	unsigned skip;  /* depth of the element that is skipped; 0: none */
	bool in_body;
	struct binding *bindings;
	size_t count, capacity;
	struct frame frames[LIMIT_XML_DEPTH + 1];
	size_t open;
	struct buf text;  /* of the value that is being read */
	struct error why; /* what we found wrong; XML adds its own words to what it is told */
};

/* ---- names ---- */

static const char *local_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

static void bind(struct reader *r, const struct xml_attribute *attributes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = attributes[i].name;

		if (strncmp(name, "xmlns", 5) != 0 || (name[5] != '\0' && name[5] != ':'))
			continue;
		r->bindings = buf_grow(r->bindings, &r->capacity, r->count, sizeof *r->bindings);
		const char *prefix = name[5] ? name + 6 : "";
		r->bindings[r->count++] = (struct binding){
			.prefix = arena_text(&r->out->memory, prefix, strlen(prefix)),
			.uri = arena_text(&r->out->memory, attributes[i].value, attributes[i].len),
			.depth = r->depth,
		};
	}
}

static void unbind(struct reader *r)
{
	while (r->count > 0 && r->bindings[r->count - 1].depth == r->depth)
		r->count--;
}

/* Is name in the namespace uri? */
static bool in_namespace(const struct reader *r, const char *name, const char *uri)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : 0;

	for (size_t i = r->count; i-- > 0;)
		if (strncmp(r->bindings[i].prefix, name, len) == 0 &&
		    r->bindings[i].prefix[len] == '\0')
			return strcmp(r->bindings[i].uri, uri) == 0;
	return false;
}

static bool is_nil(const struct xml_attribute *attributes, size_t count)
{
	bool nil = false;

	for (size_t i = 0; i < count; i++)
		if (strchr(attributes[i].name, ':') &&
		    strcmp(local_name(attributes[i].name), "nil") == 0 &&
		    soap_value_bool(attributes[i].value, attributes[i].len, &nil) && nil)
			return true;
	return false;
}

/* ---- values ---- */

/* SOAP_VALUE with the path of the innermost element; items of lists are not named. */
static int bad_value(const struct reader *r, struct error *err)
{
	char path[256] = "";
	size_t len = 0;

	for (size_t i = 1; i < r->open && len < sizeof path; i++) {
		const struct soap_field *f = r->frames[i].field;

		if (!f->item)
			len += (size_t)snprintf(path + len, sizeof path - len, "%s%s",
						len > 0 ? "." : "", f->name);
	}
	return error_set(err, ERROR_SOAP_VALUE, "%s", path);
}

/* Where count more items go, of any bytes; NULL when there are too many. */
static void *more_items(struct reader *r, const struct soap_field *field, struct soap_list *list,
			size_t count)
{
	size_t most = field->type == SOAP_INT ? LIMIT_SOAP_NUMBERS : LIMIT_SOAP_ITEMS;

	if (count > most - list->count)
		return NULL;
	if (count > list->capacity - list->count) {
		size_t capacity = (list->capacity + count) * 2 + 14;
		void *items = arena_alloc(&r->out->memory, capacity * field->item);

		if (list->count > 0)
			memcpy(items, list->items, list->count * field->item);
		list->items = items;
		list->capacity = capacity;
	}
	list->count += count;
	return (unsigned char *)list->items + (list->count - count) * field->item;
}

static struct soap_list *list_at(const struct soap_field *field, unsigned char *base)
{
	return (struct soap_list *)(void *)(base + field->offset);
}

/* Where a value of field goes in base: its place, or a new item; NULL when there are too many. */
static void *place(struct reader *r, const struct soap_field *field, unsigned char *base)
{
	if (!field->item)
		return base + field->offset;
	void *item = more_items(r, field, list_at(field, base), 1);
	if (item)
		memset(item, 0, field->item);
	return item;
}

static bool parse_base64(struct reader *r, const char *text, size_t len, struct soap_bytes *out)
{
	unsigned char *bytes = arena_alloc(&r->out->memory, len + 1);

	out->bytes = bytes;
	return soap_value_base64(text, len, bytes, &out->len);
}

static bool parse_time(const char *text, size_t len, int64_t *out)
{
	if (!soap_value_time(text, len, out))
		return false;
	if (*out == 0)
		*out = 1;
	return true;
}

/* text is not empty, and trimmed but for SOAP_TEXT. */
static bool parse_value(struct reader *r, enum soap_type type, const char *text, size_t len,
			void *out)
{
	struct soap_protocol *protocol = out;

	switch (type) {
	case SOAP_TEXT:
		*(const char **)out = arena_text(&r->out->memory, text, len);
		return true;
	case SOAP_INT:
		return soap_value_int(text, len, out);
	case SOAP_NUMBER:
		(void)soap_value_int(text, len, out); /* stays 0 */
		return true;
	case SOAP_BOOL:
		return soap_value_bool(text, len, out);
	case SOAP_TIME:
		return parse_time(text, len, out);
	case SOAP_GUID:
		return soap_value_guid(text, len, out);
	case SOAP_BASE64:
		return parse_base64(r, text, len, out);
	case SOAP_VERSION:
		return soap_value_version(text, len, &protocol->major, &protocol->minor);
	case SOAP_STRUCT:
		break;
	}
	return false;
}

static int end_value(struct reader *r, const struct frame *f, struct error *err)
{
	const char *text = (const char *)r->text.bytes;
	size_t len = r->text.len;

	if (!text || (f->field->type != SOAP_TEXT ? !soap_value_trim(&text, &len) : len == 0))
		return 0;
	void *out = place(r, f->field, f->base);
	return out && parse_value(r, f->field->type, text, len, out) ? 0 : bad_value(r, err);
}

/* ---- elements ---- */

static int begin_envelope(struct reader *r, const char *name, struct error *err)
{
	if (strcmp(local_name(name), "Envelope") != 0)
		return error_set(err, ERROR_SOAP_FORMAT, "the root is no SOAP envelope");
	if (in_namespace(r, name, uri_12))
		r->out->version = SOAP_12;
	else if (!in_namespace(r, name, uri_11))
		return error_set(err, ERROR_SOAP_VERSION,
				 "the envelope is neither one of SOAP 1.1 nor of 1.2");
	return 0;
}

static int begin_operation(struct reader *r, const char *name, struct error *err)
{
	const struct soap_operation *const *at = r->service->operations;

	r->out->name = "";
	if (!in_namespace(r, name, r->service->uri))
		return error_set(err, ERROR_SOAP_OPERATION, "the body is not for this service");
	name = local_name(name);
	r->out->name = arena_text(&r->out->memory, name, strlen(name));
	while (*at && strcmp((*at)->name, name) != 0)
		at++;
	const struct soap_operation *o = *at;
	if (!o)
		return error_set(err, ERROR_SOAP_OPERATION, "this operation is not served");
	r->out->operation = o;
	r->out->request = arena_alloc(&r->out->memory, o->size);
	memset(r->out->request, 0, o->size);
	r->frames[0] = (struct frame){ .fields = o->fields, .base = r->out->request };
	r->open = 1;
	return 0;
}

/* A child of an element that a table describes: 0 when it is to be skipped. */
static int begin_field(struct reader *r, const char *name, struct error *err)
{
	const struct frame *parent = &r->frames[r->open - 1];
	const struct soap_field *f = parent->fields;

	while (f && f->name && strcmp(f->name, local_name(name)) != 0)
		f++;
	if (!f || !f->name)
		return 0;
	if (parent->field && parent->field->seen) {
		/* seen counts in the struct around the parent, which is the frame before. */
		bool *seen = (bool *)(r->frames[r->open - 2].base + parent->field->seen);
		*seen = true;
	}
	struct frame *mine = &r->frames[r->open++];
	*mine = (struct frame){ .field = f, .base = parent->base };
	r->text.len = 0;
	if (f->type != SOAP_STRUCT)
		return 1;
	mine->fields = f->fields;
	mine->base = place(r, f, parent->base);
	if (!mine->base)
		return bad_value(r, err);
	return 1;
}

/* 1 to go into the element, 0 to skip it. */
static int begin(struct reader *r, const char *name, struct error *err)
{
	switch (r->depth) {
	case ENVELOPE:
		return begin_envelope(r, name, err) < 0 ? -1 : 1;
	case BODY:
		r->in_body = strcmp(local_name(name), "Body") == 0 &&
			     in_namespace(r, name, r->out->version == SOAP_12 ? uri_12 : uri_11);
		return r->in_body;
	case OPERATION:
		if (r->out->name)
			return 0;
		return begin_operation(r, name, err) < 0 ? -1 : 1;
	default:
		return begin_field(r, name, err);
	}
}

static int refuse(const struct reader *r, struct error *err)
{
	*err = r->why;
	return -1;
}

static int on_start(void *ctx, const char *name, const struct xml_attribute *attributes,
		    size_t count, struct error *err)
{
	struct reader *r = ctx;

	r->depth++;
	if (r->skip)
		return 0;
	if (r->depth <= OPERATION)
		bind(r, attributes, count);
	else if (is_nil(attributes, count)) {
		r->skip = r->depth;
		return 0;
	}
	int go = begin(r, name, &r->why);
	if (go == 0)
		r->skip = r->depth;
	return go < 0 ? refuse(r, err) : 0;
}

/*
 * Here ends an element; f is NULL when it is skipped.  If it stands for a run, the numbers go where
 * its own went.  What else it may be is rare: the run is left, and the body read as it came.
 */
static void end_run(struct reader *r, const struct frame *f)
{
	const struct soap_run *run = r->run < r->ints->runs_count ? &r->ints->runs[r->run] : NULL;

	if (!run || run->end != xml_reader_offset(r->xml))
		return;
	if (f && f->field->type == SOAP_INT && f->field->item == sizeof(int32_t)) {
		void *items = more_items(r, f->field, list_at(f->field, f->base), run->count);

		if (!items)
			return;
		memcpy(items, r->ints->numbers + run->first, run->count * sizeof(int32_t));
	} else if (!r->skip || r->skip == r->depth) {
		return;
	}
	r->run++;
}

static int on_end(void *ctx, const char *name, struct error *err)
{
	struct reader *r = ctx;
	const struct frame *f = NULL;
	int result = 0;

	(void)name;
	if (!r->skip && r->depth > OPERATION) {
		f = &r->frames[r->open - 1];
		if (!f->fields)
			result = end_value(r, f, &r->why);
		r->open--;
	}
	end_run(r, f);
	if (r->skip == r->depth)
		r->skip = 0;
	unbind(r);
	r->depth--;
	return result < 0 ? refuse(r, err) : 0;
}

static int on_text(void *ctx, const char *text, size_t len, struct error *err)
{
	struct reader *r = ctx;

	if (r->skip || r->depth <= OPERATION || r->frames[r->open - 1].fields)
		return 0;
	if (r->text.len + len > LIMIT_SOAP_TEXT)
		return bad_value(r, &r->why) < 0 ? refuse(r, err) : 0;
	return buf_append(&r->text, text, len, err);
}

int soap_read_whole(const struct soap_service *service, const struct soap_ints *ints,
		    struct soap_message *out, struct error *err)
{
	static const struct xml_handler handler = { .start = on_start,
						    .end = on_end,
						    .text = on_text };
	struct reader r = {
		.service = service, .out = out, .ints = ints, .text = BUF_INIT(LIMIT_SOAP_TEXT)
	};
	CLEANUP(xml_reader_free) struct xml_reader *xml = xml_reader_new(&handler, &r, "request");
	struct error wrong = ERROR_INIT;
	int result = -1;

	r.xml = xml;
	if (xml_reader_feed(xml, ints->bytes, ints->len, &wrong) < 0 ||
	    xml_reader_finish(xml, &wrong) < 0) {
		if (r.why.id != ERROR_NONE)
			*err = r.why;
		else
			error_set(err, ERROR_SOAP_FORMAT, "%s", wrong.message);
	} else if (!out->operation)
		error_set(err, ERROR_SOAP_FORMAT, "request: the envelope holds no operation");
	else if (r.run < ints->runs_count)
		error_set(err, ERROR_SOAP_FORMAT, "request: numbers in a place of their own");
	else
		result = 0;
	buf_clear(&r.text);
	free(r.bindings);
	return result;
}

int soap_read(const struct soap_service *service, const void *bytes, size_t len,
	      struct soap_message *out, struct error *err)
{
	CLEANUP(soap_ints_clear) struct soap_ints ints = { .bytes = NULL };
	struct error ignored = ERROR_INIT;

	soap_ints_cut(bytes, len, &ints);
	if (ints.runs_count > 0) {
		if (soap_read_whole(service, &ints, out, &ignored) == 0)
			return 0;
		soap_message_clear(out);
	}
	/* Also what is wrong with a body, and where, is told of the body as it came. */
	const struct soap_ints whole = { .bytes = (unsigned char *)(uintptr_t)bytes, .len = len };
	return soap_read_whole(service, &whole, out, err);
}

void soap_message_clear(struct soap_message *m)
{
	arena_clear(&m->memory);
	*m = (struct soap_message)SOAP_MESSAGE_INIT;
}
