/*
 * databases.h - what all connections to users' databases share: which addresses are allowed, how many go at once.
 */
#ifndef SLUICE_CONTROL_DATABASES_H
#define SLUICE_CONTROL_DATABASES_H

#include "address.h"

typedef struct Control Control;
typedef struct Databases Databases;

/* At once; more are refused, not queued. */
#define DIALS_MAXIMUM		 24
#define DIALS_OF_ONE_MAXIMUM 6 /* of one tenant */

/* Milliseconds. */
#define RESOLVE_MS 5000
#define CONNECT_MS 10000 /* from the first byte to the end of the login */
#define QUERY_MS   20000 /* one question to a database that answers */

/*
 * To be called by main() before any thread is made: forgets the variables PG* and MYSQL* of the environment, by which
 * client libraries would add what no connection says.
 */
extern void databases_forget_environment(void);

/* Reads the lists of addresses of the settings; NULL on error. */
extern Databases *databases_open(Control *control, SluiceError *err);
extern void databases_close(Databases *databases); /* NULL is fine */

/* As address_resolve() by the server's lists. */
extern bool databases_resolve(Databases *databases, const char *host, unsigned port,
							  AddressList *list, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes a place among those that connect; LIMIT when there is none: try again in a second. */
extern bool databases_enter(Databases *databases, const char *tenant,
							SluiceError *err) SLUICE_MUST_CHECK;
extern void databases_leave(Databases *databases, const char *tenant);

#endif
