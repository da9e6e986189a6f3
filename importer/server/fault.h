/*
 * Faults: what a client of Windows is told when an operation fails.  The fixed set of MS-WUSP
 * 2.2.2.4, each with the ErrorCode that decides what the client does next; a fault without one
 * would leave it helpless, so every failure has one.
 */
#ifndef SERVER_FAULT_H
#define SERVER_FAULT_H

#include "importer/server/soap_write.h"

struct error;

/* The ErrorCode for a failure: "InvalidCookie" ... "InternalServerError". */
const char *fault_code(const struct error *why) __attribute__((nonnull, returns_nonnull));

/* A failure of ours, whose details are for the log and not for the client. */
bool fault_is_ours(const struct error *why) __attribute__((nonnull));

/*
 * The envelope of the fault for why: version as the request's, action the SOAPAction that would
 * have been right (without quotes), id a fresh GUID.
 */
int fault_write(struct soap_writer *w, enum soap_version version, const struct error *why,
		const char *action, const unsigned char id[16], struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
