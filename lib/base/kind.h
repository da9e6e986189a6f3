/* What an object is.  The numbers are stored in repositories: never change one. */
#ifndef BASE_KIND_H
#define BASE_KIND_H

enum object_kind {
	OBJECT_CATALOG, /* a catalog listing */
	OBJECT_PACK,    /* metadata fragments */
	OBJECT_CABINET, /* a source cabinet, bit-exact */
	OBJECT_CONTENT, /* a payload or licence text */
	OBJECT_KINDS
};

#endif
