/*
 * GET and HEAD of content objects under Microsoft's name: /Content/<XX>/<SHA-1>[.<ext>].
 * Nothing of a URL reaches the file system but a digest.
 */
#ifndef SERVER_SERVE_CONTENT_H
#define SERVER_SERVE_CONTENT_H

#include <stdbool.h>

struct error;
struct reply;
struct request;

/* For the route "/Content/"; see struct route. */
int serve_content(const struct request *q, const char *rest, struct reply *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same for an object that is known by its digest. */
int serve_content_object(const struct request *q, const unsigned char sha1[20], struct reply *out,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * "<XX>/<SHA-1>[.<ext>]", hexadecimal of any case, XX the last two digits of the SHA-1, the
 * extension 1 to 32 letters, digits or underscores.  False for anything else.
 */
bool serve_content_name(const char *rest, unsigned char sha1[20]) __attribute__((nonnull));

/*
 * What the name that we give to an object ends in: of the name of a file, or a path, the extension
 * with its dot when it has at most 16 of these characters; else "".
 */
const char *serve_content_extension(const char *name) __attribute__((nonnull, returns_nonnull));

#endif
