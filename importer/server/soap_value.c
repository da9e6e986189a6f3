#include "importer/server/soap_value.h"

#include "lib/base/str.h"

#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool soap_value_trim(const char **text, size_t *len)
{
	while (*len > 0 && is_space(**text)) {
		++*text;
		--*len;
	}
	while (*len > 0 && is_space((*text)[*len - 1]))
		--*len;
	return *len > 0;
}

bool soap_value_long(const char *text, size_t len, int64_t *out)
{
	int64_t value = 0;

	if (!soap_value_trim(&text, &len))
		return false;
	int sign = *text == '-' ? -1 : 1;
	size_t i = *text == '-' || *text == '+';
	if (i == len)
		return false;
	for (; i < len; i++)
		if (!is_digit(text[i]) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, sign * (text[i] - '0'), &value))
			return false;
	*out = value;
	return true;
}

bool soap_value_int(const char *text, size_t len, int32_t *out)
{
	int64_t value;

	if (!soap_value_long(text, len, &value) || value < INT32_MIN || value > INT32_MAX)
		return false;
	*out = (int32_t)value;
	return true;
}

bool soap_value_bool(const char *text, size_t len, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "true", true }, { "false", false }, { "1", true }, { "0", false } };

	soap_value_trim(&text, &len);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].word) == len && strncasecmp(words[i].word, text, len) == 0) {
			*out = words[i].value;
			return true;
		}
	return false;
}

/* "+01:30" and the like to seconds; "" and "Z" are 0. */
static bool zone(const char *text, size_t len, int64_t *out)
{
	*out = 0;
	if (len == 0 || (len == 1 && (*text == 'Z' || *text == 'z')))
		return true;
	if (len != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' ||
	    !is_digit(text[1]) || !is_digit(text[2]) || !is_digit(text[4]) || !is_digit(text[5]))
		return false;
	int64_t hours = (text[1] - '0') * 10 + (text[2] - '0');
	int64_t minutes = (text[4] - '0') * 10 + (text[5] - '0');
	if (hours > 14 || minutes > 59)
		return false;
	*out = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
	return true;
}

bool soap_value_time(const char *text, size_t len, int64_t *out)
{
	enum { PLAIN = STR_TIME_SIZE - 2, FRACTION = 9 };
	char plain[STR_TIME_SIZE];
	int64_t seconds, offset;
	size_t at = PLAIN;

	if (!soap_value_trim(&text, &len) || len < PLAIN)
		return false;
	memcpy(plain, text, PLAIN);
	plain[PLAIN] = 'Z';
	plain[PLAIN + 1] = '\0';
	if (at < len && text[at] == '.') {
		size_t first = ++at;

		while (at < len && is_digit(text[at]))
			at++;
		if (at == first || at - first > FRACTION)
			return false;
	}
	if (!zone(text + at, len - at, &offset))
		return false;
	/* Before our calendar begins: any date will do to see whether the rest is one. */
	bool early = memcmp(plain, "1970", 4) < 0 && is_digit(plain[1]) && is_digit(plain[2]) &&
		     is_digit(plain[3]);
	if (early)
		memcpy(plain, "1972", 4);
	if (!str_to_time(plain, STR_TIME_SIZE - 1, &seconds))
		return false;
	*out = early || seconds < offset ? 0 : seconds - offset;
	return true;
}

bool soap_value_guid(const char *text, size_t len, unsigned char out[16])
{
	if (!soap_value_trim(&text, &len))
		return false;
	if (len > 2 && text[0] == '{' && text[len - 1] == '}') {
		text++;
		len -= 2;
	}
	return str_to_guid(text, len, out);
}

bool soap_value_base64(const char *text, size_t len, unsigned char *out, size_t *size)
{
	char *packed = (char *)out;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (!is_space(text[i]))
			packed[n++] = text[i];
	*size = 0;
	if (n == 0)
		return true;
	if (n % 4 != 0)
		return false;
	*size = n / 4 * 3 - (packed[n - 1] == '=') - (packed[n - 2] == '=');
	/* Decoding never writes beyond what it has read. */
	return str_from_base64(packed, n, out, *size);
}

static bool part(const char **text, size_t *len, uint16_t *out)
{
	uint32_t value = 0;
	size_t n = 0;

	for (; n < *len && is_digit((*text)[n]); n++) {
		value = value * 10 + (uint32_t)((*text)[n] - '0');
		if (value > UINT16_MAX)
			return false;
	}
	*text += n;
	*len -= n;
	*out = (uint16_t)value;
	return n > 0;
}

bool soap_value_version(const char *text, size_t len, uint16_t *major, uint16_t *minor)
{
	soap_value_trim(&text, &len);
	if (!part(&text, &len, major) || len == 0 || *text != '.')
		return false;
	text++;
	len--;
	return part(&text, &len, minor) && (len == 0 || *text == '.');
}
