#include "media/override.h"

#include "lib/base/buf.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"
#include "media/text.h"

#include <string.h>

enum { LINE_MAGIC = 1, LINE_MANIFEST, LINE_REASON, LINE_UNTIL, LINE_END };

static const char *const keys[] = { "", "", "manifest", "reason", "until", "end" };

static int take_line(void *ctx, const struct text_line *line, struct error *err)
{
	struct override *o = ctx;
	struct text_field f[2];

	if (line->number > LINE_END)
		return text_fail(line, err, "nothing may follow the end");
	if (line->number == LINE_MAGIC) {
		if (line->len != strlen(OVERRIDE_MAGIC) ||
		    memcmp(line->bytes, OVERRIDE_MAGIC, line->len) != 0)
			return text_fail(line, err, "not '%s'", OVERRIDE_MAGIC);
		return 0;
	}
	if (text_split(line, f, 2, err) < 0)
		return -1;
	if (!text_is(&f[0], keys[line->number]))
		return text_fail(line, err, "not the key '%s'", keys[line->number]);
	switch (line->number) {
	case LINE_MANIFEST:
		return text_hex(line, &f[1], "manifest", o->manifest, sizeof o->manifest, err);
	case LINE_REASON:
		if (!text_is_name(f[1].bytes, f[1].len, OVERRIDE_REASON_SIZE - 1))
			return text_fail(line, err, "reason is not 1 to %d of A-Za-z0-9._-",
					 OVERRIDE_REASON_SIZE - 1);
		memcpy(o->reason, f[1].bytes, f[1].len);
		return 0;
	case LINE_UNTIL:
		if (!str_to_time(f[1].bytes, f[1].len, &o->until))
			return text_fail(line, err, "the time is not YYYY-MM-DDThh:mm:ssZ");
		return 0;
	default:
		return text_is(&f[1], "5") ? 0 : text_fail(line, err, "end is not 5");
	}
}

int override_parse(const void *bytes, size_t len, struct override *out, struct error *err)
{
	struct text_reader r = { .file = OVERRIDE_FILE,
				 .id = ERROR_OVERRIDE_FORMAT,
				 .max_bytes = LIMIT_OVERRIDE_BYTES,
				 .max_lines = LIMIT_OVERRIDE_BYTES,
				 .line = take_line,
				 .ctx = out };

	*out = (struct override){ .until = 0 };
	if (text_feed(&r, bytes, len, err) < 0 || text_finish(&r, err) < 0)
		return -1;
	if (r.lines != LINE_END)
		return error_set(err, ERROR_OVERRIDE_FORMAT, "%s: it ends too early",
				 OVERRIDE_FILE);
	return 0;
}

int override_write(const struct override *o, struct buf *out, struct error *err)
{
	char hex[DIGEST_HEX], until[STR_TIME_SIZE];
	int64_t again;

	str_to_hex(o->manifest, sizeof o->manifest, hex);
	str_from_time(o->until, until);
	if (!text_is_name(o->reason, strnlen(o->reason, sizeof o->reason),
			  OVERRIDE_REASON_SIZE - 1))
		return error_set(err, ERROR_MEDIA_VALUE,
				 "%s: the reason is not one word of A-Za-z0-9._-", OVERRIDE_FILE);
	if (!str_to_time(until, STR_TIME_SIZE - 1, &again) || again != o->until)
		return error_set(err, ERROR_MEDIA_VALUE,
				 "%s: a time is outside the years 1970 to 9999", OVERRIDE_FILE);
	return buf_printf(out, err, OVERRIDE_MAGIC "\nmanifest %s\nreason %s\nuntil %s\nend %d\n",
			  hex, o->reason, until, LINE_END);
}
