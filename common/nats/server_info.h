/*
 * server_info.h - what a NATS server says of itself before anything else is said.
 */
#ifndef SLUICE_NATS_SERVER_INFO_H
#define SLUICE_NATS_SERVER_INFO_H

/* 2009010 for 2.9.10; 0 when it cannot be told.  Connects, reads the greeting and hangs up. */
extern int server_version(const char *url);

/* The version in a greeting: INFO {"version":"2.9.10",...}. */
extern int server_version_parse(const char *greeting);

#endif
