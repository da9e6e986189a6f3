/* The address of --listen: a literal IPv4 or IPv6 address and a port, never a name to resolve. */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct error;

struct address {
	struct sockaddr_storage storage;
	socklen_t len;
};

enum { ADDRESS_TEXT_SIZE = 64 };

/* "127.0.0.1:8530", "[::1]:8530"; port 0 lets the kernel choose.  SERVER_ADDRESS on failure. */
int address_parse(const char *text, struct address *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The same form back: address and port, or without port the bare address (for logs). */
void address_text(const struct sockaddr *a, char out[ADDRESS_TEXT_SIZE]) __attribute__((nonnull));
void address_host(const struct sockaddr *a, char out[ADDRESS_TEXT_SIZE]) __attribute__((nonnull));

uint16_t address_port(const struct address *a) __attribute__((nonnull));
/* 0 stays 0: the kernel chooses. */
void address_set_port(struct address *a, uint16_t port) __attribute__((nonnull));
bool address_is_loopback(const struct address *a) __attribute__((nonnull));

/*
 * A listening TCP socket, the caller's, and the address it really has.  SERVER_IN_USE when the
 * port is taken, SERVER_LISTEN otherwise.
 */
int address_listen(const struct address *a, struct address *actual, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
