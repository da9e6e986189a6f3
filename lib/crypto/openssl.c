#include "lib/crypto/openssl.h"

#include "lib/base/buf.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void *memory_new(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return buf_malloc(size);
}

static void *memory_resize(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size > 0)
		return buf_realloc(old, size, 1);
	free(old);
	return NULL;
}

static void memory_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

void openssl_start(void)
{
	/* Else a signature checked for want of memory is one that does not verify: a false verdict.
	 * Refused when memory was asked for before: then it is done already. */
	(void)CRYPTO_set_mem_functions(memory_new, memory_resize, memory_free);
	/* Failure means no memory; whatever is called next reports it. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

int openssl_fail(struct error *err, enum error_id id, const char *fmt, ...)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	char context[sizeof err->message];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof context, fmt, ap);
	va_end(ap);
	ERR_clear_error();
	return error_set(err, id, "%.400s%s%.80s", context, reason ? ": " : "",
			 reason ? reason : "");
}
