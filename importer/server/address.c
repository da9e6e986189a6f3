#include "importer/server/address.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The same bytes, seen as the two forms an address can have. */
static void set_v4(struct address *out, const struct in_addr *host, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr = *host,
				 .sin_port = htons(port) };

	memcpy(&out->storage, &a, sizeof a);
	out->len = sizeof a;
}

static void set_v6(struct address *out, const struct in6_addr *host, uint16_t port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
				  .sin6_addr = *host,
				  .sin6_port = htons(port) };

	memcpy(&out->storage, &a, sizeof a);
	out->len = sizeof a;
}

int address_parse(const char *text, struct address *out, struct error *err)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;
	uint64_t port;

	*out = (struct address){ 0 };
	if (!colon)
		return error_set(err, ERROR_SERVER_ADDRESS, "'%.100s': no port", text);
	if (!str_to_u64(colon + 1, strlen(colon + 1), UINT16_MAX, &port))
		return error_set(err, ERROR_SERVER_ADDRESS, "'%.100s': bad port", text);
	bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	if (bracketed) {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof host)
		return error_set(err, ERROR_SERVER_ADDRESS, "'%.100s': no address", text);
	memcpy(host, text, len);
	host[len] = '\0';
	if (bracketed && inet_pton(AF_INET6, host, &v6) == 1)
		set_v6(out, &v6, (uint16_t)port);
	else if (!bracketed && inet_pton(AF_INET, host, &v4) == 1)
		set_v4(out, &v4, (uint16_t)port);
	else
		return error_set(err, ERROR_SERVER_ADDRESS, "'%s': not a literal address", host);
	return 0;
}

/* Host and port of a socket address; false for other families. */
static bool split(const struct sockaddr *a, char host[INET6_ADDRSTRLEN], uint16_t *port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (a->sa_family) {
	case AF_INET:
		memcpy(&v4, a, sizeof v4);
		*port = ntohs(v4.sin_port);
		return inet_ntop(AF_INET, &v4.sin_addr, host, INET6_ADDRSTRLEN) != NULL;
	case AF_INET6:
		memcpy(&v6, a, sizeof v6);
		*port = ntohs(v6.sin6_port);
		return inet_ntop(AF_INET6, &v6.sin6_addr, host, INET6_ADDRSTRLEN) != NULL;
	default:
		return false;
	}
}

void address_text(const struct sockaddr *a, char out[ADDRESS_TEXT_SIZE])
{
	bool v6 = a->sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "-";
	uint16_t port = 0;

	if (split(a, host, &port))
		snprintf(out, ADDRESS_TEXT_SIZE, "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
			 (unsigned)port);
	else
		snprintf(out, ADDRESS_TEXT_SIZE, "-");
}

void address_host(const struct sockaddr *a, char out[ADDRESS_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "-";
	uint16_t port;

	snprintf(out, ADDRESS_TEXT_SIZE, "%s", split(a, host, &port) ? host : "-");
}

uint16_t address_port(const struct address *a)
{
	char host[INET6_ADDRSTRLEN];
	uint16_t port = 0;

	(void)split((const struct sockaddr *)&a->storage, host, &port);
	return port;
}

void address_set_port(struct address *a, uint16_t port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a->storage.ss_family == AF_INET) {
		memcpy(&v4, &a->storage, sizeof v4);
		v4.sin_port = htons(port);
		memcpy(&a->storage, &v4, sizeof v4);
	} else {
		memcpy(&v6, &a->storage, sizeof v6);
		v6.sin6_port = htons(port);
		memcpy(&a->storage, &v6, sizeof v6);
	}
}

bool address_is_loopback(const struct address *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a->storage.ss_family == AF_INET) {
		memcpy(&v4, &a->storage, sizeof v4);
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	}
	memcpy(&v6, &a->storage, sizeof v6);
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

int address_listen(const struct address *a, struct address *actual, struct error *err)
{
	const struct sockaddr *where = (const struct sockaddr *)&a->storage;
	CLEANUP(file_close)
	int fd = socket(where->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[ADDRESS_TEXT_SIZE];
	int on = 1;

	address_text(where, text);
	if (fd < 0)
		return error_set_errno(err, ERROR_SERVER_LISTEN, "%s: cannot make a socket", text);
	/* A restart must not wait for the connections of the process before it. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return error_set_errno(err, ERROR_SERVER_LISTEN, "%s: cannot set up the socket",
				       text);
	if (bind(fd, where, a->len) < 0 || listen(fd, SOMAXCONN) < 0) {
		enum error_id id = errno == EADDRINUSE ? ERROR_SERVER_IN_USE : ERROR_SERVER_LISTEN;

		return error_set_errno(err, id, "%s: cannot listen", text);
	}
	*actual = (struct address){ .len = sizeof actual->storage };
	if (getsockname(fd, (struct sockaddr *)&actual->storage, &actual->len) < 0)
		return error_set_errno(err, ERROR_SERVER_LISTEN, "%s: cannot tell the port", text);
	int result = fd;
	fd = -1;
	return result;
}
