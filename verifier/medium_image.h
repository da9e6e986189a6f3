/*
 * An image of one optical medium: ISO 9660 level 3 with Rock Ridge and Joliet,
 * made by the program xorriso, which runs as a child.  Pieces of volumes are
 * mapped by byte ranges, so nothing is staged.
 */
#ifndef VERIFIER_MEDIUM_IMAGE_H
#define VERIFIER_MEDIUM_IMAGE_H

#include "verifier/medium_plan.h"
#include "verifier/medium_write.h"

#include <stdint.h>

struct error;

enum { MEDIUM_IMAGE_LABEL = 33 }; /* 32 bytes and a terminator */

/* The volume id of medium `index` (from 0) of `count`: from the end of the bundle's name. */
void medium_image_label(const char *bundle, uint32_t index, uint32_t count,
			char out[MEDIUM_IMAGE_LABEL]) __attribute__((nonnull));

/*
 * Write `file`, which must not exist, with all small files and the pieces that the plan has for
 * medium `index`; every chunk of them is proved before, and the image is read back before it gets
 * its name.  -1 with MEDIUM_READBACK when that does not agree, MEDIUM_TOOL when xorriso is not
 * there or fails, MEDIUM_PIECES when a piece does not lie in one file.
 */
int medium_image_write(struct medium_job *job, const struct medium_plan *plan, uint32_t index,
		       const char *file, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
