/*
 * Finding things in answers as plain text: they are one line without superfluous blanks, and a
 * client that reads them this way notices when they are not.
 */
#ifndef CLIENTS_TEXT_H
#define CLIENTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands between open and close, from at on and before end; NULL. */
const char *text_between(const char *at, const char *end, const char *open, const char *close,
			 size_t *len);

/* The whole content of <name>, which must be there; a number, "true" or "false". */
bool text_number(const char *at, const char *end, const char *name, int32_t *out);
bool text_truth(const char *at, const char *end, const char *name, bool *out);

/* Does the text from at to end begin with this? */
bool text_begins(const char *at, const char *end, const char *with);

#endif
