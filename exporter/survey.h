/*
 * What only the reader of a cabinet can tell about a catalog: cabinets, index.xml, where members
 * lie, licence texts, the signature.  Each oddity becomes a remark of the catalog
 * (docs/CATALOG-RULES.md, GF-C070 to GF-C083 and GF-C097); none quarantines, since the isolated
 * side has no cabinet to look at.
 */
#ifndef EXPORTER_SURVEY_H
#define EXPORTER_SURVEY_H

#include "exporter/index.h"
#include "lib/base/cleanup.h"

#include <stdint.h>

struct authenticode_verdict;
struct cab_info;
struct catalog;
struct survey;

/* Of a catalog and an index that are borrowed, and may still be empty. */
struct survey *survey_new(struct catalog *c, const struct index *x)
	__attribute__((nonnull, warn_unused_result, returns_nonnull));
void survey_free(struct survey *s);
DEFINE_CLEANUP(struct survey *, survey_free);

/* A cabinet was opened; label is its name in findings. */
void survey_cabinet(struct survey *s, const char *label, const struct cab_info *info)
	__attribute__((nonnull));

/* index.xml was parsed. */
void survey_index(struct survey *s) __attribute__((nonnull));

/*
 * Revisions whose fragments survey_member() says nothing about in the cabinet called label, as
 * index.xml is known now.  For whoever reads a cabinet on another thread: the others have to be
 * told, these need not.
 */
struct survey_span {
	uint32_t first, last; /* none when first > last */
};
struct survey_span survey_span(const struct survey *s, const char *label) __attribute__((nonnull));

/* A member of a cabinet that is no cabinet itself; n as index_classify() filled it. */
void survey_member(struct survey *s, const char *label, const char *name, enum index_class class,
		   const struct index_name *n) __attribute__((nonnull));

/* A licence text was read, and its bytes have this SHA-1. */
void survey_licence(struct survey *s, const char *label, const char *name,
		    const struct index_name *n, const unsigned char sha1[20])
	__attribute__((nonnull));

/* All was read and the catalog is judged; now (seconds) is today. */
void survey_finish(struct survey *s, int64_t now) __attribute__((nonnull));

/* What the signature of the file called name is worth. */
void survey_signature(struct catalog *c, const char *name, const struct authenticode_verdict *v)
	__attribute__((nonnull));

#endif
