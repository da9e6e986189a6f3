/*
 * hostile: sends requests that no client should send, and judges what comes back.
 *
 *	hostile PORT COUNT SEED OBJECT-PATH ORIGINAL-PATH
 *
 * Each request has a connection of its own, which is half-closed when all is sent, so that nothing
 * waits.  An answer must be whole, of its announced length, never chunked, of a status that fits
 * the kind of request; a fault of the update services must blame the client, not the server, and
 * one for a well-formed request must have exactly its code.
 * Exit status 1 at the first that is not; the request is written to standard error.  Prints how
 * often each status came, 0 for connections that were closed without an answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { REQUEST_MAX = 160 << 10, ANSWER_MAX = 70 << 20, PATIENCE_SECONDS = 60 };

struct text {
	size_t len;
	char bytes[REQUEST_MAX];
};

struct hostile {
	uint16_t port;
	uint64_t dice;
	const char *object, *original;
	struct text request, body;
	const char *code; /* the one ErrorCode that is right, "" for no fault; NULL: any */
	char *answer;
	size_t answer_len;
	uint64_t statuses[600];
};

static uint64_t dice(struct hostile *h, uint64_t sides)
{
	h->dice += 0x9e3779b97f4a7c15u;
	uint64_t z = h->dice;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % sides;
}

static void put_bytes(struct text *t, const void *bytes, size_t len)
{
	if (len > REQUEST_MAX - t->len)
		len = REQUEST_MAX - t->len;
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
}

static void put(struct text *t, const char *text)
{
	put_bytes(t, text, strlen(text));
}

static __attribute__((format(printf, 2, 3))) void putf(struct text *t, const char *form, ...)
{
	char line[4096];
	va_list args;

	va_start(args, form);
	vsnprintf(line, sizeof line, form, args);
	va_end(args);
	put(t, line);
}

static void put_random(struct hostile *h, struct text *t, size_t len)
{
	while (len-- > 0) {
		char c = (char)dice(h, 256);

		put_bytes(t, &c, 1);
	}
}

static void put_many(struct text *t, const char *text, size_t count)
{
	while (count-- > 0)
		put(t, text);
}

#define PICK(h, list) ((list)[dice(h, sizeof(list) / sizeof *(list))])

static const char *const paths[] = {
	"/ClientWebService/client.asmx",         "/ClientWebService/client.asmx/secured",
	"/SimpleAuthWebService/SimpleAuth.asmx", "/ReportingWebService/ReportingWebService.asmx",
	"/ReportingWebService/WebService.asmx",
};

#define CLIENT "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"
#define AUTH "http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService"
#define REPORT "http://www.microsoft.com/SoftwareDistribution"
#define COOKIE                                                  \
	"<cookie><Expiration>2030-01-01T00:00:00Z</Expiration>" \
	"<EncryptedData>AAECAwQFBgcICQoLDA0ODw==</EncryptedData></cookie>"

/* What well-behaved clients say; mutations begin here. */
static const char *const bodies[] = {
	"<GetConfig xmlns=\"" CLIENT "\"><protocolVersion>3.2</protocolVersion></GetConfig>",
	"<GetCookie xmlns=\"" CLIENT
	"\"><authCookies><AuthorizationCookie><PlugInId>SimpleTargeting"
	"</PlugInId><CookieData>AAECAw==</CookieData></AuthorizationCookie></"
	"authCookies><oldCookie/>"
	"<lastChange>2026-01-01T00:00:00Z</lastChange><currentTime>2026-01-01T00:00:00Z</"
	"currentTime>"
	"<protocolVersion>3.2</protocolVersion></GetCookie>",
	"<SyncUpdates xmlns=\"" CLIENT "\">" COOKIE "<parameters><ExpressQuery>false</ExpressQuery>"
	"<InstalledNonLeafUpdateIDs><int>1</int><int>2</int></InstalledNonLeafUpdateIDs>"
	"<OtherCachedUpdateIDs><int>3</int></OtherCachedUpdateIDs><SkipSoftwareSync>false"
	"</SkipSoftwareSync></parameters></SyncUpdates>",
	"<GetExtendedUpdateInfo xmlns=\"" CLIENT "\">" COOKIE
	"<revisionIDs><int>1</int></revisionIDs>"
	"<infoTypes><XmlUpdateFragmentType>Extended</XmlUpdateFragmentType></infoTypes><locales>"
	"<string>en</string></locales></GetExtendedUpdateInfo>",
	"<RegisterComputer xmlns=\"" CLIENT "\">" COOKIE "<computerInfo><DnsName>pc</DnsName>"
	"<OSMajorVersion>10</OSMajorVersion></computerInfo></RegisterComputer>",
	"<GetFileLocations xmlns=\"" CLIENT "\">" COOKIE "<fileDigests><base64Binary>"
	"AAECAwQFBgcICQoLDA0ODxAREhM=</base64Binary></fileDigests></GetFileLocations>",
	"<RefreshCache xmlns=\"" CLIENT "\">" COOKIE "<globalIDs><UpdateIdentity><UpdateID>"
	"00000000-0000-0000-0000-000000000000</UpdateID><RevisionNumber>1</RevisionNumber>"
	"</UpdateIdentity></globalIDs></RefreshCache>",
	"<GetAuthorizationCookie xmlns=\"" AUTH "\"><clientId></clientId><targetGroupName>g"
	"</targetGroupName><dnsName>pc</dnsName></GetAuthorizationCookie>",
	"<ReportEventBatch xmlns=\"" REPORT "\">" COOKIE
	"<clientTime>2026-01-01T00:00:00Z</clientTime>"
	"<eventBatch><ReportingEvent><BasicData/></ReportingEvent></eventBatch></ReportEventBatch>",
	"<SyncPrinterCatalog xmlns=\"" CLIENT "\">" COOKIE "</SyncPrinterCatalog>",
	"<StartCategoryScan xmlns=\"" CLIENT "\"><requestedCategories/></StartCategoryScan>",
};

/* The ErrorCode of each body as it stands, "" for an answer. */
static const char *const codes[] = {
	"",
	"InvalidAuthorizationCookie",
	"InvalidCookie",
	"InvalidCookie",
	"InvalidCookie",
	"InvalidCookie",
	"InvalidCookie",
	"InternalServerError",
	"InvalidCookie",
	"InvalidParameters",
	"",
};
_Static_assert(sizeof codes == sizeof bodies, "one for each");

static const char *const words[] = {
	"<int>",
	"</int>",
	"<![CDATA[",
	"]]>",
	"<!--",
	"-->",
	"&#0;",
	"&#x10FFFF;",
	"&lol;",
	"<?x ?>",
	"<!DOCTYPE a [<!ENTITY b \"c\">]>",
	"2147483648",
	"-1",
	"NaN",
	"xsi:nil=\"true\"",
	"\xff\xfe",
	"xmlns=\"\"",
	"<s:Body>",
	"9999-99-99T99:99:99Z",
	"AAAA====",
	"\x01",
	"<cookie>",
	"</cookie>",
};

static void mutate(struct hostile *h, struct text *t)
{
	for (uint64_t n = dice(h, 4); n > 0 && t->len > 2; n--) {
		size_t at = dice(h, t->len), len = dice(h, t->len - at) + 1;
		const char *word = PICK(h, words);
		size_t word_len = strlen(word);

		switch (dice(h, 5)) {
		case 0:
			t->bytes[at] = (char)dice(h, 256);
			break;
		case 1: /* a piece is missing */
			memmove(t->bytes + at, t->bytes + at + len, t->len - at - len);
			t->len -= len;
			break;
		case 2: /* twice */
			put_bytes(t, t->bytes + at, len < 1000 ? len : 1000);
			break;
		case 3:
			if (word_len > REQUEST_MAX - t->len)
				break;
			memmove(t->bytes + at + word_len, t->bytes + at, t->len - at);
			memcpy(t->bytes + at, word, word_len);
			t->len += word_len;
			break;
		default:
			t->len = at + 1;
		}
	}
}

static void envelope(struct hostile *h, struct text *t)
{
	static const char *const namespaces[] = { "http://schemas.xmlsoap.org/soap/envelope/",
						  "http://www.w3.org/2003/05/soap-envelope",
						  "urn:nothing" };

	putf(t, "<s:Envelope xmlns:s=\"%s\"><s:Body>", namespaces[dice(h, 16) % 3]);
	switch (dice(h, 12)) {
	case 0: /* deep */
		put_many(t, "<a>", 20000);
		break;
	case 1: /* long lists */
		put(t, "<SyncUpdates xmlns=\"" CLIENT "\">" COOKIE
		       "<parameters><InstalledNonLeafUpdateIDs>");
		put_many(t, "<int>1</int>", 10000);
		put(t, "</InstalledNonLeafUpdateIDs></parameters></SyncUpdates>");
		break;
	case 2: /* one long name, one long value */
		put(t, "<");
		put_many(t, "abcdefgh", dice(h, 8000));
		put(t, " b=\"");
		put_many(t, "&amp;", dice(h, 8000));
		put(t, "\"/>");
		break;
	default:
		put(t, PICK(h, bodies));
	}
	put(t, "</s:Body></s:Envelope>");
}

static void head(struct text *t, const char *method, const char *target)
{
	putf(t, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", method, target);
}

/* ---- kinds of requests: what they may be answered with ---- */

/* No less hostile for being well-formed: the code decides what a client does next. */
static const char *exact(struct hostile *h)
{
	/* Of paths, for each of bodies. */
	static const size_t places[] = { 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0 };
	size_t which = dice(h, sizeof bodies / sizeof *bodies);
	bool twelve = dice(h, 2) != 0;
	struct text *r = &h->request, *b = &h->body;

	putf(b, "<e:Envelope xmlns:e=\"%s\"><e:Header>",
	     twelve ? "http://www.w3.org/2003/05/soap-envelope"
		    : "http://schemas.xmlsoap.org/soap/envelope/");
	put_many(b, "<x:y xmlns:x='urn:z' e:mustUnderstand='1'/>", dice(h, 50));
	put(b, "</e:Header><e:Body>");
	put(b, bodies[which]);
	put(b, "</e:Body></e:Envelope>");
	head(r, "POST", paths[places[which]]);
	putf(r, "Content-Length: %zu\r\n\r\n", b->len);
	put_bytes(r, b->bytes, b->len);
	h->code = codes[which];
	return *h->code ? "500" : "200";
}

static const char soap_statuses[] = "200 400 404 405 411 413 500";

static const char *soap(struct hostile *h)
{
	struct text *r = &h->request, *b = &h->body;

	envelope(h, b);
	mutate(h, b);
	head(r, "POST", PICK(h, paths));
	putf(r, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
	     dice(h, 2) ? "text/xml; charset=utf-8" : "application/soap+xml", b->len);
	put_bytes(r, b->bytes, b->len);
	return soap_statuses;
}

static const char *lengths(struct hostile *h)
{
	static const char *const said[] = { "-1",
					    "99999999999999999999",
					    "4194305",
					    "1000000000000",
					    "0x10",
					    "10, 10",
					    "5\r\nContent-Length: 6",
					    "5\r\nTransfer-Encoding: chunked",
					    "",
					    "1 1" };
	static const char *const chunks[] = { "5\r\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\n",
					      "-1\r\n", "zz\r\nhello",
					      "5;x=\"\r\nhello\r\n0\r\n\r\n" };
	struct text *r = &h->request;

	head(r, "POST", PICK(h, paths));
	if (dice(h, 2))
		putf(r, "Content-Length: %s\r\n\r\nhello", PICK(h, said));
	else
		putf(r, "Transfer-Encoding: chunked\r\n\r\n%s", PICK(h, chunks));
	return soap_statuses;
}

static const char *noise(struct hostile *h)
{
	put_random(h, &h->request, dice(h, 2000) + 1);
	if (dice(h, 2))
		put(&h->request, "\r\n\r\n");
	return "400 404 405 414 431 501 505";
}

static const char *lines(struct hostile *h)
{
	static const char *const methods[] = { "GET",     "HEAD", "PUT",  "TRACE",
					       "CONNECT", "get",  "POST", "DELETE",
					       "OPTIONS", "PRI",  "" };
	static const char *const targets[] = { "/",
					       "*",
					       "//",
					       "/%",
					       "/%00",
					       "/%2e%2e/%2e%2e/etc/passwd",
					       "/../../etc/passwd",
					       "/Content/../../catalog.db",
					       "http://elsewhere/",
					       "/Content/00/",
					       "/api/v1/updates/x",
					       "/c/../d/x",
					       "/api/v1/status?a=%zz",
					       "/\x80\xff",
					       "?" };
	static const char *const versions[] = { "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "", "FTP/1.1" };
	struct text *r = &h->request;

	putf(r, "%s %s", PICK(h, methods), PICK(h, targets));
	if (dice(h, 8) == 0)
		put_many(r, "a", dice(h, 40000));
	putf(r, " %s\r\nHost: x\r\nConnection: close\r\n\r\n", PICK(h, versions));
	return "200 400 403 404 405 414 431 501 505";
}

static const char *headers(struct hostile *h)
{
	struct text *r = &h->request;

	head(r, "GET", dice(h, 2) ? "/healthz" : h->object);
	switch (dice(h, 5)) {
	case 0:
		put(r, "X: ");
		put_many(r, "y", dice(h, 60000));
		break;
	case 1:
		for (uint64_t i = dice(h, 3000); i > 0; i--)
			put(r, "a: b\r\n");
		break;
	case 2:
		put(r, "no colon here\r\n : empty\r\n\tfolded");
		break;
	case 3:
		put(r, "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
		break;
	default:
		put_random(h, r, dice(h, 300));
	}
	put(r, "\r\n\r\n");
	return "200 400 404 413 417 431";
}

static const char *range_of(struct hostile *h)
{
	static const char *const pieces[] = { "0-0",
					      "-1",
					      "5-",
					      "5-2",
					      "-0",
					      "18446744073709551616-",
					      "0-18446744073709551615",
					      "-",
					      "a-b",
					      " ",
					      ",",
					      "1-1,1-1",
					      "-99999999999999999999" };
	static const char *const others[] = { "If-Range: \"x\"",
					      "If-Range: Sun, 22 Nov 2026 00:00:00 GMT",
					      "If-None-Match: *",
					      "If-Match: W/\"x\"",
					      "If-Modified-Since: Sun, 99 Nov 9999 99:99:99 GMT",
					      "If-Unmodified-Since: 0",
					      "If-Match: \"",
					      "X: y" };
	struct text *r = &h->request;

	head(r, dice(h, 4) ? "GET" : "HEAD", dice(h, 2) ? h->object : h->original);
	put(r, dice(h, 8) ? "Range: bytes=" : "Range: lines=");
	for (uint64_t i = dice(h, dice(h, 16) ? 4 : 400) + 1; i > 0; i--)
		putf(r, "%s%s", PICK(h, pieces), i > 1 ? "," : "");
	putf(r, "\r\n%s\r\n\r\n", PICK(h, others));
	return "200 206 304 400 412 416 431";
}

static const char *query(struct hostile *h)
{
	static const char *const where[] = { "/api/v1/updates",    "/api/v1/findings",
					     "/api/v1/status",     "/api/v1/computers",
					     "/api/v1/compliance", "/metrics",
					     "/api/v1/groups" };
	static const char *const what[] = { "limit=0",
					    "limit=99999999999999999999",
					    "after=%00",
					    "after=1.2.3.4",
					    "kb='%20OR%201=1",
					    "title=%25",
					    "x",
					    "=",
					    "limit=1&limit=2",
					    "update_id=z",
					    "severity=all",
					    "%" };
	struct text *r = &h->request;
	char target[512];

	snprintf(target, sizeof target, "%s?%s&%s", PICK(h, where), PICK(h, what), PICK(h, what));
	head(r, dice(h, 8) ? "GET" : "POST", target);
	put(r, "\r\n");
	return "200 400 403 404 405";
}

/* ---- one of them ---- */

static void show(const struct hostile *h, const char *why)
{
	size_t len = h->request.len < 3000 ? h->request.len : 3000;

	fprintf(stderr, "hostile: %s\n---- request (%zu bytes)\n", why, h->request.len);
	(void)fwrite(h->request.bytes, 1, len, stderr);
	fprintf(stderr, "\n---- answer (%zu bytes)\n%.3000s\n", h->answer_len, h->answer);
}

/* False when the server does not accept a connection, or says nothing at all for long. */
static bool exchange(struct hostile *h)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(h->port) };
	struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = true;
	size_t sent = 0;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		good = false;
	while (good && sent < h->request.len) {
		ssize_t n = send(fd, h->request.bytes + sent, h->request.len - sent, MSG_NOSIGNAL);

		if (n <= 0) /* it has heard enough */
			break;
		sent += (size_t)n;
	}
	/* An end that comes with the last bytes is noticed late by libmicrohttpd 0.9.75. */
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	if (good) {
		(void)poll(&wait, 1, 5);
		shutdown(fd, SHUT_WR);
	}
	h->answer_len = 0;
	while (good && h->answer_len < ANSWER_MAX) {
		ssize_t n = recv(fd, h->answer + h->answer_len, ANSWER_MAX - h->answer_len, 0);

		if (n < 0 && errno == EAGAIN)
			good = false;
		if (n <= 0)
			break;
		h->answer_len += (size_t)n;
	}
	h->answer[h->answer_len] = '\0';
	if (fd >= 0)
		close(fd);
	return good;
}

/* NULL when all is well. */
static const char *judge(struct hostile *h, const char *allowed, bool to_service)
{
	char status[4] = "";
	const char *end = strstr(h->answer, "\r\n\r\n");

	if (h->answer_len == 0) {
		h->statuses[0]++;
		return NULL;
	}
	if (strncmp(h->answer, "HTTP/1.1 100 ", 13) == 0 && end)
		memmove(h->answer, end + 4, (h->answer_len -= (size_t)(end + 4 - h->answer)) + 1);
	end = strstr(h->answer, "\r\n\r\n");
	/* What is sent when the client has left already may be cut short by its reset. */
	if (!end)
		return h->answer_len < 13 ? NULL : "no end of the headers";
	if (strncmp(h->answer, "HTTP/1.", 7) != 0)
		return "no answer of HTTP";
	memcpy(status, h->answer + 9, 3);
	h->statuses[strtoumax(status, NULL, 10) % 600]++;
	if (!strstr(allowed, status))
		return "a status that does not fit";
	if (strcasestr(h->answer, "\r\nTransfer-Encoding:") &&
	    strcasestr(h->answer, "\r\nTransfer-Encoding:") < end)
		return "chunked";
	const char *length = strcasestr(h->answer, "\r\nContent-Length:");
	if (!length || length > end)
		return "no length";
	uint64_t said = strtoumax(length + 17, NULL, 10);
	uint64_t came = h->answer_len - (size_t)(end + 4 - h->answer);
	bool no_body = strncmp(h->request.bytes, "HEAD", 4) == 0 || strcmp(status, "304") == 0;
	/* libmicrohttpd 0.9.75 sends the headers of its own refusals twice, then closes. */
	bool library = strstr(end, "<html><head><title>") != NULL;
	if (!library && came != (no_body ? 0 : said))
		return "not as long as announced";
	char code[64];
	snprintf(code, sizeof code, "<ErrorCode>%s<", h->code ? h->code : "");
	if (h->code && *h->code && !strstr(end, code))
		return "a fault with another code";
	if (strcmp(status, "500") == 0 &&
	    (!to_service || !strstr(end, "<ErrorCode>") || strstr(end, "InternalServerError<") ||
	     strstr(end, "ServerBusy")))
		/* WSUS answers a bad clientId so, and so do we. */
		if (!strstr(end, "clientId") && !strstr(end, "dnsName"))
			return "a fault that blames the server";
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *(*const kinds[])(struct hostile *) = { exact,    soap,  soap,  soap,
								  lengths,  noise, lines, headers,
								  range_of, query };
	static struct hostile h;

	if (argc != 6) {
		fprintf(stderr, "usage: hostile PORT COUNT SEED OBJECT-PATH ORIGINAL-PATH\n");
		return 2;
	}
	h.port = (uint16_t)strtoumax(argv[1], NULL, 10);
	h.dice = strtoumax(argv[3], NULL, 10);
	h.object = argv[4];
	h.original = argv[5];
	h.answer = malloc(ANSWER_MAX + 1);
	if (!h.answer)
		return 2;
	uint64_t count = strtoumax(argv[2], NULL, 10);
	for (uint64_t i = 0; i < count; i++) {
		size_t kind = dice(&h, sizeof kinds / sizeof *kinds);

		h.request.len = h.body.len = 0;
		h.code = NULL;
		const char *allowed = kinds[kind](&h);
		const char *why =
			exchange(&h) ? judge(&h, allowed, kind < 5) : "no connection or silence";
		if (why) {
			fprintf(stderr, "hostile: request %" PRIu64 " of seed %s\n", i, argv[3]);
			show(&h, why);
			return 1;
		}
	}
	printf("requests %" PRIu64, count);
	for (size_t i = 0; i < sizeof h.statuses / sizeof *h.statuses; i++)
		if (h.statuses[i] > 0)
			printf(" %zu:%" PRIu64, i, h.statuses[i]);
	printf("\n");
	free(h.answer);
	return 0;
}
