/* What a machine sends. */
#include "tests/clients/ask.h"

#include "lib/base/error.h"
#include "lib/base/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_REQUEST = 50 };

static const char client_uri[] =
	"http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService";
static const char auth_uri[] =
	"http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService";
static const char report_uri[] = "http://www.microsoft.com/SoftwareDistribution";

__attribute__((format(printf, 2, 3))) static void add(struct buf *b, const char *fmt, ...)
{
	char text[8192];
	struct error err = ERROR_INIT;
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof text || buf_append(b, text, (size_t)len, &err) < 0)
		abort();
}

static void add_text(struct buf *b, const char *text, size_t len)
{
	struct error err = ERROR_INIT;

	if (buf_append(b, text, len, &err) < 0)
		abort();
}

/* The whole request: children are those of the operation's element. */
static void post(struct machine *m, const char *path, const char *uri, const char *operation,
		 const struct buf *children)
{
	CLEANUP(buf_clear) struct buf body = BUF_INIT(WIRE_MAX);
	bool twelve = m->run->twelve;

	add(&body, "<s:Envelope xmlns:s=\"%s\"><s:Body><%s xmlns=\"%s\">",
	    twelve ? "http://www.w3.org/2003/05/soap-envelope"
		   : "http://schemas.xmlsoap.org/soap/envelope/",
	    operation, uri);
	add_text(&body, children->bytes ? (const char *)children->bytes : "", children->len);
	add(&body, "</%s></s:Body></s:Envelope>", operation);
	m->wire.out.len = 0;
	add(&m->wire.out,
	    "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s; charset=utf-8\r\n"
	    "Accept-Encoding: xpress\r\nUser-Agent: Windows-Update-Agent/1507.2601.0.0 "
	    "Client-Protocol/2.90\r\nContent-Length: %zu\r\n",
	    path, m->run->host, twelve ? "application/soap+xml" : "text/xml", body.len);
	if (!twelve)
		add(&m->wire.out, "SOAPAction: \"%s/%s\"\r\n", uri, operation);
	add_text(&m->wire.out, "\r\n", 2);
	add_text(&m->wire.out, (const char *)body.bytes, body.len);
}

static void add_cookie(struct machine *m, struct buf *b)
{
	add(b, "<cookie><Expiration>2100-01-01T00:00:00Z</Expiration><EncryptedData>");
	add_text(b, m->cookie, strlen(m->cookie));
	add(b, "</EncryptedData></cookie>");
}

static void add_ids(struct buf *b, const char *element, const struct ids *ids)
{
	if (ids->count == 0)
		return;
	add(b, "<%s>", element);
	for (size_t i = 0; i < ids->count; i++)
		add(b, "<int>%d</int>", ids->items[i]);
	add(b, "</%s>", element);
}

void ask_client_id(const struct machine *m, char out[STR_GUID_SIZE])
{
	snprintf(out, STR_GUID_SIZE, "5157a7e0-%04x-4000-8000-%012x", m->number >> 16 & 0xFFFF,
		 m->number);
}

static void ask_authorize(struct machine *m, struct buf *b)
{
	char id[STR_GUID_SIZE];

	ask_client_id(m, id);
	add(b,
	    "<clientId>%s</clientId><targetGroupName>%s</targetGroupName>"
	    "<dnsName>pc%u.example</dnsName>",
	    id, m->run->group, m->number);
	post(m, "/SimpleAuthWebService/SimpleAuth.asmx", auth_uri, "GetAuthorizationCookie", b);
}

static void ask_cookie(struct machine *m, struct buf *b)
{
	add(b,
	    "<authCookies><AuthorizationCookie><PlugInId>SimpleTargeting</PlugInId><CookieData>"
	    "%s</CookieData></AuthorizationCookie></authCookies><oldCookie>"
	    "<Expiration>2020-01-01T00:00:00Z</Expiration></oldCookie>"
	    "<lastChange>%s</lastChange><currentTime>2026-01-01T00:00:00Z</currentTime>"
	    "<protocolVersion>2.90</protocolVersion>",
	    m->cookie, m->config);
	post(m, "/ClientWebService/client.asmx", client_uri, "GetCookie", b);
}

static void ask_register(struct machine *m, struct buf *b)
{
	add_cookie(m, b);
	add(b,
	    "<computerInfo><DnsName>pc%u.example</DnsName><OSMajorVersion>10</OSMajorVersion>"
	    "<OSMinorVersion>0</OSMinorVersion><OSBuildNumber>26200</OSBuildNumber>"
	    "<OSServicePackMajorNumber>0</OSServicePackMajorNumber>"
	    "<OSServicePackMinorNumber>0</OSServicePackMinorNumber><OSLocale>en-US</OSLocale>"
	    "<BiosReleaseDate>2024-01-01T00:00:00</BiosReleaseDate>"
	    "<ProcessorArchitecture>AMD64</ProcessorArchitecture><SuiteMask>256</SuiteMask>"
	    "<OldProductType>1</OldProductType><NewProductType>48</NewProductType>"
	    "<SystemMetrics>0</SystemMetrics>"
	    "<ClientVersionMajorNumber>1507</ClientVersionMajorNumber>"
	    "<OSDescription>Windows 10 Pro</OSDescription></computerInfo>",
	    m->number);
	post(m, "/ClientWebService/client.asmx", client_uri, "RegisterComputer", b);
}

/* A hardware id has no other character that XML minds. */
static void add_escaped(struct buf *b, const char *text)
{
	for (; *text; text++)
		if (*text == '&')
			add(b, "&amp;");
		else
			add_text(b, text, 1);
}

static void ask_sync(struct machine *m, struct buf *b)
{
	bool drivers = m->step == STEP_DRIVERS;

	add_cookie(m, b);
	add(b, "<parameters><ExpressQuery>false</ExpressQuery>");
	add_ids(b, "InstalledNonLeafUpdateIDs", &m->installed);
	if (!drivers)
		add_ids(b, "OtherCachedUpdateIDs", &m->other);
	if (drivers) {
		add(b, "<SystemSpec><Device><HardwareIDs><string>");
		add_escaped(b, m->run->device ? m->run->device : "PCI\\VEN_8086&DEV_1234");
		add(b, "</string></HardwareIDs></Device></SystemSpec>");
		add_ids(b, "CachedDriverIDs", &m->drivers);
	}
	add(b, "<SkipSoftwareSync>%s</SkipSoftwareSync>", drivers ? "true" : "false");
	add(b, "<NeedTwoGroupOutOfScopeUpdates>true</NeedTwoGroupOutOfScopeUpdates>"
	       "<AlsoPerformRegularSync>false</AlsoPerformRegularSync>");
	if (drivers && m->run->computer)
		add(b, "<ComputerSpec><HardwareIDs><guid>%s</guid></HardwareIDs></ComputerSpec>",
		    m->run->computer);
	else
		add(b, "<ComputerSpec/>");
	add(b, "%s</parameters>",
	    drivers ? "<FeatureScoreMatchingKey>AMD64.10.0</FeatureScoreMatchingKey>" : "");
	post(m, "/ClientWebService/client.asmx", client_uri, "SyncUpdates", b);
}

static void ask_info(struct machine *m, struct buf *b)
{
	struct ids some = { .items = m->offered.items + m->asked,
			    .count = m->offered.count - m->asked };

	if (some.count > PER_REQUEST)
		some.count = PER_REQUEST;
	m->asked += some.count;
	add_cookie(m, b);
	add_ids(b, "revisionIDs", &some);
	add(b, "<infoTypes><XmlUpdateFragmentType>Extended</XmlUpdateFragmentType>"
	       "<XmlUpdateFragmentType>LocalizedProperties</XmlUpdateFragmentType></infoTypes>"
	       "<locales><string>en-US</string><string>en</string></locales>"
	       "<deviceAttributes>E:x=1</deviceAttributes>");
	post(m, "/ClientWebService/client.asmx", client_uri, "GetExtendedUpdateInfo", b);
}

static void ask_range(struct machine *m)
{
	const struct location *l = &m->locations[m->location];
	uint64_t first = m->piece * MACHINE_PIECE, last = first + MACHINE_PIECE - 1;

	if (l->size > 0 && last >= l->size)
		last = l->size - 1;
	m->wire.out.len = 0;
	add(&m->wire.out,
	    "GET %s HTTP/1.1\r\nHost: %s\r\nRange: bytes=%" PRIu64 "-%" PRIu64 "\r\n"
	    "User-Agent: Microsoft-Delivery-Optimization/10.1\r\n\r\n",
	    l->path, m->run->host, first, last);
}

static void add_event(struct machine *m, struct buf *b, unsigned number, unsigned event,
		      const char *misc)
{
	char id[STR_GUID_SIZE];

	ask_client_id(m, id);
	add(b,
	    "<ReportingEvent><BasicData><TargetID><Sid>%s</Sid></TargetID>"
	    "<SequenceNumber>0</SequenceNumber><TimeAtTarget>2026-01-01T00:00:0%u</TimeAtTarget>"
	    "<EventInstanceID>e0e0e0e0-%04x-4000-8000-%012x</EventInstanceID>"
	    "<NamespaceID>1</NamespaceID><EventID>%u</EventID><SourceID>101</SourceID><UpdateID>"
	    "<UpdateID>00000000-0000-0000-0000-000000000000</UpdateID>"
	    "<RevisionNumber>0</RevisionNumber></UpdateID><Win32HResult>0</Win32HResult>"
	    "<AppName>wuclient</AppName></BasicData><ExtendedData><MiscData><string>",
	    id, number, number, m->number, event);
	add_text(b, misc, strlen(misc));
	add(b, "</string></MiscData>"
	       "<ProcessorArchitecture>Amd64Compatible</ProcessorArchitecture></ExtendedData>"
	       "</ReportingEvent>");
}

static void ask_report(struct machine *m, struct buf *b)
{
	CLEANUP(buf_clear) struct buf status = BUF_INIT(WIRE_MAX);

	add(&status, "U=");
	add_text(&status, m->needed.bytes ? (const char *)m->needed.bytes : "", m->needed.len);
	add_text(&status, "", 1);
	add_cookie(m, b);
	add(b, "<clientTime>2026-01-01T00:00:00Z</clientTime><eventBatch>");
	add_event(m, b, 0, 147, "D=1");
	add_event(m, b, 1, 156, (const char *)status.bytes);
	add(b, "</eventBatch>");
	post(m, "/ReportingWebService/ReportingWebService.asmx", report_uri, "ReportEventBatch", b);
}

void ask(struct machine *m)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(WIRE_MAX);

	switch (m->step) {
	case STEP_CONFIG:
		add(&b, "<protocolVersion>2.90</protocolVersion>");
		post(m, "/ClientWebService/client.asmx", client_uri, "GetConfig", &b);
		break;
	case STEP_AUTHORIZE:
		ask_authorize(m, &b);
		break;
	case STEP_COOKIE:
		ask_cookie(m, &b);
		break;
	case STEP_REGISTER:
		ask_register(m, &b);
		break;
	case STEP_SYNC:
	case STEP_DRIVERS:
	case STEP_AGAIN:
		ask_sync(m, &b);
		break;
	case STEP_INFO:
		ask_info(m, &b);
		break;
	case STEP_DOWNLOAD:
		ask_range(m);
		break;
	case STEP_REPORT:
		ask_report(m, &b);
		break;
	case STEP_DONE:
	case STEPS_:
		break;
	}
}
