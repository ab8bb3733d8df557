/*
 * listener.h - the socket, TLS, and ulfius on it: one endpoint takes every request and hands it to api.h.
 *
 * A thread for each connection.  What is no HTTP at all is answered by libmicrohttpd in its own words.
 */
#ifndef SLUICE_CONTROL_LISTENER_H
#define SLUICE_CONTROL_LISTENER_H

#include "api.h"

typedef struct Listener Listener;

/* Takes requests from now on.  Fails when the settings' address is beyond loopback without TLS, unless they allow it. */
extern Listener *listener_start(Api *api, const Control *control,
								SluiceError *err) SLUICE_MUST_CHECK;

/* The port it listens on. */
extern unsigned listener_port(const Listener *listener);

/* Answers what is being answered, then ends; WebSockets must have ended before.  NULL is fine. */
extern void listener_stop(Listener *listener);

#endif
