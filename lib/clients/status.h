/*
 * The updates of one computer and their states as a packed set: for each, ascending by number,
 * one LEB128 number whose low three bits are the state and whose rest is the distance to the
 * number before (from 0), less one.  Two thousand updates take two to four thousand bytes.
 */
#ifndef CLIENTS_STATUS_H
#define CLIENTS_STATUS_H

#include "lib/clients/compliance.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

struct status_item {
	uint32_t number; /* 1 or more */
	enum compliance_state state;
};

/* Sort by number; of several rows of one number the strongest state stays.  The new count. */
size_t status_sort(struct status_item *items, size_t count) __attribute__((nonnull(1)));

/* Append the packed form of sorted items. */
int status_pack(const struct status_item *items, size_t count, struct buf *out, struct error *err)
	__attribute__((nonnull(3, 4), warn_unused_result));

/* A walk over packed bytes: 1 with *item, 0 at the end, -1 with CLIENTS_CORRUPT. */
struct status_walk {
	const unsigned char *at, *end;
	uint32_t number;
};
struct status_walk status_begin(const void *bytes, size_t len);
int status_next(struct status_walk *w, struct status_item *item, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
