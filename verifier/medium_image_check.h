/*
 * Reading an image back: where each file lies in it is told by xorriso, which
 * reads the directories of the image; the bytes are read and compared here.
 */
#ifndef VERIFIER_MEDIUM_IMAGE_CHECK_H
#define VERIFIER_MEDIUM_IMAGE_CHECK_H

#include "verifier/medium_plan.h"
#include "verifier/medium_write.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * Whether the image has the small files, the pieces that the plan has for medium `index` and the
 * helpers marked (by index in job->files), each byte as it should be, and nothing else.  The file
 * is flushed, and dropped from memory as far as possible, before.  -1 with MEDIUM_READBACK.
 */
int medium_image_check(struct medium_job *job, const struct medium_plan *plan, uint32_t index,
		       const bool *helpers, const char *file, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
