/*
 * Which addresses a webhook may go to: public unicast ones. Everything else (loopback, private, link-local and so on:
 * IANA's special-purpose registries, RFC 6890) could be a way into our own network. Pure, any thread.
 */
#ifndef VOC_IO_WEBHOOK_ADDRESS_H
#define VOC_IO_WEBHOOK_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* IPv4 addresses inside IPv6 ones (mapped, compatible, NAT64, 6to4) are looked at as what they are. */
bool voc_address_is_public(const struct sockaddr *address);

#endif
