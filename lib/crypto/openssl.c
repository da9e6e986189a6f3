#include "lib/crypto/openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>

void openssl_start(void)
{
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
