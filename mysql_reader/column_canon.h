/*
 * column_canon.h - what a column of MySQL or MariaDB is on its way: a pure function of its type.
 *
 * A read of a table and a read of the log agree on it, and no setting changes it.
 */
#ifndef SLUICE_MYSQL_READER_COLUMN_CANON_H
#define SLUICE_MYSQL_READER_COLUMN_CANON_H

#include "common/core/canon.h"
#include "common/core/schema_document.h"

#define COLUMN_TYPE_NAME 64 /* bytes of a plain type's name with its end */

/*
 * The canonical type of COLUMN_TYPE `type`; `json`: MariaDB shows it as longtext with the check
 * json_valid().  CANON_OTHER for what is not known.
 */
extern CanonType column_canon(const char *type, bool json);

/*
 * The plain name of a type, as relation records and "type_name" have it: "bigint unsigned",
 * "tinyint(1)", "varchar(20)", "decimal(10,2)"; of ENUM and SET, and of what is longer, the kind alone.
 */
extern void column_type_name(const char *type, bool json, char name[COLUMN_TYPE_NAME]);

#endif
