/*
 * The documents of an export package of WSUS (docs/FORMAT.md, "Export package of WSUS"), one after
 * the other, for whoever stores or judges them.  The file is read twice: package.xml for the
 * identities, then everything.
 */
#ifndef EXPORTER_WSUSUTIL_PACKAGE_H
#define EXPORTER_WSUSUTIL_PACKAGE_H

#include "exporter/wsusutil_names.h"
#include "lib/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cab;
struct catalog;
struct error;
struct listing_entry;

/* What was read although no genuine package has it. */
struct wsusutil_oddities {
	bool mark;     /* metadata.txt begins with a byte order mark */
	bool reversed; /* metadata.txt comes before package.xml, as Microsoft's sample writes it */
	uint64_t newlines; /* records that end with LF alone */
	uint64_t moved;    /* records at another place than in package.xml */
};

struct wsusutil_package {
	struct wsusutil_names names;
	int64_t created;            /* seconds; -1 when it does not say */
	char series[STR_GUID_SIZE]; /* the server's id, or "default" */
	struct wsusutil_oddities oddities;
	uint64_t unknown_members;
};
void wsusutil_package_clear(struct wsusutil_package *p);
DEFINE_CLEANUP_IN_PLACE(struct wsusutil_package, wsusutil_package_clear);

/* Refuse the other form of an export, .xml.gz: -1 with WSUS_UNKNOWN_FORM. */
int wsusutil_package_check(int fd, uint64_t size, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/*
 * The first reading: who is listed.  fd stands at the first byte of the cabinet, before and after.
 * 1; 0 when it is another cabinet, without metadata.txt; -1 with WSUS_*, CAB_*, XML_*.
 */
int wsusutil_package_open(struct wsusutil_package *p, int fd, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* A document of stream h, u, f or s; e->sha256 is the taker's to fill in. */
typedef int wsusutil_take(void *ctx, struct listing_entry *e, const void *bytes, size_t len,
			  struct error *err);

/*
 * The second reading, of the whole cabinet: *p is complete after it.  What is wrong between the
 * documents is reported to c.  Errors as above.
 */
int wsusutil_package_read(struct wsusutil_package *p, struct cab *cab, struct catalog *c,
			  wsusutil_take *take, void *ctx, struct error *err)
	__attribute__((nonnull(1, 2, 3, 4, 6), warn_unused_result));

#endif
