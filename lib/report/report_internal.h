/* What the writers of the formats share. */
#ifndef REPORT_INTERNAL_H
#define REPORT_INTERNAL_H

#include "lib/report/report_format.h"

struct report_format {
	FILE *out;
	enum report_kind kind;
	const struct report_about *about;
	uint64_t written;
};

struct report_writer {
	void (*begin)(struct report_format *r);
	void (*add)(struct report_format *r, const struct report_item *item);
	void (*end)(struct report_format *r, const struct report_totals *totals);
};

extern const struct report_writer report_sarif_writer, report_log_writer;

/* The update's id as text, "" without one. */
enum { REPORT_GUID_SIZE = 37 };
const char *report_guid(const struct report_item *item, char out[REPORT_GUID_SIZE]);

#endif
