#include "lib/base/str.h"

#include <stdio.h>
#include <string.h>

bool str_to_u64(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (len == 0 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}

/* 1 + the value of a hex digit; capitals have 16 more. */
static const unsigned char hex_digits[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 27, ['B'] = 28,
	['C'] = 29, ['D'] = 30, ['E'] = 31, ['F'] = 32,
};

/* Documents name a digest per line: this is most of reading them. */
static bool from_hex(const char *text, size_t len, unsigned char *out, size_t size, bool upper)
{
	unsigned last = upper ? 32 : 16, bad = 0;

	if (len != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		unsigned high = hex_digits[(unsigned char)text[2 * i]] - 1u;
		unsigned low = hex_digits[(unsigned char)text[2 * i + 1]] - 1u;

		bad |= high >= last || low >= last;
		out[i] = (unsigned char)((high & 15) << 4 | (low & 15));
	}
	return bad == 0;
}

bool str_from_hex(const char *text, size_t len, unsigned char *out, size_t size)
{
	return from_hex(text, len, out, size, false);
}

bool str_from_any_hex(const char *text, size_t len, unsigned char *out, size_t size)
{
	return from_hex(text, len, out, size, true);
}

void str_to_hex(const unsigned char *bytes, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * size] = '\0';
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool str_from_base64(const char *text, size_t len, unsigned char *out, size_t size)
{
	size_t padding = (3 - size % 3) % 3;
	uint32_t bits = 0;
	size_t have = 0, done = 0;

	if (len != (size + 2) / 3 * 4)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (i >= len - padding) {
			if (text[i] != '=')
				return false;
			continue;
		}
		int value = base64_value(text[i]);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[done++] = (unsigned char)(bits >> have);
		}
	}
	/* Left-over bits must be zero, or two texts would name one digest. */
	return done == size && (bits & ((1u << have) - 1)) == 0;
}

bool str_to_guid(const char *text, size_t len, unsigned char out[16])
{
	static const unsigned char start[5] = { 0, 9, 14, 19, 24 }, digits[5] = { 8, 4, 4, 4, 12 };
	size_t done = 0;

	if (len != STR_GUID_SIZE - 1)
		return false;
	for (size_t i = 0; i < 5; i++) {
		if (i > 0 && text[start[i] - 1] != '-')
			return false;
		if (!str_from_any_hex(text + start[i], digits[i], out + done, digits[i] / 2u))
			return false;
		done += digits[i] / 2u;
	}
	return true;
}

void str_from_guid(const unsigned char g[16], char out[STR_GUID_SIZE])
{
	snprintf(out, STR_GUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[0], g[1],
		 g[2], g[3], g[4], g[5], g[6], g[7], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
		 g[15]);
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, year >= 1970. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	/* Count from March, so that the leap day is the last of its year. */
	if (month <= 2) {
		year--;
		month += 12;
	}
	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day -
	       1 - 719468;
}

static bool field(const char *text, size_t at, size_t digits, int64_t low, int64_t high,
		  int64_t *out)
{
	int64_t value = 0;

	for (size_t i = at; i < at + digits; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = value;
	return value >= low && value <= high;
}

bool str_to_time(const char *text, size_t len, int64_t *out)
{
	int64_t year, month, day, hour, minute, second;

	if (len != STR_TIME_SIZE - 1 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[19] != 'Z')
		return false;
	if (!field(text, 0, 4, 1970, 9999, &year) || !field(text, 5, 2, 1, 12, &month) ||
	    !field(text, 8, 2, 1, 31, &day) || !field(text, 11, 2, 0, 23, &hour) ||
	    !field(text, 14, 2, 0, 59, &minute) || !field(text, 17, 2, 0, 59, &second))
		return false;
	int64_t value =
		days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	char again[STR_TIME_SIZE];

	/* Writing it again rejects 31 June and 29 February of common years. */
	str_from_time(value, again);
	if (memcmp(again, text, STR_TIME_SIZE - 1) != 0)
		return false;
	*out = value;
	return true;
}

static void put_two(char *out, int64_t value)
{
	out[0] = (char)('0' + value / 10);
	out[1] = (char)('0' + value % 10);
}

void str_from_time(int64_t seconds, char out[STR_TIME_SIZE])
{
	static const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
	int64_t clamped = seconds < 0 ? 0 : seconds > last ? last : seconds;
	int64_t days = clamped / 86400 + 719468, rest = clamped % 86400;
	int64_t era = days / 146097, doe = days % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + era * 400 + (month <= 2);

	/* By hand: a scan of an update client has hundreds of them. */
	memcpy(out, "0000-00-00T00:00:00Z", STR_TIME_SIZE);
	put_two(out, year / 100);
	put_two(out + 2, year % 100);
	put_two(out + 5, month);
	put_two(out + 8, day);
	put_two(out + 11, rest / 3600);
	put_two(out + 14, rest / 60 % 60);
	put_two(out + 17, rest % 60);
}

bool str_to_size(const char *text, uint64_t *out)
{
	static const char suffixes[] = "KMGT";
	size_t len = strlen(text);
	unsigned shift = 0;
	uint64_t value;

	if (len == 0)
		return false;
	const char *suffix = strchr(suffixes, text[len - 1]);
	if (suffix) {
		shift = 10 * (unsigned)(suffix - suffixes + 1);
		len--;
	}
	if (!str_to_u64(text, len, UINT64_MAX >> shift, &value) || value == 0)
		return false;
	*out = value << shift;
	return true;
}
