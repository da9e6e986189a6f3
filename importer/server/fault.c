#include "importer/server/fault.h"

#include <string.h>

static const char internal[] = "InternalServerError", busy[] = "ServerBusy";

const char *fault_code(const struct error *why)
{
	static const struct {
		enum error_id id;
		const char *code;
	} rows[] = {
		{ ERROR_SOAP_FORMAT, "InvalidParameters" },
		{ ERROR_SOAP_VERSION, "InvalidParameters" },
		{ ERROR_SOAP_OPERATION, "InvalidParameters" },
		{ ERROR_SOAP_VALUE, "InvalidParameters" },
		{ ERROR_SOAP_BODY, "InvalidParameters" },
		{ ERROR_SOAP_CODING, "InvalidParameters" },
		{ ERROR_WUSP_PARAMETERS, "InvalidParameters" },
		{ ERROR_COOKIE_INVALID, "InvalidCookie" },
		{ ERROR_COOKIE_SERVER, "ServerChanged" },
		{ ERROR_COOKIE_EXPIRED, "CookieExpired" },
		{ ERROR_COOKIE_CONFIG, "ConfigChanged" },
		{ ERROR_COOKIE_AUTHORIZATION, "InvalidAuthorizationCookie" },
		{ ERROR_COOKIE_LOCATION, "FileLocationChanged" },
		{ ERROR_COOKIE_REGISTER, "RegistrationRequired" },
		{ ERROR_COOKIE_NAMELESS, "RegistrationNotRequired" },
		/* so does WSUS */
		{ ERROR_COOKIE_CLIENT, internal },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].id == why->id)
			return rows[i].code;
	return why->class == ERROR_CLASS_BUSY || why->class == ERROR_CLASS_SPACE ? busy : internal;
}

bool fault_is_ours(const struct error *why)
{
	const char *code = fault_code(why);

	return (code == internal || code == busy) && why->id != ERROR_COOKIE_CLIENT &&
	       why->id != ERROR_SOAP_BUSY;
}

/* The children have no namespace: the envelope declares a prefix only. */
static void write_detail(struct soap_writer *w, const struct error *why, const char *action,
			 const unsigned char id[16])
{
	bool ours = fault_is_ours(why);

	soap_text(w, "ErrorCode", fault_code(why));
	soap_text(w, "Message", ours ? "the server could not answer" : why->message);
	soap_guid(w, "ID", id);
	soap_open(w, "Method");
	soap_raw(w, "\"");
	soap_escape(w, action, strlen(action));
	soap_raw(w, "\"");
	soap_close(w, "Method");
}

int fault_write(struct soap_writer *w, enum soap_version version, const struct error *why,
		const char *action, const unsigned char id[16], struct error *err)
{
	bool mismatch = why->id == ERROR_SOAP_VERSION;

	soap_begin(w, version, "", "s:Fault");
	if (version == SOAP_11) {
		soap_text(w, "faultcode", mismatch ? "s:VersionMismatch" : "s:Client");
		soap_text(w, "faultstring", "Fault occurred");
		soap_open(w, "detail");
		write_detail(w, why, action, id);
		soap_close(w, "detail");
	} else {
		soap_raw(w, "<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason>"
			    "<s:Text xml:lang=\"en\">Fault occurred</s:Text></s:Reason>");
		soap_open(w, "s:Detail");
		write_detail(w, why, action, id);
		soap_close(w, "s:Detail");
	}
	return soap_end(w, "s:Fault", err);
}
