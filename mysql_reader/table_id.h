/*
 * table_id.h - the number that a table goes by in bundles and schema documents.
 *
 * MySQL and MariaDB have no lasting number for a table, so it follows from the names: 31 bits, never 0,
 * the same for every reader.  Names are spelled as information_schema has them.  A catalog with two
 * tables of one number is refused (catalog.h).
 */
#ifndef SLUICE_MYSQL_READER_TABLE_ID_H
#define SLUICE_MYSQL_READER_TABLE_ID_H

#include <stdint.h>

extern uint32_t table_id(const char *schema, const char *name);

#endif
