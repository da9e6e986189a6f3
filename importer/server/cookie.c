#include "importer/server/cookie.h"

#include "lib/base/error.h"
#include "lib/crypto/mac.h"

#include <assert.h>
#include <string.h>

enum { VERSION_BYTE = 1, SERVER = 4, LENGTHS = 88, HEAD = 90 };
_Static_assert(COOKIE_MAX == HEAD + 2 * COOKIE_TEXT + MAC_SIZE, "the layout of cookie.h");

static unsigned char *put(unsigned char *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (unsigned char)(value >> 8 * (size - 1 - i));
	return at + size;
}

static const unsigned char *get(const unsigned char *at, size_t size, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < size; i++)
		*value = *value << 8 | at[i];
	return at + size;
}

static unsigned char *put_bytes(unsigned char *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static unsigned char *put_stamp(unsigned char *at, const struct wusp_stamp *stamp)
{
	at = put(at, (uint64_t)stamp->change, 8);
	at = put(at, stamp->scope, 8);
	return put(at, (uint32_t)stamp->revision, 4);
}

static const unsigned char *get_stamp(const unsigned char *at, struct wusp_stamp *stamp)
{
	uint64_t change, revision;

	at = get(at, 8, &change);
	at = get(at, 8, &stamp->scope);
	at = get(at, 4, &revision);
	stamp->change = (int64_t)change;
	stamp->revision = (int32_t)(uint32_t)revision;
	return at;
}

size_t cookie_write(const struct cookie *c, const struct cookie_seal *seal,
		    unsigned char out[COOKIE_MAX])
{
	size_t id = strnlen(c->client_id, COOKIE_TEXT), claim = strnlen(c->claimed, COOKIE_TEXT);
	unsigned char *at = put_bytes(out, "GC", 2);

	at = put(at, VERSION_BYTE, 1);
	at = put(at, (uint64_t)c->kind, 1);
	at = put_bytes(at, seal->server_id, 16);
	at = put(at, (uint64_t)c->expires, 8);
	at = put(at, (uint64_t)c->config, 8);
	at = put_stamp(at, &c->software);
	at = put_stamp(at, &c->driver);
	at = put(at, c->major, 2);
	at = put(at, c->minor, 2);
	at = put_bytes(at, c->location, COOKIE_LOCATION);
	at = put(at, id, 1);
	at = put(at, claim, 1);
	at = put_bytes(at, c->client_id, id);
	at = put_bytes(at, c->claimed, claim);
	mac_sha256(seal->key, out, (size_t)(at - out), at);
	return (size_t)(at - out) + MAC_SIZE;
}

static void parse(const unsigned char *bytes, struct cookie *out)
{
	const unsigned char *at = bytes + SERVER + 16;
	uint64_t expires, config, major, minor, id, claim;

	*out = (struct cookie){ .kind = (enum cookie_kind)bytes[3] };
	at = get(at, 8, &expires);
	at = get(at, 8, &config);
	out->expires = (int64_t)expires;
	out->config = (int64_t)config;
	at = get_stamp(at, &out->software);
	at = get_stamp(at, &out->driver);
	at = get(at, 2, &major);
	at = get(at, 2, &minor);
	out->major = (uint16_t)major;
	out->minor = (uint16_t)minor;
	memcpy(out->location, at, COOKIE_LOCATION);
	at = get(at + COOKIE_LOCATION, 1, &id);
	at = get(at, 1, &claim);
	assert(at == bytes + HEAD);
	memcpy(out->client_id, at, id);
	memcpy(out->claimed, at + id, claim);
}

int cookie_read(const unsigned char *bytes, size_t len, const struct cookie_seal *seal,
		enum cookie_kind kind, int64_t now, struct cookie *out, struct error *err)
{
	unsigned char mac[MAC_SIZE];

	if (len < HEAD + MAC_SIZE || memcmp(bytes, "GC", 2) != 0 || bytes[2] != VERSION_BYTE ||
	    bytes[3] != kind ||
	    len != HEAD + (size_t)bytes[LENGTHS] + bytes[LENGTHS + 1] + MAC_SIZE)
		return error_set(err, ERROR_COOKIE_INVALID, "not a cookie of this kind of server");
	/* Not authentic yet, but whoever alters it gains nothing: both answers refuse. */
	if (memcmp(bytes + SERVER, seal->server_id, 16) != 0)
		return error_set(err, ERROR_COOKIE_SERVER, "a cookie of another server");
	mac_sha256(seal->key, bytes, len - MAC_SIZE, mac);
	if (!mac_equal(mac, bytes + len - MAC_SIZE))
		return error_set(err, ERROR_COOKIE_INVALID, "an altered cookie");
	parse(bytes, out);
	if (now >= out->expires)
		return error_set(err, ERROR_COOKIE_EXPIRED, "the cookie has expired");
	return 0;
}
