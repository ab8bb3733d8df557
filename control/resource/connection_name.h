/*
 * connection_name.h - connections' names, each of one connection of a tenant: `cname.<tenant>.<SHA-256 of the name>` =
 * {tenant, connection_id} (name_claim.h).  Hashed, for people's names have any characters.
 */
#ifndef SLUICE_CONTROL_CONNECTION_NAME_H
#define SLUICE_CONTROL_CONNECTION_NAME_H

#include "control/control.h"

/* CONFLICT when another connection has it, or this one is being given it. */
extern bool connection_name_claim(Control *control, const char *tenant, const char *name,
								  const char *connection, SluiceError *err) SLUICE_MUST_CHECK;

/* Only where it is this connection's.  What cannot be released is told in the log, and an orphan's. */
extern void connection_name_release(Control *control, const char *tenant, const char *name,
									const char *connection);

#endif
