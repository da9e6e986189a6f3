/*
 * The fragments of one update, as the streams c, x, l and e of a scan catalog hold them: several
 * roots, no declaration, no namespace (protocol notes 1.6).  Pure: the same update gives the same
 * bytes, whoever asks and whenever.
 */
#ifndef TOOLS_FRAGMENT_H
#define TOOLS_FRAGMENT_H

#include "tests/tools/model.h"

struct buf;

/* Each appends to b, which must be large enough: FRAGMENT_MAX bytes always are. */
enum { FRAGMENT_MAX = 16 << 20 };
void fragment_core(const struct model *m, const struct model_update *u, struct buf *b)
	__attribute__((nonnull));
void fragment_extended(const struct model *m, const struct model_update *u, struct buf *b)
	__attribute__((nonnull));
void fragment_localized(const struct model *m, const struct model_update *u, size_t language,
			struct buf *b) __attribute__((nonnull));
void fragment_eula(const struct model *m, const struct model_eula *e, struct buf *b)
	__attribute__((nonnull));

/* The licence text itself: UTF-16LE with a byte order mark, 4 to 16 KB. */
void fragment_eula_text(const struct model *m, const struct model_eula *e, struct buf *b)
	__attribute__((nonnull));

#endif
