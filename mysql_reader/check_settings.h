/*
 * check_settings.h - a source's settings held against what a stream needs: pure, by one table.
 */
#ifndef SLUICE_MYSQL_READER_CHECK_SETTINGS_H
#define SLUICE_MYSQL_READER_CHECK_SETTINGS_H

#include "common/mysql/my_connection.h"
#include "findings.h"
#include "stream_settings.h"

typedef struct CheckedServer
{
	MyFlavour flavour;
	unsigned version;
	bool replicates; /* from another server */
	/* A global variable's value, NULL where the server has none of the name. */
	const char *(*variable)(void *context, const char *name);
	void *context;
} CheckedServer;

extern void check_settings(const CheckedServer *server, const StreamSettings *settings,
						   Findings *findings);

#endif
