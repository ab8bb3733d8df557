/*
 * grants.h - privileges as SHOW GRANTS tells them.
 */
#ifndef SLUICE_MYSQL_READER_GRANTS_H
#define SLUICE_MYSQL_READER_GRANTS_H

#include <stdbool.h>

/*
 * Whether a row of SHOW GRANTS ("GRANT SELECT, REPLICATION SLAVE ON *.* TO ...") gives the privilege
 * on everything; ALL PRIVILEGES gives each.  In capitals, as servers write them.
 */
extern bool grants_everywhere(const char *row, const char *privilege);

/* Asks for the user at hand as GRANT takes it, 'name'@'host'. */
extern const char grants_account_query[];

#endif
