/*
 * server_info.h - what a NATS server says of itself before anything else is said.
 *
 * No libnats and no threads: these can be called in any process.  The system's resolver of names has
 * its own bounds.
 */
#ifndef SLUICE_NATS_SERVER_INFO_H
#define SLUICE_NATS_SERVER_INFO_H

#include "common/core/error.h"

#define SERVER_INFO_MAXIMUM 16	/* servers in a list of URLs */
#define SERVER_INFO_URL		512 /* bytes of one URL */

/* One server of a list. */
typedef struct ServerInfo
{
	char url[SERVER_INFO_URL];
	char version[32];
	bool jetstream;	   /* has it on */
	SluiceError error; /* code SLUICE_OK: it answered */
} ServerInfo;

/* Asks every server of a list of URLs, all within wait_ms; *count is how many there are.  ARGUMENT
 * when it is no list of URLs; a server that does not answer is told in its entry. */
extern bool server_info_ask(const char *urls, int wait_ms, ServerInfo servers[SERVER_INFO_MAXIMUM],
							int *count, SluiceError *err) SLUICE_MUST_CHECK;

/* 2009010 for 2.9.10; 0 when it cannot be told.  Connects, reads the greeting and hangs up. */
extern int server_version(const char *url);

/* The version in a greeting: INFO {"version":"2.9.10",...}. */
extern int server_version_parse(const char *greeting);

#endif
