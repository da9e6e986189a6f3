/* What the codes in events mean, and which trouble they belong to. */
#ifndef CLIENTS_HRESULT_H
#define CLIENTS_HRESULT_H

#include <stdint.h>

/* Why an update is not installed, in the words of administrators. */
enum hresult_kind {
	HRESULT_OTHER = 0, /* failed, with this code */
	HRESULT_OK,
	HRESULT_REBOOT,       /* a restart is needed */
	HRESULT_DISK,         /* out of disk or memory */
	HRESULT_SERVICE,      /* a service is stopped or disabled */
	HRESULT_PREREQUISITE, /* something else must be installed first */
	HRESULT_FILE,         /* a file could not be had or was not what it should be */
	HRESULT_NETWORK,      /* the server could not be reached */
	HRESULT_TRUST,        /* a signature or certificate was not accepted */
	HRESULT_KINDS_
};

struct hresult {
	uint32_t code;
	const char *name; /* "WU_E_NOT_APPLICABLE" */
	enum hresult_kind kind;
	const char *text; /* one plain sentence */
};

/* The row of a code; NULL when it is not known. */
const struct hresult *hresult_find(uint32_t code);

/* The kind of a code, also of unknown ones (0 and other successes are OK). */
enum hresult_kind hresult_kind(uint32_t code);

#endif
