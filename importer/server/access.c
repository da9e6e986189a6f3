#include "importer/server/access.h"

#include "importer/server/request.h"
#include "importer/server/session.h"
#include "importer/server/token.h"
#include "lib/base/error.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

int access_judge(const struct access *a, struct error *err)
{
	static const char scheme[] = "Bearer ";
	const char *given = a->authorization;

	if (a->token) {
		if (given && strncmp(given, scheme, sizeof scheme - 1) == 0 &&
		    token_is(a->token, given + sizeof scheme - 1))
			return 0;
		return error_set(err, ERROR_API_FORBIDDEN, "this needs the token of the API");
	}
	if (a->is_change)
		return error_set(err, ERROR_API_FORBIDDEN,
				 "this server was started without a token: nothing can be changed");
	if (!a->is_local)
		return error_set(err, ERROR_API_FORBIDDEN,
				 "this can be read on the machine of the server only");
	return 0;
}

static bool is_local(const struct request *q)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *a = info ? info->client_addr : NULL;

	if (a && a->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, a, sizeof in);
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (a && a->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, a, sizeof in6);
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return false;
}

int access_check(const struct request *q, struct error *err)
{
	const struct access a = {
		.token = session_pool_token(q->sessions),
		.authorization = request_header(q, "Authorization"),
		.is_local = is_local(q),
		.is_change = strcmp(q->method, "GET") != 0 && strcmp(q->method, "HEAD") != 0,
	};

	return access_judge(&a, err);
}
