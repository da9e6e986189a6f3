/*
 * Conditional requests (RFC 9110 section 13) against an object that never changes: our entity tags
 * are strong, and so is the time, which is that of its arrival.  Pure.
 */
#ifndef SERVER_CONDITION_H
#define SERVER_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

/* The values of a request's headers, borrowed; NULL: not sent. */
struct condition {
	const char *if_match, *if_none_match, *if_range;
	const char *if_modified_since, *if_unmodified_since;
};

/* What an object has for them. */
struct condition_facts {
	const char *etag; /* with its quotes */
	int64_t modified; /* seconds since 1970 */
};

enum condition_answer {
	CONDITION_GO,           /* answer as asked */
	CONDITION_NOT_MODIFIED, /* 304 */
	CONDITION_FAILED,       /* 412 */
};

/* Malformed lists match nothing, malformed dates are as good as not sent. */
enum condition_answer condition_judge(const struct condition *c, const struct condition_facts *f)
	__attribute__((nonnull));

/*
 * Is a Range header to be obeyed (section 13.1.5)?  Yes without If-Range or when it is our tag or
 * exactly our time; not for another tag, a weak one, or another date.
 */
bool condition_allows_range(const struct condition *c, const struct condition_facts *f)
	__attribute__((nonnull));

/* A time as headers have it: "Sun, 22 Nov 2026 00:00:00 GMT". */
enum { CONDITION_DATE_SIZE = 32 };
void condition_date(int64_t seconds, char out[CONDITION_DATE_SIZE]) __attribute__((nonnull));

/* The three forms of section 5.6.7; false for anything else. */
bool condition_parse_date(const char *text, int64_t *out) __attribute__((nonnull));

#endif
