/*
 * The stream below a cabinet.  It may be read ahead: a cabinet must be the last thing in its
 * stream, so nobody else can want what follows.
 */
#include "lib/cab/cab_internal.h"

#include "lib/base/error.h"
#include "lib/base/source.h"

#include <inttypes.h>
#include <string.h>

/* 1 when the buffer holds something, 0 at the end of the stream. */
static int fill(struct cab_input *in, struct error *err)
{
	if (in->from < in->len)
		return 1;
	ssize_t n = in->source->read(in->source, in->buffer, sizeof in->buffer, err);

	if (n < 0)
		return error_wrap(err, "%s", in->label);
	in->from = 0;
	in->len = (size_t)n;
	return n > 0;
}

static int truncated(const struct cab_input *in, struct error *err)
{
	if (in->expected == 0)
		return error_set(err, ERROR_CAB_TRUNCATED,
				 "%s: offset %" PRIu64 ": too short for a cabinet", in->label,
				 in->at);
	if (in->at >= in->expected)
		return error_set(err, ERROR_CAB_TRUNCATED,
				 "%s: offset %" PRIu64 ": the stream ends within the signature",
				 in->label, in->at);
	return error_set(err, ERROR_CAB_TRUNCATED,
			 "%s: offset %" PRIu64
			 ": the stream ends here, but the header says %" PRIu64 " bytes",
			 in->label, in->at, in->expected);
}

/* Pass len bytes on, to buf unless that is NULL. */
static int consume(struct cab_input *in, unsigned char *buf, uint64_t len, struct error *err)
{
	while (len > 0) {
		int more = fill(in, err);

		if (more < 0)
			return -1;
		if (more == 0)
			return truncated(in, err);
		size_t n = in->len - in->from;

		if (n > len)
			n = (size_t)len;
		if (buf) {
			memcpy(buf, in->buffer + in->from, n);
			buf += n;
		}
		in->from += n;
		in->at += n;
		len -= n;
	}
	return 0;
}

int cab_input_read(struct cab_input *in, void *buf, size_t len, struct error *err)
{
	return consume(in, buf, len, err);
}

int cab_input_skip(struct cab_input *in, uint64_t len, struct error *err)
{
	return consume(in, NULL, len, err);
}

int cab_input_end(struct cab_input *in, struct error *err)
{
	int more = fill(in, err);

	if (more > 0)
		return error_set(err, ERROR_CAB_TAIL,
				 "%s: offset %" PRIu64 ": bytes follow the cabinet that are no "
				 "announced signature",
				 in->label, in->at);
	return more;
}
