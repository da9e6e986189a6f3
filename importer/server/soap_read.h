/*
 * A SOAP request becomes a struct: one pass over the body, driven by tables that say which element
 * goes where.  SOAP 1.1 and 1.2 (told by the namespace of the envelope), document/literal.
 *
 * Requests are taken liberally: headers, attributes, elements that no table names and what stands
 * beside the first child of Body are skipped, elements come in any order, and an element that is
 * nil or empty counts as absent.  Every byte is hostile: limits are those of lib/xml and the
 * LIMIT_SOAP_ ones.  Knows neither HTTP nor what an operation does.
 */
#ifndef SERVER_SOAP_READ_H
#define SERVER_SOAP_READ_H

#include "lib/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct service_call;
struct soap_ints;

enum soap_version { SOAP_11, SOAP_12 };

/* What an element holds, and so the C type at its place in the struct. */
enum soap_type {
	SOAP_TEXT,    /* const char *: terminated, as sent; NULL when absent */
	SOAP_INT,     /* int32_t */
	SOAP_NUMBER,  /* int32_t, where it does not matter much: 0 for what is none */
	SOAP_BOOL,    /* bool */
	SOAP_TIME,    /* int64_t, seconds, 1 for what was before; 0: absent */
	SOAP_GUID,    /* unsigned char[16] */
	SOAP_BASE64,  /* struct soap_bytes */
	SOAP_VERSION, /* struct soap_protocol */
	SOAP_STRUCT,  /* what its own fields say, from the same place on */
};

struct soap_bytes {
	const unsigned char *bytes;
	size_t len;
};

struct soap_protocol {
	uint16_t major, minor; /* 0.0: absent */
};

/* Items one after the other, of the size of their type. */
struct soap_list {
	void *items;
	size_t count, capacity;
};

/* A row of a table, which ends with a row whose name is NULL. */
struct soap_field {
	const char *name; /* of the element, without prefix */
	enum soap_type type;
	size_t offset;                   /* in the struct around it */
	const struct soap_field *fields; /* SOAP_STRUCT */
	size_t item;                     /* not 0: any number of them, in a struct soap_list there;
					    the size of one */
	size_t seen;                     /* SOAP_STRUCT: not 0: where a bool tells that it had any
					    child; never the first member */
};

/* Rows for a member of a struct: a value, and an element with a table of its own. */
#define SOAP_AT(structure, text, kind, member)                                               \
	{                                                                                    \
		.name = (text), .type = (kind), .offset = offsetof(struct structure, member) \
	}
#define SOAP_INSIDE(structure, text, table, member)                     \
	{                                                               \
		.name = (text), .type = SOAP_STRUCT, .fields = (table), \
		.offset = offsetof(struct structure, member)            \
	}

struct soap_operation {
	const char *name;
	const struct soap_field *fields;
	size_t size; /* of the request's struct */

	/* Not called here: for whoever dispatches.  request is of the size above. */
	int (*answer)(struct service_call *call, const void *request, struct error *err);
};

/* What is accepted at one address. */
struct soap_service {
	const char *uri;                                /* namespace of the bodies */
	const struct soap_operation *const *operations; /* NULL at the end */
};

struct soap_message {
	enum soap_version version; /* SOAP_11 until the envelope says otherwise */
	const char *name;          /* of the first child of Body, NULL until it was seen; "" when it
				      is in another namespace than the service */
	const struct soap_operation *operation;
	void *request;       /* of operation->size bytes */
	struct arena memory; /* all of it */
};

#define SOAP_MESSAGE_INIT           \
	{                           \
		.version = SOAP_11, \
	}

/*
 * Read a whole body.  Failures: SOAP_FORMAT (no XML within the limits, no SOAP), SOAP_VERSION (an
 * envelope of another namespace), SOAP_OPERATION (service does not have it), SOAP_VALUE (a value
 * that is none of its type, or too many: the message is the path of the element below the
 * operation, "parameters.InstalledNonLeafUpdateIDs").  *out is then filled as far as is known.
 */
int soap_read(const struct soap_service *service, const void *bytes, size_t len,
	      struct soap_message *out, struct error *err)
	__attribute__((nonnull(1, 4, 5), warn_unused_result));

/*
 * The same of a body from which numbers were taken out (soap_ints.h).  SOAP_FORMAT also when it
 * cannot be said where they belong.  With no numbers it is the reference that soap_read() must not
 * differ from.
 */
int soap_read_whole(const struct soap_service *service, const struct soap_ints *ints,
		    struct soap_message *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

void soap_message_clear(struct soap_message *m);
DEFINE_CLEANUP_IN_PLACE(struct soap_message, soap_message_clear);

#endif
