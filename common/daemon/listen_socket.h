/*
 * listen_socket.h - a bound and listening TCP socket for "HOST:PORT".
 */
#ifndef SLUICE_DAEMON_LISTEN_SOCKET_H
#define SLUICE_DAEMON_LISTEN_SOCKET_H

#include "common/core/error.h"

/*
 * "127.0.0.1:9187", "[::1]:9187", ":9187" for every interface, IPv6 and IPv4 together where the machine has both; port 0
 * takes a free one.  A descriptor, closed at exec and not blocking, or -1.
 */
extern int listen_socket_open(const char *address, int backlog, SluiceError *err) SLUICE_MUST_CHECK;

/* The port it is bound to. */
extern unsigned listen_socket_port(int fd);

/* Whether only this machine reaches it. */
extern bool listen_socket_is_loopback(int fd);

#endif
