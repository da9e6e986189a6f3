/*
 * What the records of catalog_record.h consist of, as tables: which members of which struct
 * travel, in which order.
 */
#ifndef CATALOG_SHAPE_H
#define CATALOG_SHAPE_H

#include <stddef.h>

enum catalog_field_kind {
	FIELD_BOOL,
	FIELD_ENUM,
	FIELD_BYTES,
	FIELD_TEXT,
	FIELD_LIST,
	FIELD_STRUCT
};

/* size: of FIELD_BYTES; of FIELD_ENUM how many values there are. */
struct catalog_field {
	enum catalog_field_kind kind;
	size_t at, size;
	size_t count_at;                /* FIELD_LIST: where how many there are is */
	const struct catalog_shape *of; /* FIELD_LIST, FIELD_STRUCT */
};

struct catalog_shape {
	size_t size;
	const struct catalog_field *fields;
	size_t count;
};

/* The table of a record of this kind, of a fragment of this stream (else 0); NULL: there is none.
 */
const struct catalog_shape *catalog_shape_of(unsigned char kind, unsigned char stream);

#endif
