#include "lib/base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct id_row {
	enum error_class class;
	const char *text, *next;
};

static const struct id_row ids[ERROR_IDS_] = {
	[ERROR_NONE] = { ERROR_CLASS_NONE, "GF-0000", "" },
#define ERROR_ID(name, class, text, next) [ERROR_##name] = { ERROR_CLASS_##class, text, next },
#include "lib/base/error.def"
#undef ERROR_ID
};

/*
 * Messages carry names from media: nothing in them may move a cursor, start an escape sequence or
 * be no text at all.
 */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static void record(struct error *err, enum error_id id, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void record(struct error *err, enum error_id id, const char *fmt, va_list ap)
{
	/* A second error_set() would hide the first cause. */
	assert(err->id == ERROR_NONE);
	assert(id > ERROR_NONE && id < ERROR_IDS_);
	err->id = id;
	err->class = ids[id].class;
	vsnprintf(err->message, sizeof err->message, fmt, ap);
	make_printable(err->message);
}

int error_set(struct error *err, enum error_id id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(err, id, fmt, ap);
	va_end(ap);
	return -1;
}

int error_set_errno(struct error *err, enum error_id id, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	record(err, id, fmt, ap);
	va_end(ap);
	err->sys = sys;
	if (sys == ENOSPC || sys == EDQUOT || sys == EFBIG || sys == ENOMEM)
		err->class = ERROR_CLASS_SPACE;

	size_t used = strlen(err->message);
	snprintf(err->message + used, sizeof err->message - used, ": %s", strerror(sys));
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char context[sizeof err->message];
	size_t cause = strlen(err->message);
	size_t room = sizeof err->message - 1 - cause;
	va_list ap;

	assert(err->id != ERROR_NONE);
	va_start(ap, fmt);
	vsnprintf(context, sizeof context, fmt, ap);
	va_end(ap);
	make_printable(context);

	/* The cause is worth more than the context: cut the context to fit. */
	size_t prefix = strlen(context);
	if (room < 2)
		return -1;
	if (prefix > room - 2)
		prefix = room - 2;

	memmove(err->message + prefix + 2, err->message, cause + 1);
	memcpy(err->message, context, prefix);
	memcpy(err->message + prefix, ": ", 2);
	return -1;
}

void error_clear(struct error *err)
{
	*err = (struct error)ERROR_INIT;
}

const char *error_id_text(enum error_id id)
{
	return ids[id].text;
}

const char *error_next_step(enum error_id id)
{
	return ids[id].next;
}

int error_exit_status(enum error_class class)
{
	static const int status[ERROR_CLASSES_] = {
		[ERROR_CLASS_NONE] = 0,        [ERROR_CLASS_USAGE] = 1,
		[ERROR_CLASS_INTEGRITY] = 3,   [ERROR_CLASS_TRUST] = 4,
		[ERROR_CLASS_REPLAY] = 5,      [ERROR_CLASS_MISSING] = 6,
		[ERROR_CLASS_SPACE] = 7,       [ERROR_CLASS_BUSY] = 8,
		[ERROR_CLASS_INTERRUPTED] = 9, [ERROR_CLASS_INTERNAL] = 70,
	};

	return status[class];
}
