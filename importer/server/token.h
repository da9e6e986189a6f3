/* The token of the JSON API, which a file has (--api-token-file). */
#ifndef SERVER_TOKEN_H
#define SERVER_TOKEN_H

#include <stdbool.h>

struct error;

/* The token of a file, the caller's; NULL with API_TOKEN or what reading can report. */
char *token_load(const char *file, struct error *err) __attribute__((nonnull, warn_unused_result));

/* Whether given is the token: in a time that depends on the length of given alone. */
bool token_is(const char *token, const char *given) __attribute__((nonnull));

#endif
