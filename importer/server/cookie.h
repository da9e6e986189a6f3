/*
 * Cookies (MS-WUSP 2.2.2.2): what a client hands back with each call.  A fixed binary form, sealed
 * with HMAC-SHA-256 under a key of the repository; read field by field, never as objects.  Clients
 * see opaque bytes.  Numbers are big-endian:
 *
 *	0	"GC", version 1, kind (1 byte)
 *	4	server id (16)
 *	20	expires (8), configuration (8)
 *	36	what the client was told by software passes: change (8), scope (8), revision (4)
 *	56	the same by driver passes
 *	76	protocol of the client: major (2), minor (2)
 *	80	where content is: first 8 bytes of a SHA-256
 *	88	length of the client id (1), of the claim (1)
 *	90	client id, claim, MAC (32)
 */
#ifndef SERVER_COOKIE_H
#define SERVER_COOKIE_H

#include "lib/wusp/sync.h"

#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	COOKIE_TEXT = 255, /* bytes of client id and claim, at most */
	COOKIE_LOCATION = 8,
	COOKIE_MAX = 90 + 2 * COOKIE_TEXT + 32,
	COOKIE_SECONDS = 3600, /* the life of one; use does not extend it */
};

enum cookie_kind {
	COOKIE_AUTHORIZATION = 1, /* of GetAuthorizationCookie */
	COOKIE_SESSION = 2,       /* of GetCookie, and NewCookie */
};

struct cookie {
	enum cookie_kind kind;
	int64_t expires;
	int64_t config; /* when the configuration that it was made under changed */
	struct wusp_stamp software, driver;
	uint16_t major, minor;
	unsigned char location[COOKIE_LOCATION];
	char client_id[COOKIE_TEXT + 1];
	char claimed[COOKIE_TEXT + 1]; /* target groups, as the client said */
};

/* Who makes and takes them. */
struct cookie_seal {
	const unsigned char *server_id; /* 16 bytes */
	const unsigned char *key;       /* 32 bytes */
};

/* Write c into out; the number of bytes. */
size_t cookie_write(const struct cookie *c, const struct cookie_seal *seal,
		    unsigned char out[COOKIE_MAX]) __attribute__((nonnull, warn_unused_result));

/*
 * Read what a client sent.  Fails with COOKIE_INVALID (not one of ours, altered, another kind,
 * nothing), COOKIE_SERVER (of another server), COOKIE_EXPIRED (at or after its end).
 */
int cookie_read(const unsigned char *bytes, size_t len, const struct cookie_seal *seal,
		enum cookie_kind kind, int64_t now, struct cookie *out, struct error *err)
	__attribute__((nonnull(3, 6, 7), warn_unused_result));

#endif
