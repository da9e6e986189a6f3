#include "importer/server/soap_read.h"

#include "importer/server/soap_ints.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "tests/unit/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define E11 "http://schemas.xmlsoap.org/soap/envelope/"
#define E12 "http://www.w3.org/2003/05/soap-envelope"

struct item {
	const char *name;
	struct soap_list numbers;
};

struct sample {
	int32_t first; /* so that no "seen" has offset 0 */
	bool inner_seen, flag;
	const char *text;
	int64_t time;
	int32_t loose;
	unsigned char guid[16];
	struct soap_bytes bytes;
	struct soap_protocol protocol;
	struct soap_list numbers, items;
	struct {
		int32_t deep;
	} inner;
};

static const struct soap_field number_fields[] = {
	{ .name = "int", .type = SOAP_INT, .item = sizeof(int32_t) },
	{ .name = NULL },
};
static const struct soap_field item_fields[] = {
	{ .name = "Name", .type = SOAP_TEXT, .offset = offsetof(struct item, name) },
	SOAP_INSIDE(item, "Numbers", number_fields, numbers),
	{ .name = NULL },
};
static const struct soap_field items_fields[] = {
	{ .name = "Item", .type = SOAP_STRUCT, .fields = item_fields, .item = sizeof(struct item) },
	{ .name = NULL },
};
static const struct soap_field inner_fields[] = {
	{ .name = "Deep", .type = SOAP_INT },
	{ .name = NULL },
};
static const struct soap_field sample_fields[] = {
	SOAP_AT(sample, "First", SOAP_INT, first),
	SOAP_AT(sample, "Flag", SOAP_BOOL, flag),
	SOAP_AT(sample, "Text", SOAP_TEXT, text),
	SOAP_AT(sample, "Time", SOAP_TIME, time),
	SOAP_AT(sample, "Loose", SOAP_NUMBER, loose),
	SOAP_AT(sample, "Guid", SOAP_GUID, guid),
	SOAP_AT(sample, "Bytes", SOAP_BASE64, bytes),
	SOAP_AT(sample, "Protocol", SOAP_VERSION, protocol),
	SOAP_INSIDE(sample, "Numbers", number_fields, numbers),
	SOAP_INSIDE(sample, "Items", items_fields, items),
	{ .name = "Inner",
	  .type = SOAP_STRUCT,
	  .offset = offsetof(struct sample, inner),
	  .fields = inner_fields,
	  .seen = offsetof(struct sample, inner_seen) },
	{ .name = NULL },
};
static const struct soap_operation sample_operation = { "Do", sample_fields, sizeof(struct sample),
							NULL };
static const struct soap_operation other_operation = { "Else", sample_fields, sizeof(struct sample),
						       NULL };
static const struct soap_operation *const operations[] = { &other_operation, &sample_operation,
							   NULL };
static const struct soap_service service = { "urn:test", operations };

static enum error_id read_text(const char *text, size_t len, struct soap_message *m,
			       struct error *err)
{
	int result = soap_read(&service, text, len, m, err);

	assert_int_equal(result, err->id == ERROR_NONE ? 0 : -1);
	return err->id;
}

/* The operation's children in an envelope of version 1.1. */
static enum error_id read_body(const char *children, struct soap_message *m, struct error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(8 << 20);

	assert_int_equal(buf_printf(&b, err,
				    "<s:Envelope xmlns:s=\"" E11
				    "\"><s:Body><Do xmlns=\"urn:test\">"
				    "%s</Do></s:Body></s:Envelope>",
				    children),
			 0);
	return read_text((const char *)b.bytes, b.len, m, err);
}

static void envelopes(void **state)
{
	static const struct {
		const char *text;
		enum error_id error;
		enum soap_version version;
	} rows[] = {
		{ "<s:Envelope xmlns:s='" E11
		  "'><s:Body><Do xmlns='urn:test'/></s:Body></s:Envelope>",
		  ERROR_NONE, SOAP_11 },
		{ "<s:Envelope xmlns:s='" E12
		  "'><s:Body><Do xmlns='urn:test'/></s:Body></s:Envelope>",
		  ERROR_NONE, SOAP_12 },
		{ "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<soap:Envelope xmlns:soap='" E11
		  "' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>\n <soap:Body>\n  <Do "
		  "xmlns='urn:test' />\n </soap:Body>\n</soap:Envelope>\n",
		  ERROR_NONE, SOAP_11 },
		{ "<Envelope xmlns='" E12 "'><Body><t:Do xmlns:t='urn:test'/></Body></Envelope>",
		  ERROR_NONE, SOAP_12 },
		{ "<a:Envelope xmlns:a='" E11 "' xmlns:n='urn:test'><a:Header><w:Security "
		  "xmlns:w='urn:w' a:mustUnderstand='1'><Do xmlns='urn:test'><First>x</First></Do>"
		  "</w:Security></a:Header><a:Body><n:Do/></a:Body></a:Envelope>",
		  ERROR_NONE, SOAP_11 },
		/* a header's declarations end with it */
		{ "<s:Envelope xmlns:s='" E11 "'><s:Header xmlns='urn:test'/><s:Body><Do/></s:Body>"
		  "</s:Envelope>",
		  ERROR_SOAP_OPERATION, SOAP_11 },
		/* what follows the first child is skipped */
		{ "<s:Envelope xmlns:s='" E11 "'><s:Body><Do xmlns='urn:test'/><Else "
		  "xmlns='urn:test'><First>x</First></Else></s:Body></s:Envelope>",
		  ERROR_NONE, SOAP_11 },
		{ "<s:Envelope xmlns:s='" E12 "'><s:Body><Nothing xmlns='urn:test'/></s:Body>"
		  "</s:Envelope>",
		  ERROR_SOAP_OPERATION, SOAP_12 },
		{ "<s:Envelope xmlns:s='" E11
		  "'><s:Body><Do xmlns='urn:toast'/></s:Body></s:Envelope>",
		  ERROR_SOAP_OPERATION, SOAP_11 },
		{ "<s:Envelope xmlns:s='" E11 "'><s:Body/></s:Envelope>", ERROR_SOAP_FORMAT,
		  SOAP_11 },
		{ "<s:Envelope xmlns:s='" E12 "'/>", ERROR_SOAP_FORMAT, SOAP_12 },
		{ "<s:Envelope xmlns:s='" E11 "'><Body><Do xmlns='urn:test'/></Body></s:Envelope>",
		  ERROR_SOAP_FORMAT, SOAP_11 },
		{ "<s:Envelope xmlns:s='urn:none'><s:Body/></s:Envelope>", ERROR_SOAP_VERSION,
		  SOAP_11 },
		{ "<s:Envelope><s:Body/></s:Envelope>", ERROR_SOAP_VERSION, SOAP_11 },
		{ "<html/>", ERROR_SOAP_FORMAT, SOAP_11 },
		{ "", ERROR_SOAP_FORMAT, SOAP_11 },
		{ "x", ERROR_SOAP_FORMAT, SOAP_11 },
		{ "<s:Envelope xmlns:s='" E11 "'>", ERROR_SOAP_FORMAT, SOAP_11 },
		{ "<!DOCTYPE a [<!ENTITY b 'c'>]><s:Envelope xmlns:s='" E11 "'/>",
		  ERROR_SOAP_FORMAT, SOAP_11 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
		struct error err = ERROR_INIT;

		if (read_text(rows[i].text, strlen(rows[i].text), &m, &err) != rows[i].error ||
		    m.version != rows[i].version)
			fail_msg("row %zu: %s %s", i, error_id_text(err.id), err.message);
		if (rows[i].error == ERROR_NONE)
			assert_string_equal(m.operation->name, "Do");
	}
}

static void values_arrive(void **state)
{
	CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	read_body("<Items><Item><Numbers><int>1</int></Numbers><Name>a&amp;b</Name></Item><Item/>"
		  "<Item><Name>c</Name></Item></Items><Unknown><First>9</First></Unknown>"
		  "<Numbers><int>3</int><other>4</other><int>-5</int></Numbers>"
		  "<Protocol>2.90</Protocol><Bytes>TWFu</Bytes>"
		  "<Guid>00112233-4455-6677-8899-AABBCCDDEEFF</Guid><Loose>12</Loose>"
		  "<Time>2024-02-29T12:00:00Z</Time><Text> t<!-- c --><![CDATA[<x>]]> </Text>"
		  "<Flag>1</Flag><Inner><Deep>8</Deep></Inner><First>7</First>",
		  &m, &err);
	assert_no_error(err);
	const struct sample *s = m.request;
	const struct item *items = s->items.items;
	assert_int_equal(s->first, 7);
	assert_true(s->flag && s->inner_seen);
	assert_string_equal(s->text, " t<x> ");
	assert_true(s->time == 1709208000);
	assert_int_equal(s->loose, 12);
	assert_int_equal(s->guid[15], 0xFF);
	assert_int_equal(s->bytes.len, 3);
	assert_memory_equal(s->bytes.bytes, "Man", 3);
	assert_int_equal(s->protocol.minor, 90);
	assert_int_equal(s->numbers.count, 2);
	assert_int_equal(((const int32_t *)s->numbers.items)[1], -5);
	assert_int_equal(s->items.count, 3);
	assert_string_equal(items[0].name, "a&b");
	assert_int_equal(items[0].numbers.count, 1);
	assert_null(items[1].name);
	assert_string_equal(items[2].name, "c");
	assert_int_equal(s->inner.deep, 8);
}

static void nil_and_empty_are_absent(void **state)
{
	static const char *const rows[] = {
		"",
		"<First/><Flag></Flag><Text/><Time> "
		"</Time><Guid/><Bytes/><Protocol/><Numbers/><Inner/>",
		"<Numbers><int/><int> </int></Numbers>",
		"<First xmlns:i='urn:i' i:nil='true'>7</First><Inner xmlns:i='urn:i' i:nil='1'>"
		"<Deep>x</Deep></Inner><Numbers xmlns:i='urn:i' "
		"i:nil='true'><int>x</int></Numbers>",
		"<Loose>4294967296</Loose>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
		struct error err = ERROR_INIT;

		read_body(rows[i], &m, &err);
		assert_no_error(err);
		const struct sample *s = m.request;
		assert_int_equal(s->first, 0);
		assert_false(s->flag || s->inner_seen);
		assert_null(s->text);
		assert_int_equal(s->bytes.len, 0);
		assert_int_equal(s->numbers.count, 0);
		assert_int_equal(s->protocol.major, 0);
		assert_int_equal(s->loose, 0);
		assert_int_equal(s->time, 0);
	}
}

static void early_times_are_not_absent(void **state)
{
	static const char *const rows[] = { "<Time>0001-01-01T00:00:00</Time>",
					    "<Time>1970-01-01T00:00:00Z</Time>" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
		struct error err = ERROR_INIT;

		read_body(rows[i], &m, &err);
		assert_no_error(err);
		assert_int_equal(((const struct sample *)m.request)->time, 1);
	}
}

/* So that a fault can say what it was; another namespace is nothing of ours. */
static void what_is_not_served_has_a_name(void **state)
{
	static const struct {
		const char *uri, *name;
	} rows[] = { { "urn:test", "Nothing" }, { "urn:toast", "" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
		struct error err = ERROR_INIT;
		char text[256];

		snprintf(text, sizeof text,
			 "<s:Envelope xmlns:s='" E12 "'><s:Body><x:Nothing xmlns:x='%s'/></s:Body>"
			 "</s:Envelope>",
			 rows[i].uri);
		assert_int_equal(read_text(text, strlen(text), &m, &err), ERROR_SOAP_OPERATION);
		assert_string_equal(m.name, rows[i].name);
	}
}

static void bad_values_are_named(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{ "<First>x</First>", "First" },
		{ "<Flag>maybe</Flag>", "Flag" },
		{ "<Time>yesterday</Time>", "Time" },
		{ "<Guid>{00112233-4455-6677-8899-aabbccddeeff</Guid>", "Guid" },
		{ "<Bytes>?</Bytes>", "Bytes" },
		{ "<Protocol>two</Protocol>", "Protocol" },
		{ "<Numbers><int>1</int><int>x</int></Numbers>", "Numbers" },
		{ "<Inner><Deep>1e3</Deep></Inner>", "Inner.Deep" },
		{ "<Items><Item><Numbers><int>x</int></Numbers></Item></Items>", "Items.Numbers" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
		struct error err = ERROR_INIT;

		assert_int_equal(read_body(rows[i].text, &m, &err), ERROR_SOAP_VALUE);
		assert_string_equal(err.message, rows[i].path);
		assert_string_equal(m.name, "Do");
	}
}

/* What is read as numbers, and what only looks like it, is what reading every element gives. */
static void numbers_are_elements(void **state)
{
	static const struct {
		const char *text;
		size_t runs, count; /* taken out; read */
		enum error_id error;
	} rows[] = {
		{ "<Numbers><int>1</int><int>02</int><int>999999999</int></Numbers>", 1, 3, 0 },
		{ "<Numbers><int>1</int><int>1073741823</int><int>3</int><int>4</int></Numbers>", 1,
		  4, 0 },
		{ "<Numbers><int>x</int><int>2</int></Numbers>", 1, 0, ERROR_SOAP_VALUE },
		{ "<Numbers><int/><int>2</int><int> 3</int><int>4</int><int>5</int></Numbers>", 1,
		  4, 0 },
		{ "<Numbers><int>2147483648</int><int>2</int></Numbers>", 1, 0, ERROR_SOAP_VALUE },
		{ "<Numbers><int>1</int><int>2</int></Numbers><Numbers><int>3</int><int>4</int>"
		  "</Numbers>",
		  2, 4, 0 },
		{ "<Numbers><int xmlns:i='urn:i' i:nil='1'>1</int><int>2</int></Numbers>", 1, 1,
		  0 },
		{ "<Numbers><!--<int>1</int><int>2</int>--><int>3</int></Numbers>", 1, 1, 0 },
		{ "<Text><![CDATA[<int>1</int><int>2</int>]]></Text>", 1, 0, 0 },
		{ "<Text><int>1</int><int>2</int>t</Text>", 1, 0, 0 },
		{ "<Text a='<int>1</int><int>2</int>'/>", 1, 0, ERROR_SOAP_FORMAT },
		{ "<Unknown><int>1</int><int>2</int></Unknown>", 1, 0, 0 },
		{ "<int>1</int><int>2</int>", 1, 0, 0 },
		{ "<Numbers><int>1<int>1</int><int>2</int></int></Numbers>", 1, 1, 0 },
		{ "<Numbers><int>1</int><int>2</int></Number>", 1, 0, ERROR_SOAP_FORMAT },
		{ "<Numbers><int>1</int><int>2<int></Numbers>", 0, 0, ERROR_SOAP_FORMAT },
		{ "<Numbers><int>1</int><int>2</int", 0, 0, ERROR_SOAP_FORMAT },
		{ "<Inner><int>1</int><int>2</int><Deep>1</Deep></Inner>", 1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
		CLEANUP(soap_message_clear) struct soap_message plain = SOAP_MESSAGE_INIT;
		CLEANUP(soap_ints_clear) struct soap_ints ints = { .bytes = NULL };
		struct error err = ERROR_INIT, other = ERROR_INIT;
		char body[1024];
		int len =
			snprintf(body, sizeof body,
				 "<s:Envelope xmlns:s=\"" E11
				 "\"><s:Body><Do xmlns=\"urn:test\">%s</Do></s:Body></s:Envelope>",
				 rows[i].text);
		const struct soap_ints whole = { .bytes = (unsigned char *)body,
						 .len = (size_t)len };

		soap_ints_cut(whole.bytes, whole.len, &ints);
		if (ints.runs_count != rows[i].runs)
			fail_msg("row %zu: %zu runs", i, ints.runs_count);
		if (read_text(body, whole.len, &m, &err) != rows[i].error)
			fail_msg("row %zu: %s %s", i, error_id_text(err.id), err.message);
		assert_int_equal(soap_read_whole(&service, &whole, &plain, &other),
				 err.id == ERROR_NONE ? 0 : -1);
		assert_int_equal(err.id, other.id);
		assert_string_equal(err.message, other.message);
		if (err.id != ERROR_NONE)
			continue;
		const struct sample *a = m.request, *b = plain.request;
		assert_int_equal(a->numbers.count, rows[i].count);
		assert_int_equal(b->numbers.count, rows[i].count);
		if (rows[i].count > 0)
			assert_memory_equal(a->numbers.items, b->numbers.items,
					    rows[i].count * sizeof(int32_t));
		assert_int_equal(a->text != NULL, b->text != NULL);
		if (a->text)
			assert_string_equal(a->text, b->text);
	}
}

/* count times piece between two ends. */
static enum error_id repeat(const char *open, const char *piece, size_t count, const char *close)
{
	CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;
	CLEANUP(buf_clear) struct buf b = BUF_INIT(8 << 20);
	struct error err = ERROR_INIT;

	assert_int_equal(buf_printf(&b, &err, "%s", open), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(buf_append(&b, piece, strlen(piece), &err), 0);
	assert_int_equal(buf_append(&b, close, strlen(close) + 1, &err), 0);
	return read_body((const char *)b.bytes, &m, &err);
}

static void limits_hold(void **state)
{
	(void)state;
	assert_int_equal(repeat("<Numbers>", "<int>1</int>", LIMIT_SOAP_NUMBERS, "</Numbers>"),
			 ERROR_NONE);
	assert_int_equal(repeat("<Numbers>", "<int>1</int>", LIMIT_SOAP_NUMBERS + 1, "</Numbers>"),
			 ERROR_SOAP_VALUE);
	assert_int_equal(repeat("<Items>", "<Item/>", LIMIT_SOAP_ITEMS + 1, "</Items>"),
			 ERROR_SOAP_VALUE);
	assert_int_equal(repeat("<Text>", "x", LIMIT_SOAP_TEXT, "</Text>"), ERROR_NONE);
	assert_int_equal(repeat("<Text>", "x", LIMIT_SOAP_TEXT + 1, "</Text>"), ERROR_SOAP_VALUE);
	/* what nobody wants does not count */
	assert_int_equal(repeat("<Unknown>", "x", LIMIT_SOAP_TEXT + 1, "</Unknown>"), ERROR_NONE);
}

static void depth_is_limited(void **state)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;

	(void)state;
	for (unsigned depth = LIMIT_XML_DEPTH - 3; depth <= LIMIT_XML_DEPTH - 2; depth++) {
		CLEANUP(soap_message_clear) struct soap_message m = SOAP_MESSAGE_INIT;

		b.len = 0;
		for (unsigned i = 0; i < depth; i++)
			assert_int_equal(buf_append(&b, "<Inner>", 7, &err), 0);
		for (unsigned i = 0; i < depth; i++)
			assert_int_equal(buf_append(&b, "</Inner>", 8, &err), 0);
		assert_int_equal(buf_append(&b, "", 1, &err), 0);
		assert_int_equal(read_body((const char *)b.bytes, &m, &err),
				 depth + 3 <= LIMIT_XML_DEPTH ? ERROR_NONE : ERROR_SOAP_FORMAT);
		error_clear(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelopes),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(nil_and_empty_are_absent),
		cmocka_unit_test(early_times_are_not_absent),
		cmocka_unit_test(what_is_not_served_has_a_name),
		cmocka_unit_test(bad_values_are_named),
		cmocka_unit_test(numbers_are_elements),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(depth_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
