#include "importer/server/condition.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/*
 * Does a list of entity tags name etag?  weak: W/"x" counts as "x" (section 8.8.3.2).
 */
static bool list_has(const char *list, const char *etag, bool weak)
{
	size_t len = strlen(etag);
	const char *p = skip_blanks(list);

	if (p[0] == '*' && *skip_blanks(p + 1) == '\0')
		return true;
	while (*p) {
		bool is_weak = strncmp(p, "W/", 2) == 0;
		const char *tag = is_weak ? p + 2 : p;
		const char *end = *tag == '"' ? strchr(tag + 1, '"') : NULL;

		if (*p == ',') {
			p = skip_blanks(p + 1);
			continue;
		}
		if (!end)
			return false;
		if ((weak || !is_weak) && (size_t)(end + 1 - tag) == len &&
		    memcmp(tag, etag, len) == 0)
			return true;
		p = skip_blanks(end + 1);
		if (*p && *p != ',')
			return false;
	}
	return false;
}

void condition_date(int64_t seconds, char out[CONDITION_DATE_SIZE])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099) {
		t = 0;
		gmtime_r(&t, &tm);
	}
	snprintf(out, CONDITION_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
		 tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		 tm.tm_sec);
}

bool condition_parse_date(const char *text, int64_t *out)
{
	/* IMF-fixdate, then the two obsolete ones: RFC 850 and asctime(). */
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT",
					     "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y" };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = { .tm_mday = 1 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && *end == '\0') {
			*out = (int64_t)timegm(&tm);
			return true;
		}
	}
	return false;
}

enum condition_answer condition_judge(const struct condition *c, const struct condition_facts *f)
{
	int64_t date;

	/* The order of section 13.2.2: a tag makes the date beside it count for nothing. */
	if (c->if_match ? !list_has(c->if_match, f->etag, false)
			: c->if_unmodified_since &&
				  condition_parse_date(c->if_unmodified_since, &date) &&
				  f->modified > date)
		return CONDITION_FAILED;
	if (c->if_none_match
		    ? list_has(c->if_none_match, f->etag, true)
		    : c->if_modified_since && condition_parse_date(c->if_modified_since, &date) &&
			      f->modified <= date)
		return CONDITION_NOT_MODIFIED;
	return CONDITION_GO;
}

bool condition_allows_range(const struct condition *c, const struct condition_facts *f)
{
	int64_t date;

	return !c->if_range || strcmp(c->if_range, f->etag) == 0 ||
	       (condition_parse_date(c->if_range, &date) && date == f->modified);
}
