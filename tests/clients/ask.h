/* The requests of a machine: those of a native client, and nothing that it would not send. */
#ifndef CLIENTS_ASK_H
#define CLIENTS_ASK_H

#include "lib/base/str.h"
#include "tests/clients/machine.h"

/* Write the request of the step that m is at into m->wire.out. */
void ask(struct machine *m);

/* Who it is. */
void ask_client_id(const struct machine *m, char out[STR_GUID_SIZE]);

#endif
