/*
 * A SOAP answer: exactly the elements and the order its maker asks for, in one line, without a
 * declaration, prefix "s" for the envelope and none for the rest.  Clients of Windows read it
 * sequentially, and others with regular expressions, so nothing else may appear.
 *
 * The first failure is kept and everything after it does nothing: makers check once, at the end.
 */
#ifndef SERVER_SOAP_WRITE_H
#define SERVER_SOAP_WRITE_H

#include "importer/server/soap_read.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct soap_writer {
	enum soap_version version;
	struct buf buf;
	struct error err;
};

#define SOAP_WRITER_INIT                          \
	{                                         \
		.buf = BUF_INIT(LIMIT_SOAP_REPLY) \
	}

/* The envelope up to the answer's own element, and from behind its children on. */
void soap_begin(struct soap_writer *w, enum soap_version version, const char *uri,
		const char *element) __attribute__((nonnull));
int soap_end(struct soap_writer *w, const char *element, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Start tag, end tag, empty element; names are ours and never escaped. */
void soap_open(struct soap_writer *w, const char *name) __attribute__((nonnull));
void soap_close(struct soap_writer *w, const char *name) __attribute__((nonnull));

/* Whole elements. */
void soap_text(struct soap_writer *w, const char *name, const char *text) __attribute__((nonnull));
void soap_bytes(struct soap_writer *w, const char *name, const void *text, size_t len)
	__attribute__((nonnull(1, 2))); /* UTF-8 text of len bytes */
void soap_int(struct soap_writer *w, const char *name, int64_t value) __attribute__((nonnull));
void soap_bool(struct soap_writer *w, const char *name, bool value) __attribute__((nonnull));
void soap_time(struct soap_writer *w, const char *name, int64_t seconds) __attribute__((nonnull));
void soap_date(struct soap_writer *w, const char *name, int64_t seconds) __attribute__((nonnull));
void soap_guid(struct soap_writer *w, const char *name, const unsigned char guid[16])
	__attribute__((nonnull));
void soap_base64(struct soap_writer *w, const char *name, const unsigned char *bytes, size_t len)
	__attribute__((nonnull));

/*
 * len bytes of text between tags: markup is escaped, line breaks become references, so that they
 * survive and an answer stays one line; bytes that XML cannot carry become '?'.
 */
void soap_escape(struct soap_writer *w, const void *text, size_t len) __attribute__((nonnull(1)));

/* An element of text that soap_escape() has made before. */
void soap_escaped(struct soap_writer *w, const char *name, const void *text, size_t len)
	__attribute__((nonnull));

/* Bytes as they are. */
void soap_raw(struct soap_writer *w, const char *text) __attribute__((nonnull));

void soap_writer_clear(struct soap_writer *w);
DEFINE_CLEANUP_IN_PLACE(struct soap_writer, soap_writer_clear);

#endif
