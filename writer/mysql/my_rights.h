/*
 * my_rights.h - whether the writer's user may make tables and databases, as far as the server tells.
 */
#ifndef SLUICE_WRITER_MY_RIGHTS_H
#define SLUICE_WRITER_MY_RIGHTS_H

#include "common/mysql/my_connection.h"

/*
 * False only when it is certain that the user lacks CREATE on a database, be it there or not.  What
 * SHOW GRANTS does not say in full (roles, a server that does not answer) counts as a right.
 */
extern bool my_may_create(MyConnection *c, const char *database);

#endif
