/*
 * settings.h - the extension's GUCs.
 */
#ifndef SLUICE_SETTINGS_H
#define SLUICE_SETTINGS_H

#include "postgres.h"

#include "common/nats/publisher.h"

extern int sluice_max_streams;		  /* shared memory is sized by it */
extern int sluice_max_tracked_tables; /* per-table counters in shared memory */
extern int sluice_stream_memory_mb;	  /* of bundles waiting for acknowledgement, per stream */
extern int sluice_sequence_interval_s;
extern char *sluice_nats_url;

/* Defines them all; from _PG_init, postmaster-level ones only when preloading. */
extern void settings_define(bool preloading);

/* The NATS settings as of now; secrets are read from their files.  The strings live until the next
 * call.  ERROR naming the file that cannot be read. */
extern void settings_nats(NatsSettings *nats);

/* A checksum of all of them, what secret files hold included: tells whether a reload changed any.
 * False when a file cannot be read, which *err names. */
extern bool settings_nats_checksum(uint32 *checksum, SluiceError *err) SLUICE_MUST_CHECK;

#endif
