/*
 * Text of package.xml, piece by piece, in the one form that WSUS writes: UTF-8 with a byte order
 * mark, one line, no blanks between elements (docs/FORMAT.md, "Export package of WSUS").
 */
#ifndef WSUS_PACKAGE_H
#define WSUS_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

/* Everything up to the list of files, which begins: languages is the element as it stands. */
struct wsus_package_head {
	unsigned char server_id[16];
	int64_t created;
	const char *protocol_version;
	const void *languages;
	size_t languages_len;
	size_t files; /* how many wsus_package_file() will follow */
};
int wsus_package_begin(const struct wsus_package_head *head, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A file of the list.  sha1 is in base64. */
int wsus_package_file(const char *sha1, const char *url, const char *name, struct buf *out,
		      struct error *err) __attribute__((nonnull, warn_unused_result));

/* The list of files, of which there were so many, ends, and that of updates begins. */
int wsus_package_updates(size_t files, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

struct wsus_package_update {
	unsigned char update_id[16];
	uint32_t revision;
	size_t files, products, classifications;
	/* The i-th of each, as it is written: base64, GUID.  Borrowed until the next call. */
	const char *(*file)(void *ctx, size_t i);
	const char *(*product)(void *ctx, size_t i);
	const char *(*classification)(void *ctx, size_t i);
	void *ctx;
};
int wsus_package_update(const struct wsus_package_update *u, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

int wsus_package_end(struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
