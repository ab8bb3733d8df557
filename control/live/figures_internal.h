/*
 * figures_internal.h - what the files of figures share and nobody else includes.
 */
#ifndef SLUICE_CONTROL_LIVE_FIGURES_INTERNAL_H
#define SLUICE_CONTROL_LIVE_FIGURES_INTERNAL_H

#include <pthread.h>

#include "common/nats/jetstream.h"
#include "figures.h"
#include "name_table.h"

#define FIGURES_SOURCES 64	  /* readers and writers of one stream that are remembered */
#define FIGURES_TABLES	10000 /* of one stream */
#define FIGURES_ID		192	  /* bytes of a reader's or writer's id that tell it from others */

/* A reader or writer. */
typedef struct FiguresSource
{
	char id[FIGURES_ID];
	Report report;
	int64_t received_ms;
	int64_t rate_ms; /* time_ms of the report that rates begin at; 0: none yet */
	double rate_rows, rate_bytes;
	double rows_rate, bytes_rate; /* each second; NAN: not known */
} FiguresSource;

typedef struct FiguresTable
{
	const char *name; /* document's */
	json_t *document; /* schema LiveTable */
	uint64_t version;
} FiguresTable;

typedef struct FiguresStream
{
	const char *name; /* text */
	char text[STREAM_NAME_MAXIMUM + 1];
	FiguresSource *sources;
	size_t source_count;
	NameTable tables;
} FiguresStream;

struct Figures
{
	pthread_mutex_t lock;
	NameTable streams;
	uint64_t version;
};

/* What of a reader's table is known to the API, as it is known there; owned, NULL when it is no table. */
extern json_t *figures_table_document(const json_t *told);

#endif
