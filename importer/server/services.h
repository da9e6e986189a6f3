/* The table of what this server offers: one row per path, one file per service. */
#ifndef SERVER_SERVICES_H
#define SERVER_SERVICES_H

#include "importer/server/route.h"

/* For http_options.routes. */
const struct route *services(void) __attribute__((returns_nonnull));

#endif
