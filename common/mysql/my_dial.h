/*
 * my_dial.h - connecting to an address that somebody checked, while certificates are held against the host's name; and
 * how far a connection is on its way.
 */
#ifndef SLUICE_MYSQL_MY_DIAL_H
#define SLUICE_MYSQL_MY_DIAL_H

#include "my_connection.h"

/* Once, when the library has been started and before any connection. */
extern void my_dial_watch(void);

/* What the library is to be told as the host; stays the connection's. NULL: a socket. */
extern const char *my_dial_host(MyConnection *c);

/* Whether the server that answered is at the address that was asked for. */
extern bool my_dial_check(MyConnection *c, SluiceError *err) SLUICE_MUST_CHECK;

/* Tells of a phase that was not told of yet. */
extern void my_dial_reached(MyConnection *c, MyPhase phase);

#endif
