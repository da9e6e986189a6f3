#include "importer/server/fault.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const unsigned char guid[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static struct error failure(enum error_id id, const char *message)
{
	struct error e = ERROR_INIT;

	error_set(&e, id, "%s", message);
	return e;
}

static void every_failure_has_a_code(void **state)
{
	static const struct {
		enum error_id id;
		const char *code;
		bool ours;
	} rows[] = {
		{ ERROR_COOKIE_INVALID, "InvalidCookie", false },
		{ ERROR_COOKIE_SERVER, "ServerChanged", false },
		{ ERROR_COOKIE_CONFIG, "ConfigChanged", false },
		{ ERROR_COOKIE_EXPIRED, "CookieExpired", false },
		{ ERROR_COOKIE_REGISTER, "RegistrationRequired", false },
		{ ERROR_COOKIE_NAMELESS, "RegistrationNotRequired", false },
		{ ERROR_COOKIE_AUTHORIZATION, "InvalidAuthorizationCookie", false },
		{ ERROR_COOKIE_LOCATION, "FileLocationChanged", false },
		{ ERROR_SOAP_VALUE, "InvalidParameters", false },
		{ ERROR_SOAP_FORMAT, "InvalidParameters", false },
		{ ERROR_SOAP_OPERATION, "InvalidParameters", false },
		{ ERROR_SOAP_BODY, "InvalidParameters", false },
		{ ERROR_WUSP_PARAMETERS, "InvalidParameters", false },
		{ ERROR_COOKIE_CLIENT, "InternalServerError", false },
		{ ERROR_SOAP_BUSY, "ServerBusy", false },
		{ ERROR_DB_BUSY, "ServerBusy", true },
		{ ERROR_DB_CORRUPT, "InternalServerError", true },
		{ ERROR_SOAP_REPLY, "InternalServerError", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct error why = failure(rows[i].id, "m");

		assert_string_equal(fault_code(&why), rows[i].code);
		assert_int_equal(fault_is_ours(&why), rows[i].ours);
	}
}

static void written(enum soap_version version, enum error_id id, const char *want)
{
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	struct error why = failure(id, "a<b"), err = ERROR_INIT;

	assert_int_equal(fault_write(&w, version, &why, "urn:x/Do", guid, &err), 0);
	assert_int_equal(w.buf.len, strlen(want));
	assert_memory_equal(w.buf.bytes, want, w.buf.len);
}

#define DETAIL(code, message)                                           \
	"<ErrorCode>" code "</ErrorCode><Message>" message "</Message>" \
	"<ID>01020304-0506-0708-090a-0b0c0d0e0f10</ID><Method>\"urn:x/Do\"</Method>"
#define BODY                                                                 \
	"\"><s:Body xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"" \
	" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><s:Fault>"

static void both_versions(void **state)
{
	(void)state;
	written(SOAP_11, ERROR_SOAP_VALUE,
		"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/" BODY
		"<faultcode>s:Client</faultcode><faultstring>Fault "
		"occurred</faultstring><detail>" DETAIL(
			"InvalidParameters", "a&lt;b") "</detail></s:Fault></s:Body></s:Envelope>");
	written(SOAP_12, ERROR_SOAP_VALUE,
		"<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope" BODY
		"<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang=\"en\">"
		"Fault occurred</s:Text></s:Reason><s:Detail>" DETAIL(
			"InvalidParameters",
			"a&lt;b") "</s:Detail></s:Fault></s:Body></s:Envelope>");
	/* the details of our own failures stay here */
	written(SOAP_11, ERROR_DB_CORRUPT,
		"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/" BODY
		"<faultcode>s:Client</faultcode><faultstring>Fault "
		"occurred</faultstring><detail>" DETAIL(
			"InternalServerError",
			"the server could not answer") "</detail></s:Fault></s:Body></s:Envelope>");
}

static void text_is_escaped_on_one_line(void **state)
{
	CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
	static const char want[] = "<a>&lt;x y=\"1\"&gt;&amp;\t&#10;&#13;?\xc3\xbc</a>";

	(void)state;
	soap_text(&w, "a", "<x y=\"1\">&\t\n\r\x01\xc3\xbc");
	assert_int_equal(w.buf.len, sizeof want - 1);
	assert_memory_equal(w.buf.bytes, want, w.buf.len);
}

/* Every byte at every place of a stretch of ordinary ones. */
static void every_byte_is_escaped_anywhere(void **state)
{
	static const char *const others[256] = {
		['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['\n'] = "&#10;", ['\r'] = "&#13;"
	};
	char text[24], want[64];

	(void)state;
	for (unsigned c = 1; c < 256; c++)
		for (size_t at = 0; at < sizeof text; at++) {
			CLEANUP(soap_writer_clear) struct soap_writer w = SOAP_WRITER_INIT;
			char one[2] = { (char)(c < ' ' && c != '\t' ? '?' : c), '\0' };

			memset(text, 'z', sizeof text);
			text[at] = (char)c;
			int len = snprintf(want, sizeof want, "%.*s%s%.*s", (int)at, text,
					   others[c] ? others[c] : one, (int)(sizeof text - at - 1),
					   text + at + 1);
			soap_escape(&w, text, sizeof text);
			assert_int_equal(w.buf.len, len);
			assert_memory_equal(w.buf.bytes, want, w.buf.len);
		}
}

static void the_first_failure_is_kept(void **state)
{
	CLEANUP(soap_writer_clear) struct soap_writer w = { .buf = BUF_INIT(8) };
	struct error err = ERROR_INIT;

	(void)state;
	soap_text(&w, "long", "er than it may be");
	soap_int(&w, "a", 1);
	assert_int_equal(soap_end(&w, "b", &err), -1);
	assert_int_equal(err.id, ERROR_SOAP_REPLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_has_a_code),
		cmocka_unit_test(both_versions),
		cmocka_unit_test(text_is_escaped_on_one_line),
		cmocka_unit_test(every_byte_is_escaped_anywhere),
		cmocka_unit_test(the_first_failure_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
