/*
 * Any bytes as the body of a SOAP request to an operation with every type of value: exactly one of
 * a request and a reason; what was read lies within the limits; reading every element of a list
 * gives the same as reading them as numbers; made UTF-8 they do not grow beyond twice their size.
 * Then the same bytes as a cookie, which must never be taken for one of ours.
 */
#include "importer/server/cookie.h"
#include "importer/server/soap_charset.h"
#include "importer/server/soap_ints.h"
#include "importer/server/soap_read.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct row {
	const char *text;
	struct soap_list numbers; /* of int32_t */
	struct soap_bytes bytes;
	int64_t time;
	unsigned char guid[16];
	bool flag;
	int32_t loose;
};

struct all {
	struct soap_protocol protocol;
	struct soap_list rows; /* of struct row */
	bool seen;
};

static const struct soap_field number_fields[] = {
	{ .name = "int", .type = SOAP_INT, .item = sizeof(int32_t) },
	{ .name = NULL },
};
static const struct soap_field row_fields[] = {
	SOAP_AT(row, "Text", SOAP_TEXT, text),
	SOAP_AT(row, "Bytes", SOAP_BASE64, bytes),
	SOAP_AT(row, "Time", SOAP_TIME, time),
	SOAP_AT(row, "Guid", SOAP_GUID, guid),
	SOAP_AT(row, "Flag", SOAP_BOOL, flag),
	SOAP_AT(row, "Loose", SOAP_NUMBER, loose),
	SOAP_INSIDE(row, "Numbers", number_fields, numbers),
	{ .name = NULL },
};
static const struct soap_field rows_fields[] = {
	{ .name = "Row", .type = SOAP_STRUCT, .fields = row_fields, .item = sizeof(struct row) },
	{ .name = NULL },
};
static const struct soap_field all_fields[] = {
	SOAP_AT(all, "Version", SOAP_VERSION, protocol),
	{ .name = "Rows",
	  .type = SOAP_STRUCT,
	  .offset = offsetof(struct all, rows),
	  .fields = rows_fields,
	  .seen = offsetof(struct all, seen) },
	{ .name = NULL },
};
static const struct soap_operation everything = { "All", all_fields, sizeof(struct all), NULL };
static const struct soap_operation *const operations[] = { &everything, NULL };
static const struct soap_service service = { "urn:f", operations };

static void require(int fact)
{
	if (!fact)
		abort();
}

/* Everything that was read, as one number. */
static uint64_t digest(const struct all *a)
{
	const struct row *rows = a->rows.items;
	uint64_t sum = a->protocol.major * 31u + a->protocol.minor + a->rows.count;

	require(a->rows.count <= LIMIT_SOAP_ITEMS);
	require(a->seen || a->rows.count == 0);
	for (size_t i = 0; i < a->rows.count; i++) {
		const int32_t *numbers = rows[i].numbers.items;

		require(rows[i].numbers.count <= LIMIT_SOAP_NUMBERS);
		for (size_t k = 0; k < rows[i].numbers.count; k++)
			sum = sum * 31 + (uint32_t)numbers[k];
		for (size_t k = 0; k < rows[i].bytes.len; k++)
			sum = sum * 31 + rows[i].bytes.bytes[k];
		require(rows[i].time >= 0);
		require(!rows[i].text || strlen(rows[i].text) <= LIMIT_SOAP_TEXT);
		sum = sum * 31 + (rows[i].text ? strlen(rows[i].text) : 0) + rows[i].flag +
		      rows[i].guid[7] + (uint32_t)rows[i].loose + (uint64_t)rows[i].time;
	}
	return sum;
}

/* whole: without the short cut for numbers, which nothing may show. */
static uint64_t read_once(const unsigned char *data, size_t size, bool whole)
{
	const struct soap_ints all = { .bytes = (unsigned char *)(uintptr_t)data, .len = size };
	struct soap_message m = SOAP_MESSAGE_INIT;
	struct error err = ERROR_INIT;
	int result = whole ? soap_read_whole(&service, &all, &m, &err)
			   : soap_read(&service, data, size, &m, &err);
	uint64_t sum = (uint64_t)err.id;

	require((result == 0) == (err.id == ERROR_NONE));
	require(result < 0 || (m.operation == &everything && m.request));
	if (result == 0)
		sum = digest(m.request) ^ (uint64_t)m.version << 63;
	else
		require(err.id == ERROR_SOAP_FORMAT || err.id == ERROR_SOAP_VERSION ||
			err.id == ERROR_SOAP_OPERATION || err.id == ERROR_SOAP_VALUE);
	soap_message_clear(&m);
	return sum;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const unsigned char id[16] = "fuzz", key[32] = "another fuzz";
	const struct cookie_seal seal = { id, key };
	struct error err = ERROR_INIT;
	struct cookie cookie;
	struct soap_text text;

	soap_charset_decode(NULL, data, size, &text);
	require(text.len <= 2 * size + 3);
	(void)read_once(text.bytes, text.len, false);
	soap_text_clear(&text);
	require(read_once(data, size, false) == read_once(data, size, true));
	require(cookie_read(data, size, &seal, COOKIE_SESSION, 0, &cookie, &err) < 0);
	return 0;
}
