/*
 * Conditional requests (RFC 9110 section 13) against an object that never changes: only entity
 * tags matter, and ours are strong.  Pure.
 */
#ifndef SERVER_CONDITION_H
#define SERVER_CONDITION_H

#include <stdbool.h>

/* The values of a request's headers, borrowed; NULL: not sent. */
struct condition {
	const char *if_match, *if_none_match, *if_range;
};

enum condition_answer {
	CONDITION_GO,           /* answer as asked */
	CONDITION_NOT_MODIFIED, /* 304 */
	CONDITION_FAILED,       /* 412 */
};

/* etag is ours, with its quotes.  Malformed lists match nothing. */
enum condition_answer condition_judge(const struct condition *c, const char *etag)
	__attribute__((nonnull));

/*
 * Is a Range header to be obeyed (section 13.1.5)?  Yes without If-Range or when it is our tag;
 * not for another tag, a weak one, or a date: we send no Last-Modified.
 */
bool condition_allows_range(const struct condition *c, const char *etag) __attribute__((nonnull));

#endif
