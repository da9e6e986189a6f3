#include "importer/server/policy.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <stdio.h>
#include <string.h>

static const char KEY[] = "SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate";
static const char KEY_AU[] = "SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU";

enum { URL_MAX = 255 };

/* Scheme, host, port; no path, because the client appends its own. */
static int check_url(const char *option, const char *url, struct error *err)
{
	const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
			   : strncmp(url, "https://", 8) == 0 ? url + 8
							      : "";
	size_t len = strlen(host);

	if (len == 0 || len > URL_MAX ||
	    strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") !=
		    len)
		return error_set(err, ERROR_POLICY_VALUE,
				 "--%s %.80s: not http://HOST:PORT or https://HOST:PORT", option,
				 url);
	return 0;
}

int policy_check(const struct policy *p, struct error *err)
{
	if (check_url("url", p->url, err) < 0 ||
	    (p->alternate && check_url("alternate", p->alternate, err) < 0))
		return -1;
	for (const char *c = p->group ? p->group : "x"; *c || c == p->group; c++)
		if (*c == '\0' || (unsigned char)*c < 0x20 || *c == 0x7f)
			return error_set(err, ERROR_POLICY_VALUE, "--group: not a name");
	if (p->options < 2 || p->options > 7 || p->options == 6)
		return error_set(err, ERROR_POLICY_VALUE, "--options %u: 2, 3, 4, 5 or 7",
				 p->options);
	return 0;
}

static struct policy_value text(const char *key, const char *name, const char *value,
				const char *remark)
{
	return (struct policy_value){ key,   name, value ? POLICY_TEXT : POLICY_ABSENT,
				      value, 0,    remark };
}

static struct policy_value number(const char *key, const char *name, uint32_t value,
				  const char *remark)
{
	return (struct policy_value){ key, name, POLICY_NUMBER, NULL, value, remark };
}

static struct policy_value absent(const char *key, const char *name)
{
	return (struct policy_value){ key, name, POLICY_ABSENT, NULL, 0, "not used: deleted" };
}

size_t policy_values(const struct policy *p, struct policy_value out[POLICY_VALUES])
{
	const bool scheduled = p->options == 4;
	size_t n = 0;

	out[n++] = text(KEY, "WUServer", p->url, "where updates are found");
	out[n++] = text(KEY, "WUStatusServer", p->url, "where the status goes: the same");
	out[n++] = p->alternate ? text(KEY, "UpdateServiceUrlAlternate", p->alternate,
				       "alternate download server for content")
				: absent(KEY, "UpdateServiceUrlAlternate");
	out[n++] = p->alternate ? number(KEY, "FillEmptyContentUrls", 1,
					 "files without a URL come from there, too")
				: absent(KEY, "FillEmptyContentUrls");
	out[n++] = p->group ? number(KEY, "TargetGroupEnabled", 1, "client-side targeting")
			    : absent(KEY, "TargetGroupEnabled");
	out[n++] = p->group ? text(KEY, "TargetGroup", p->group, "the group it claims")
			    : absent(KEY, "TargetGroup");
	out[n++] = number(KEY, "DoNotConnectToWindowsUpdateInternetLocations", 1,
			  "nothing outside can be reached anyway");
	out[n++] = number(KEY_AU, "UseWUServer", 1, "use WUServer");
	out[n++] = number(KEY_AU, "NoAutoUpdate", 0, "automatic updates are on");
	out[n++] = number(KEY_AU, "AUOptions", p->options,
			  "2 notify, 3 download, 4 schedule, 5 local choice, 7 notify of restart");
	out[n++] = scheduled ? number(KEY_AU, "ScheduledInstallDay", p->day,
				      "0 every day, 1 Sunday to 7 Saturday")
			     : absent(KEY_AU, "ScheduledInstallDay");
	out[n++] = scheduled ? number(KEY_AU, "ScheduledInstallTime", p->hour, "hour, 0 to 23")
			     : absent(KEY_AU, "ScheduledInstallTime");
	out[n++] = number(KEY_AU, "DetectionFrequencyEnabled", 1, "");
	out[n++] = number(KEY_AU, "DetectionFrequency", p->detection, "hours between detections");
	return n;
}

/* ---- for regedit ---- */

/* UTF-8, which was checked, to UTF-16LE. */
static int put(struct buf *out, const char *s, struct error *err)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		unsigned extra = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
		uint32_t c = extra ? *p & (0x3fu >> extra) : *p;
		unsigned char bytes[4];
		size_t len = 2;

		for (p++; extra > 0 && *p; extra--)
			c = c << 6 | (*p++ & 0x3fu);
		uint32_t unit = c;
		if (c >= 0x10000) {
			unit = 0xd800 + ((c - 0x10000) >> 10);
			uint32_t low = 0xdc00 + ((c - 0x10000) & 0x3ff);
			bytes[2] = (unsigned char)low;
			bytes[3] = (unsigned char)(low >> 8);
			len = 4;
		}
		bytes[0] = (unsigned char)unit;
		bytes[1] = (unsigned char)(unit >> 8);
		if (buf_append(out, bytes, len, err) < 0)
			return -1;
	}
	return 0;
}

/* A string of regedit: quotes and backslashes are escaped. */
static int put_quoted(struct buf *out, const char *s, struct error *err)
{
	char part[2] = "";
	int failed = put(out, "\"", err);

	for (const char *run = s; !failed && *run;) {
		size_t len = strcspn(run, "\"\\");
		char plain[512];

		if (len >= sizeof plain)
			return error_set(err, ERROR_POLICY_VALUE, "a value is too long");
		memcpy(plain, run, len);
		plain[len] = '\0';
		failed = put(out, plain, err);
		run += len;
		if (!failed && *run) {
			part[0] = *run++;
			failed = put(out, "\\", err) < 0 || put(out, part, err) < 0 ? -1 : 0;
		}
	}
	return failed ? -1 : put(out, "\"", err);
}

static int put_value(struct buf *out, const struct policy_value *v, struct error *err)
{
	char hex[32];

	if (put_quoted(out, v->name, err) < 0 || put(out, "=", err) < 0)
		return -1;
	if (v->type == POLICY_TEXT)
		return put_quoted(out, v->text, err) < 0 ? -1 : put(out, "\r\n", err);
	if (v->type == POLICY_ABSENT)
		return put(out, "-\r\n", err);
	snprintf(hex, sizeof hex, "dword:%08x\r\n", v->number);
	return put(out, hex, err);
}

int policy_reg(const struct policy *p, struct buf *out, struct error *err)
{
	static const unsigned char mark[2] = { 0xff, 0xfe };
	struct policy_value values[POLICY_VALUES];
	size_t count = policy_values(p, values);
	const char *key = NULL;

	if (buf_append(out, mark, sizeof mark, err) < 0 ||
	    put(out, "Windows Registry Editor Version 5.00\r\n", err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (key != values[i].key &&
		    (put(out, "\r\n[HKEY_LOCAL_MACHINE\\", err) < 0 ||
		     put(out, values[i].key, err) < 0 || put(out, "]\r\n", err) < 0))
			return -1;
		key = values[i].key;
		if (put_value(out, &values[i], err) < 0)
			return -1;
	}
	return put(out, "\r\n", err);
}
