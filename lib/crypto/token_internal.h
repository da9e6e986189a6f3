/* The parts of lib/crypto/token.h.  For token*.c only. */
#ifndef CRYPTO_TOKEN_INTERNAL_H
#define CRYPTO_TOKEN_INTERNAL_H

#include "lib/base/buf.h"
#include "lib/crypto/token.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

enum {
	TOKEN_PIN_BYTES = 256,         /* and its terminator; tokens take 4 to 64 */
	TOKEN_ATTRIBUTE_BYTES = 16384, /* of a certificate; a key id: 20 */
	TOKEN_ID_BYTES = 256,
	TOKEN_SLOTS = 256,
};

struct token {
	P11KitUri *uri;
	CK_FUNCTION_LIST **modules; /* those of p11-kit's configuration, or NULL */
	CK_FUNCTION_LIST *named;    /* that of the environment, or NULL */
	CK_FUNCTION_LIST *module;   /* the one that has the token */
	CK_SLOT_ID slot;
	CK_FLAGS flags;
	CK_SESSION_HANDLE session;
	bool open, logged_in;
	bool rsa, always; /* the PIN is asked for each signature */
	CK_OBJECT_HANDLE key;
	unsigned char id[TOKEN_ID_BYTES];
	CK_ULONG id_len;
	char label[33];
	struct buf pin; /* not terminated */
};

/* error_set() with the name of the token and what its module said. */
int token_fail(const struct token *t, CK_RV rv, const char *what, struct error *err)
	__attribute__((nonnull));

/* Load modules and find t->module and t->slot. */
int token_find(struct token *t, struct error *err) __attribute__((nonnull, warn_unused_result));
void token_find_end(struct token *t) __attribute__((nonnull));

/*
 * The PIN into the empty buffer t->pin: from source (a path, file:PATH, or the name of a systemd
 * credential), else from the terminal.  TOKEN_PIN.
 */
int token_pin(struct token *t, const char *source, struct error *err)
	__attribute__((nonnull(1, 3), warn_unused_result));

#endif
