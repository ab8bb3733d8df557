/*
 * my_identity.h - which server this is, told so that two connections to one can see that it is one.
 */
#ifndef SLUICE_MYSQL_MY_IDENTITY_H
#define SLUICE_MYSQL_MY_IDENTITY_H

#include "my_connection.h"

#define MY_IDENTITY_SIZE 320

/* MySQL's UUID; of MariaDB, which has none, host, port, server_id and where its data lie. */
extern bool my_identity(MyConnection *c, char text[MY_IDENTITY_SIZE],
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
