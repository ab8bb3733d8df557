/*
 * schema_command.h - `sluice-mysql-reader --schema`: prints the schema document of the chosen tables.
 */
#ifndef SLUICE_MYSQL_READER_SCHEMA_COMMAND_H
#define SLUICE_MYSQL_READER_SCHEMA_COMMAND_H

#include <stdio.h>

#include "common/mysql/my_connection.h"

typedef struct SchemaCommand
{
	const char *stream; /* as in the document */
	const char *tables; /* table_choice.h */
	bool scan;			/* with what the values say (preflight.h) */
} SchemaCommand;

extern bool schema_command(const MySettings *source, const SchemaCommand *command, FILE *out,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
