#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/xml/xml_internal.h"

#include <inttypes.h>

int xml_deliver_too_long(struct xml_reader *r)
{
	return error_set(r->err, ERROR_XML_LIMIT,
			 "offset %" PRIu64 ": element of more than %u bytes", r->capture_start,
			 LIMIT_FRAGMENT_BYTES);
}

int xml_deliver_start(struct xml_reader *r, const char *name, const struct xml_attribute *at,
		      size_t n)
{
	int answer = r->handler->start ? r->handler->start(r->ctx, name, at, n, r->err) : 0;

	if (answer == 1) {
		r->quiet = r->depth;
		if (r->capturing && r->capture_depth == r->depth)
			r->capturing = false;
	}
	return answer;
}

int xml_deliver_end(struct xml_reader *r, const char *name)
{
	r->now.start = r->now.end;
	if (r->capturing && r->capture_depth == r->depth) {
		r->captured = r->raw + (r->capture_start - r->raw_base);
		r->captured_len = (size_t)(r->now.end - r->capture_start);
		r->capturing = false;
		if (r->captured_len > LIMIT_FRAGMENT_BYTES)
			return xml_deliver_too_long(r);
	}
	int answer = r->handler->end ? r->handler->end(r->ctx, name, r->err) : 0;
	r->captured = NULL;
	r->depth--;
	return answer;
}

int xml_deliver_text(struct xml_reader *r, const char *text, size_t len)
{
	return r->handler->text && len > 0 ? r->handler->text(r->ctx, text, len, r->err) : 0;
}
