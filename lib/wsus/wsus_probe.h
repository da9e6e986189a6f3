/*
 * What can be said about an XML export of WSUS whose schema nobody published: which elements there
 * are, how often, with which attributes, and how many of them look like updates with a document.
 * It reports structure; it does not claim to understand it.
 */
#ifndef WSUS_PROBE_H
#define WSUS_PROBE_H

#include "lib/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct source;

enum { WSUS_PROBE_HEAD = 4096 };

/* Elements of one path ("ExportPackage/Updates/Update"). */
struct wsus_probe_row {
	char *path, *attributes; /* names, with blanks between */
	uint64_t count, text;    /* elements, and bytes of text directly in them */
};

struct wsus_probe {
	struct wsus_probe_row *rows; /* in the order of their first appearance */
	size_t count, capacity;
	uint64_t unlisted; /* elements of further paths, above LIMIT_WSUS_NAMES */
	/* Elements "Update" with an id, by what of a document they hold. */
	uint64_t with_element, with_text, with_cabinet, without;
	uint64_t bytes;  /* read */
	char fault[512]; /* why reading ended early, or "" */
	size_t head_len;
	unsigned char head[WSUS_PROBE_HEAD]; /* the first bytes as they are */
};
void wsus_probe_clear(struct wsus_probe *p);
DEFINE_CLEANUP_IN_PLACE(struct wsus_probe, wsus_probe_clear);

/*
 * Read src to its end.  What is no XML that we read is told in fault, and what was seen before it
 * stays; -1 only with what src itself reports.
 */
int wsus_probe_read(struct source *src, const char *label, struct wsus_probe *out,
		    struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
