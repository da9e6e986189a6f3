/* What a bundle came through, for people and as JSON. */
#ifndef VERIFIER_ORIGIN_REPORT_H
#define VERIFIER_ORIGIN_REPORT_H

#include <jansson.h>
#include <stddef.h>

struct manifest;
struct verified_bundle;

/* Origin n: manifest_sha256, and channel, audience, epoch, sequence, created unless m is NULL. */
json_t *origin_report_row(size_t n, const unsigned char digest[32], const struct manifest *m)
	__attribute__((nonnull(2), returns_nonnull));

/* The rows of a bundle, nearest first. */
json_t *origin_report(const struct verified_bundle *b) __attribute__((nonnull, returns_nonnull));

/* One line for each row. */
void origin_report_print(const json_t *rows) __attribute__((nonnull));

#endif
